import { describe, expect, it } from 'vitest';
import { check } from '../../../src/check.ts';
import { FileText, judgeText } from '../../../src/deployment/judge.ts';
import { weighed } from '../../../src/model/finding.ts';
import { openWorkspace } from '../../../src/run/workspace.ts';
import { requestWithoutHub, worldWithoutHub } from '../../support/check.ts';
import { told } from '../../support/finding.ts';
import { folderWith } from '../../support/folder.ts';
import { moduleOf, modulesContent } from './samples.ts';

type Parts = Parameters<typeof modulesContent>[0];

const textOf = (parts: Parts) => JSON.stringify({ modulesContent: modulesContent(parts) }, null, 2);
const login = (address: string) => ({ it: { address, username: 'reader', password: 'REPLACE_ME' } });
const findingsOf = (parts: Parts) => judgeText(new FileText('a.json', textOf(parts)), { applied: false }).findings;
const rulesOf = (parts: Parts) =>
  weighed(findingsOf(parts), undefined).flatMap(({ rule }) => (rule === 'deployment/key-case' ? [] : [rule]));

async function rulesOfRun(files: Readonly<Record<string, string>>, before?: Readonly<Record<string, string>>) {
  const folder = folderWith(files);
  const world = worldWithoutHub(openWorkspace(folder));
  const openBefore = async () => ({
    workspace: openWorkspace(folderWith(before ?? {})),
    renamed: new Map(),
    remove: async () => {},
  });
  const request = {
    ...requestWithoutHub(folder, ['devices.yaml'], 'validate'),
    deployments: { patterns: ['*.json'], applied: false },
  };
  const { findings } = await check(request, before === undefined ? world : { ...world, openBefore });
  return findings.map(({ rule, place }) => `${rule} ${place?.file}`);
}

describe('ports', () => {
  const onHost = { HostConfig: { NetworkMode: 'host' } };
  const publishing = (port: string, more = {}) =>
    moduleOf(
      'contoso.azurecr.io/a:1',
      {},
      { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: port, ...more }] } } },
    );
  const agentOnHost = (env: object): Parts => {
    const parts: Parts = { hubOptions: onHost };
    const content = modulesContent(parts);
    const agent = Object(content.$edgeAgent)['properties.desired'].systemModules.edgeAgent;
    Object.assign(agent, { env, settings: { ...agent.settings, createOptions: JSON.stringify(onHost) } });
    return { others: content, hubOptions: onHost };
  };

  it('collide on the network of the host, where edgeAgent and edgeHub want the same for their metrics', () => {
    expect(rulesOf(agentOnHost({}))).toEqual(['deployment/metrics-port']);
    expect(rulesOf(agentOnHost({ MetricsEnabled: { value: 'false' } }))).toEqual([]);
    expect(rulesOf({ hubOptions: onHost })).toEqual([]);
  });

  it('are told by their modules', () => {
    const details = { port: '8080/tcp', module: 'second', other: 'first' };
    expect(findingsOf({ modules: { first: publishing('8080'), second: publishing('8080') } })).toContainEqual(
      expect.objectContaining(told('deployment/port-twice', details)),
    );
  });

  it.each([
    [
      'of a module that is stopped',
      { first: { ...publishing('8080'), status: 'stopped' }, second: publishing('8080') },
    ],
    [
      'of two addresses',
      { first: publishing('8080', { HostIp: '10.0.0.1' }), second: publishing('8080', { HostIp: '10.0.0.2' }) },
    ],
    ['that are a range', { first: publishing('8000-8010'), second: publishing('8000-8010') }],
    ['that Docker chooses', { first: publishing('0'), second: publishing('') }],
  ])('may be the same %s', (_, modules) => {
    expect(rulesOf({ modules })).toEqual([]);
  });
});

describe('logins', () => {
  const web = { web: moduleOf('contoso.azurecr.io/web:1') };
  const contoso = (address: string) => rulesOf({ modules: web, logins: login(address) });

  it('are used where the address is the registry of an image, in any letters', () => {
    expect(contoso('Contoso.azurecr.io')).toEqual([]);
    expect(rulesOf({ modules: { web: moduleOf('me/web:1') }, logins: login('https://index.docker.io/v1/') })).toEqual(
      [],
    );
  });

  it.each(['https://contoso.azurecr.io', 'contoso.azurecr.io/', 'contoso.azurecr.io:443', 'fabrikam.azurecr.io'])(
    'are unused with the address %s',
    (address) => {
      expect(contoso(address)).toEqual(['deployment/login-unused']);
    },
  );

  it('of Docker Hub have an address of their own', () => {
    expect(findingsOf({ modules: { web: moduleOf('me/web:1') }, logins: login('docker.io') })).toContainEqual(
      expect.objectContaining(
        told('deployment/login-unused', {
          name: 'it',
          address: 'docker.io',
          registries: ['mcr.microsoft.com', 'https://index.docker.io/v1/'],
          why: 'docker hub',
        }),
      ),
    );
  });

  it('are missing where another deployment has one for the registry', async () => {
    const withLogin = textOf({ modules: web, logins: login('contoso.azurecr.io') });
    expect(await rulesOfRun({ 'a.json': withLogin, 'b.json': textOf({ modules: web }) })).toEqual([
      'deployment/login-missing b.json',
    ]);
    expect(await rulesOfRun({ 'a.json': withLogin, 'b.json': withLogin, 'c.json': textOf({}) })).toEqual([]);
  });
});

describe('layers', () => {
  const layer = (key: string, value: unknown) =>
    JSON.stringify({ content: { modulesContent: { $edgeAgent: { [`properties.desired.${key}`]: value } } } });
  const base = textOf({ modules: { camera: moduleOf('mcr.microsoft.com/camera:1') } });

  it('set parts of modules that another deployment has', async () => {
    const part = (module: string) => layer(`modules.${module}.env.RATE`, { value: '5' });
    expect(await rulesOfRun({ 'a.json': base, 'b.json': part('camra') })).toContain('deployment/layer-base b.json');
    expect(await rulesOfRun({ 'a.json': base, 'b.json': part('camera') })).not.toContain(
      'deployment/layer-base b.json',
    );
    expect(await rulesOfRun({ 'b.json': part('camra') })).not.toContain('deployment/layer-base b.json');
  });
});

describe('pieces of createOptions', () => {
  const inPieces = (...pieces: readonly string[]) => {
    const settings = Object.fromEntries(
      pieces.map((piece, index) => [index === 0 ? 'createOptions' : `createOptions0${index}`, piece]),
    );
    return textOf({
      modules: {
        web: moduleOf('mcr.microsoft.com/web:1', { settings: { image: 'mcr.microsoft.com/web:1', ...settings } }),
      },
    });
  };
  const two = inPieces('{"Hostname":', '"a"}');

  it('that are fewer than at the commit before leave old ones in force', async () => {
    expect(await rulesOfRun({ 'a.json': inPieces('{}') }, { 'a.json': two })).toEqual([
      'deployment/fewer-pieces a.json',
    ]);
    expect(await rulesOfRun({ 'a.json': inPieces('{"Hostname":"a"}', '') }, { 'a.json': two })).toEqual([]);
    expect(await rulesOfRun({ 'a.json': two }, { 'a.json': inPieces('{}') })).toEqual([]);
    expect(await rulesOfRun({ 'a.json': inPieces('{}') })).toEqual([]);
  });
});

describe('advice', () => {
  const latest = moduleOf('mcr.microsoft.com/a:latest');

  it('is told once for a rule, with the count', () => {
    const details = { names: ['first', 'second'], count: 2 };
    const found = findingsOf({ modules: { first: latest, second: latest } }).filter(
      ({ rule }) => rule === 'deployment/latest-tag',
    );
    expect(found).toEqual([expect.objectContaining(told('deployment/latest-tag', details))]);
  });

  it.each(['deployment/no-log-limit', 'deployment/hub-storage', 'deployment/finite-time-to-live'])(
    'is silent about %s until the workflow gives it a severity',
    (rule) => {
      const judge = (rules?: ReadonlyMap<string, 'warning'>) =>
        weighed(
          judgeText(new FileText('a.json', textOf({})), { applied: false, ...(rules && { rules }) }).findings,
          rules,
        ).filter((one) => one.rule === rule);
      expect(judge()).toEqual([]);
      expect(judge(new Map([[rule, 'warning']]))).toEqual([expect.objectContaining({ rule, severity: 'warning' })]);
    },
  );

  it.each([
    ['DB_PASSWORD', 'hG7+kd93nQ', true],
    ['API_KEY', 'a8f5f167f44f4964e6c998dee827110c', true],
    ['CONNECTION', 'HostName=h;DeviceId=d;SharedAccessKey=aGVsbG8gd29ybGQgaGVsbG8=', true],
    ['URL', 'https://me:hG7kd93nQ@host/', true],
    ['DB_PASSWORD', 'REPLACE_ME', false],
    ['DB_PASSWORD', '<your password>', false],
    ['DB_PASSWORD', '$DB_PASSWORD', false],
    ['DB_PASSWORD', '${DB_PASSWORD}', false],
    ['DB_PASSWORD', '…', false],
    ['DB_PASSWORD', '********', false],
    ['DB_PASSWORD', '', false],
    ['DB_PASSWORD_FILE', '/run/secrets/db', false],
    ['TOKEN_PATH', '/var/run/token', false],
    ['DB_PASSWORD', '/run/secrets/db', false],
    ['LEVEL', 'hG7+kd93nQ', false],
    ['USE_TOKEN', 'true', false],
  ])('takes %s=%s for a secret: %s', (name, value, expected) => {
    const module = moduleOf('mcr.microsoft.com/a:1', { env: { [name]: { value } } });
    const found = rulesOf({ modules: { first: module } }).includes('deployment/written-secret');
    expect(found).toBe(expected);
    if (expected) {
      const [finding] = findingsOf({ modules: { first: module } }).filter(
        ({ rule }) => rule === 'deployment/written-secret',
      );
      expect(`${finding?.message} ${finding?.remedy}`).not.toContain(value);
    }
  });
});
