import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commands } from '../../src/model/report.ts';
import { runFault } from '../../src/run/faults.ts';
import { readSettings, type Settings } from '../../src/run/settings.ts';
import { clientId, tenantId } from '../support/entra.ts';
import { said } from '../support/fault.ts';
import { refused } from './refused.ts';

const directory = resolve('/srv/repository');
const key = 'a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2V5a2U=';
const connectionString = `HostName=localhost:8443;SharedAccessKeyName=iothubowner;SharedAccessKey=${key}`;

const read = (settings: Settings) => readSettings(settings, { directory });
const requestOf = async (settings: Settings) => (await read(settings)).request;
const refusals = async (settings: Settings) => (await refused(read(settings))).map(said);

const commandNames = ['validate', 'plan', 'apply', 'render', 'verify', 'list'];

describe('settings', () => {
  it.each([
    ['nothing', {}],
    [
      'empty texts',
      {
        command: '',
        manifest: ' ',
        hub: '',
        'only-hub': '',
        'fail-on': '',
        rules: ' ',
        'max-changes': ' ',
        adopt: '',
        'hub-capacity': '',
        'import-container': ' ',
        'time-limit': '',
        'retention-days': '',
        comment: '',
      },
    ],
  ])('of %s have the defaults of action.yml', async (_, settings) => {
    expect(await read(settings)).toEqual({
      request: {
        command: 'plan',
        manifests: ['devices.yaml'],
        hubs: [],
        outputDirectory: resolve(directory, 'device-bundles'),
        failOn: 'error',
        expiryWarningDays: 30,
        plan: {
          adopt: false,
          allowLockout: false,
          maxChanges: { kind: 'share', share: 0.3, text: '30%' },
          prune: 'none',
        },
        findings: [],
      },
      signIn: { way: 'azure-cli' },
      endpoints: [],
      artifacts: 'device',
      comment: 'auto',
      githubToken: '',
      secrets: [],
      recognizedBy: ['', '', ''],
    });
  });

  it('are all read, with blanks around them', async () => {
    const settings = {
      command: ' apply ',
      manifest: 'a.yaml\r\n\n  fleet/*.yaml \n',
      hub: 'Contoso.Azure-Devices.net\nlocalhost:8443\n',
      'only-hub': ' LOCALHOST:8443 ',
      'client-id': ` ${clientId}\n`,
      'tenant-id': ` ${tenantId}\n`,
      'ca-file': ' ca.pem ',
      'output-directory': ' out ',
      artifacts: ' fleet ',
      'retention-days': ' 7 ',
      'fail-on': ' warning ',
      'expiry-warning-days': '0',
      rules: ' certificate/is-ca: off \n',
      'max-changes': '200',
      'allow-lockout': 'true',
      adopt: 'true',
      prune: 'disable',
      owner: ' GitHub.com/octo/fleet ',
      'plan-file': ' approved/plan.json ',
      'hub-capacity': ' S2x3 ',
      'import-container': ' https://fleet.blob.core.windows.net/jobs ',
      'time-limit': ' 350 ',
      comment: ' never ',
      'github-token': ' ghs_token ',
      issue: ' Fleet needs care ',
    };
    expect(await read(settings)).toEqual({
      request: {
        command: 'apply',
        manifests: ['a.yaml', 'fleet/*.yaml'],
        hubs: ['contoso.azure-devices.net', 'localhost:8443'],
        onlyHub: 'localhost:8443',
        outputDirectory: resolve(directory, 'out'),
        failOn: 'warning',
        expiryWarningDays: 0,
        rules: new Map([['certificate/is-ca', 'off']]),
        plan: {
          rules: new Map([['certificate/is-ca', 'off']]),
          adopt: true,
          allowLockout: true,
          maxChanges: { kind: 'number', number: 200, text: '200' },
          prune: 'disable',
          owner: { server: 'github.com', name: 'octo/fleet' },
        },
        planFile: resolve(directory, 'approved/plan.json'),
        hubCapacity: { tier: 'S2', units: 3 },
        timeLimit: 350,
        findings: [],
      },
      signIn: { way: 'github-oidc', clientId, tenantId },
      endpoints: ['contoso.azure-devices.net', 'localhost:8443'],
      caFile: resolve(directory, 'ca.pem'),
      importContainer: { url: 'https://fleet.blob.core.windows.net/jobs' },
      artifacts: 'fleet',
      retentionDays: 7,
      comment: 'never',
      issue: 'Fleet needs care',
      githubToken: 'ghs_token',
      secrets: ['ghs_token'],
      recognizedBy: [
        'apply',
        'a.yaml\r\n\n  fleet/*.yaml',
        'localhost:8443',
        'contoso.azure-devices.net',
        'localhost:8443',
      ],
    });
  });

  it.each(commands)('may be to %s', async (command) => {
    expect((await requestOf({ command })).command).toBe(command);
  });

  it('name the hubs of the input and of the connection strings, each once', async () => {
    const settings = { hub: 'e.f\nA.B\na.b\nlocalhost:8443', 'connection-string': connectionString };
    expect((await requestOf(settings)).hubs).toEqual(['e.f', 'a.b', 'localhost:8443']);
  });

  it('take an absolute output directory as it is', async () => {
    expect((await requestOf({ 'output-directory': resolve('/elsewhere') })).outputDirectory).toBe(
      resolve('/elsewhere'),
    );
  });

  it('take the manifests from the door if it gives them', async () => {
    const { request } = await readSettings({ manifest: 'a.yaml' }, { directory, manifests: () => ['b.yaml'] });
    expect(request.manifests).toEqual(['b.yaml']);
  });

  it('take 0 to 3650 days, and 1 to 10080 minutes', async () => {
    expect((await requestOf({ 'expiry-warning-days': '3650' })).expiryWarningDays).toBe(3650);
    expect((await read({ 'retention-days': '0' })).retentionDays).toBeUndefined();
    expect((await requestOf({ 'time-limit': '10080' })).timeLimit).toBe(10_080);
  });

  it.each([
    ['command', 'aply', runFault('not-one-of', { name: 'command', given: 'aply', words: commandNames })],
    ['command', 'Plan', runFault('not-one-of', { name: 'command', given: 'Plan', words: commandNames })],
    ['hub', 'https://a.net', runFault('not-a-hub', { name: 'hub', given: 'https://a.net' })],
    ['hub', 'a.net, b.net', runFault('not-a-hub', { name: 'hub', given: 'a.net, b.net' })],
    ['only-hub', 'a b', runFault('not-a-hub', { name: 'only-hub', given: 'a b' })],
    [
      'artifacts',
      'all',
      runFault('not-one-of', { name: 'artifacts', given: 'all', words: ['device', 'fleet', 'none'] }),
    ],
    ['retention-days', 'forever', runFault('not-days', { name: 'retention-days', given: 'forever', most: 3650 })],
    ['fail-on', 'notice', runFault('not-one-of', { name: 'fail-on', given: 'notice', words: ['error', 'warning'] })],
    ['expiry-warning-days', '-1', runFault('not-days', { name: 'expiry-warning-days', given: '-1', most: 3650 })],
    ['expiry-warning-days', '1.5', runFault('not-days', { name: 'expiry-warning-days', given: '1.5', most: 3650 })],
    ['expiry-warning-days', '3651', runFault('not-days', { name: 'expiry-warning-days', given: '3651', most: 3650 })],
    ['expiry-warning-days', '1e3', runFault('not-days', { name: 'expiry-warning-days', given: '1e3', most: 3650 })],
    ['max-changes', 'many', runFault('not-a-limit', { name: 'max-changes', given: 'many' })],
    ['max-changes', '101%', runFault('not-a-limit', { name: 'max-changes', given: '101%' })],
    ['max-changes', '-5', runFault('not-a-limit', { name: 'max-changes', given: '-5' })],
    ['allow-lockout', 'yes', runFault('not-devices', { name: 'allow-lockout', given: 'yes' })],
    ['allow-lockout', 'edge 1', runFault('not-devices', { name: 'allow-lockout', given: 'edge 1' })],
    ['adopt', 'True', runFault('not-one-of', { name: 'adopt', given: 'True', words: ['false', 'unmarked', 'true'] })],
    ['prune', 'true', runFault('not-one-of', { name: 'prune', given: 'true', words: ['none', 'disable', 'delete'] })],
    ['time-limit', '0', runFault('not-minutes', { name: 'time-limit', given: '0', most: 10_080 })],
    ['time-limit', '10081', runFault('not-minutes', { name: 'time-limit', given: '10081', most: 10_080 })],
    ['comment', 'always', runFault('not-one-of', { name: 'comment', given: 'always', words: ['auto', 'never'] })],
  ])('with %s %j are refused as wrong usage', async (name, given, fault) => {
    const [seen, ...others] = await refusals({ [name]: given });
    expect(seen).toEqual(said(fault));
    expect(others).toEqual([]);
    expect(seen?.kind).toBe('usage');
    expect(seen?.message).toContain(JSON.stringify(given));
    expect(seen?.remedy).toContain(name);
  });

  it.each(['hub', 'only-hub'])('with a %s without its domain are refused, with the whole name', async (name) => {
    const [seen, ...others] = await refusals({ [name]: ' Contoso ' });
    const details = { name, given: name === 'hub' ? 'Contoso' : ' Contoso ', meant: 'contoso.azure-devices.net' };
    expect(seen).toEqual(said(runFault('hub-without-domain', details)));
    expect(others).toEqual([]);
    expect(seen?.remedy).toContain('contoso.azure-devices.net');
    // A manifest that says the same ends a run with exit code 1.
    expect(seen?.kind).toBe('world');
  });

  it('of other rooms are refused by these', async () => {
    expect((await refusals({ 'hub-capacity': 'S9x1' })).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^hub-capacity: "S9x1"/),
    ]);
    expect((await refusals({ 'import-container': 'nowhere' })).map(({ message }) => message)).toEqual([
      expect.stringMatching(/^import-container /),
    ]);
  });
});

describe('allow-lockout', () => {
  it.each<[string, boolean | readonly string[]]>([
    ['', false],
    ['false', false],
    [' true\n', true],
    ['edge-001', ['edge-001']],
    ['edge-001\r\n\n edge:2 \n', ['edge-001', 'edge:2']],
  ])('%j', async (given, expected) => {
    const { request } = await readSettings({ 'allow-lockout': given }, { directory });
    const { allowLockout } = request.plan;
    expect(typeof allowLockout === 'boolean' ? allowLockout : [...allowLockout]).toEqual(expected);
  });

  it.each([
    ['true\nedge-001', 'true'],
    ['edge-001\nfalse', 'false'],
    ['edge-001, edge-002', 'edge-001, edge-002'],
    ['True', 'True'],
    ['no', 'no'],
  ])('%j is refused', async (given, wrong) => {
    expect(await refusals({ 'allow-lockout': given })).toEqual([
      said(runFault('not-devices', { name: 'allow-lockout', given: wrong })),
    ]);
  });
});

describe('wrong settings', () => {
  it('are all told at once, those of other rooms and of the door among them', async () => {
    const outside = runFault('root-not-a-folder', { root: '/elsewhere' });
    const settings = {
      command: 'aply',
      hub: 'a.b\nno host\nhttps://c.d',
      'only-hub': '?',
      'client-id': 'fleet-writer',
      'tenant-id': '../common',
      artifacts: 'all',
      'retention-days': 'forever',
      'fail-on': 'notice',
      'expiry-warning-days': 'soon',
      'max-changes': 'many',
      'allow-lockout': 'yes',
      adopt: 'no',
      prune: 'all',
      'hub-capacity': 'S9x1',
      'import-container': 'nowhere',
      'time-limit': '6 h',
      comment: 'always',
    };
    const manifests = () => {
      throw outside;
    };
    const faults = await refused(readSettings(settings, { directory, manifests }));
    const named = faults.map(({ message }) => /^[a-z-]+(?=:| )/.exec(message)?.[0] ?? message);
    expect(named.sort()).toEqual([outside.message, 'hub', ...Object.keys(settings)].sort());
    expect(new Set(faults.map(({ kind }) => kind))).toEqual(new Set(['usage']));
  });

  it('do not keep a key from being masked', async () => {
    const masked: string[] = [];
    const settings = { 'connection-string': connectionString, 'fail-on': 'notice', 'client-id': clientId };
    const faults = await refused(readSettings(settings, { directory, mask: (secret) => masked.push(secret) }));
    expect(faults).toHaveLength(2);
    expect(masked).toEqual([key]);
  });

  it('do not quote a connection string that was given for a hub', async () => {
    const [fault] = await refusals({ hub: 'HostName=a.b;SharedAccessKeyName=c;SharedAccessKey=c2VjcmV0' });
    expect(fault?.message).toContain('SharedAccessKey=***');
    expect(fault?.message).not.toContain('c2VjcmV0');
  });

  it('are not hidden by a mistake of ours', async () => {
    const manifests = () => {
      throw new TypeError('ours');
    };
    await expect(readSettings({ comment: 'always' }, { directory, manifests })).rejects.toThrow(TypeError);
  });
});
