import { describe, expect, it } from 'vitest';
import { check } from '../src/check.ts';
import type { RuleChanges } from '../src/model/finding.ts';
import { openWorkspace } from '../src/run/workspace.ts';
import { checkFolder, requestWithoutHub, worldWithoutHub } from './support/check.ts';
import { at, told } from './support/finding.ts';
import { folderWith } from './support/folder.ts';

type Files = Readonly<Record<string, string>>;

/** Validates a pull request with these files, and those of its base. */
async function validate(
  now: Files,
  before: Files,
  renamed: ReadonlyMap<string, string> = new Map(),
  rules: RuleChanges = new Map(),
) {
  let removed = 0;
  const checked = await check(
    { ...requestWithoutHub('nowhere', ['*.yaml'], 'validate'), rules },
    worldWithoutHub(openWorkspace(folderWith(now)), {
      openBase: async () => ({
        workspace: openWorkspace(folderWith(before)),
        renamed,
        remove: async () => {
          removed += 1;
        },
      }),
    }),
  );
  expect(removed).toBe(1);
  const findings = checked.findings.filter(({ rule }) => /^(manifest|hub|config\/hub)/.test(rule));
  return { findings, configuration: checked.configuration };
}

const device = (id: string, hostname: string, thumbprint = 'A') =>
  `  - id: ${id}\n    config: { hostname: ${hostname} }\n    thumbprints: { primary: ${thumbprint.repeat(40)}, secondary: ${'B'.repeat(39)}${thumbprint} }\n`;
const fleet = (...devices: readonly string[]) =>
  `hub: a.example\ndefaults: { runtime: { version: "1.1", platform: debian } }\ndevices:\n${devices.join('')}`;

describe('a manifest at the base of a pull request', () => {
  const now = fleet(device('edge-1', 'new.example'));

  it('that cannot be read is told: without a word, it would look as if nothing had changed', async () => {
    const broken = 'devices: [\n';
    const { findings, configuration } = await validate({ 'devices.yaml': now }, { 'devices.yaml': broken });
    expect(configuration).toEqual([]);
    expect(findings).toMatchObject([
      { rule: 'manifest/base-unread', severity: 'notice', place: at('devices.yaml', 1, 1) },
    ]);
  });

  it('with a fault in one device is told with it, and the others are compared', async () => {
    const before = fleet(device('edge-1', 'old.example'), device('"edge 2"', 'x.example', 'C'), '  - 7\n');
    const { findings, configuration } = await validate({ 'devices.yaml': now }, { 'devices.yaml': before });
    expect(configuration).toMatchObject([{ key: 'hostname', devices: ['edge-1'] }]);
    expect(findings).toHaveLength(1);
    expect(findings[0]?.rule).toBe('manifest/base-unread');
  });

  it('has the severity that the workflow gives', async () => {
    const rules = new Map([['manifest/base-unread', 'error' as const]]);
    const { findings } = await validate({ 'devices.yaml': now }, { 'devices.yaml': 'devices: [\n' }, new Map(), rules);
    expect(findings).toMatchObject([{ rule: 'manifest/base-unread', severity: 'error' }]);
  });

  it('that is gone by now is named without a place', async () => {
    const { findings } = await validate({ 'devices.yaml': now }, { 'old.yaml': 'devices: [\n', 'devices.yaml': now });
    expect(findings.map(({ rule, place }) => ({ rule, place }))).toEqual([
      { rule: 'manifest/base-unread', place: undefined },
    ]);
  });

  it('that was not there yet, or is as it should be, is nothing to tell', async () => {
    expect((await validate({ 'devices.yaml': now }, {})).findings).toEqual([]);
    const before = fleet(device('edge-1', 'old.example'));
    const { findings, configuration } = await validate({ 'devices.yaml': now }, { 'devices.yaml': before });
    expect(findings).toEqual([]);
    expect(configuration).toEqual([
      { key: 'hostname', before: 'old.example', after: 'new.example', devices: ['edge-1'] },
    ]);
  });

  it('is told with the words of its first fault', async () => {
    const { findings } = await validate({ 'devices.yaml': now }, { 'devices.yaml': fleet('  - 7\n', '  - 8\n') });
    const [first] = (await validate({ 'devices.yaml': fleet('  - 7\n', '  - 8\n') }, {})).findings;
    const details = { file: 'devices.yaml', said: first?.message ?? '', more: 1 };
    expect(findings).toEqual([{ ...told('manifest/base-unread', details), place: at('devices.yaml', 1, 1) }]);
  });
});

describe('another host name of the hub', () => {
  const [classic, forDevices] = ['contoso.azure-devices.net', 'contoso.device.azure-devices.net'];
  const on = (hub: string, ...ids: readonly string[]) =>
    fleet(...ids.map((id, n) => device(id, 'x.example', 'ACE'[n]))).replace('a.example', hub);
  const of = (hub: string, ...ids: readonly string[]) => ({ 'devices.yaml': on(hub, ...ids) });
  const place = at('devices.yaml', 1, 6);

  it.each([
    [classic, forDevices],
    [forDevices, classic],
    ['contoso.service.azure-devices.net', forDevices],
    [forDevices, 'other.device.azure-devices.net'],
  ])('is warned of, since devices create their modules again: %s to %s', async (before, after) => {
    const shown = before.replace('.service', '');
    const { findings, configuration } = await validate(of(after, 'e-1', 'e-2'), of(before, 'e-1', 'e-2'));
    expect(configuration).toEqual([{ key: 'hub', before: shown, after, devices: ['e-1', 'e-2'] }]);
    const details = { ids: ['e-1', 'e-2'], before: shown, after };
    expect(findings).toMatchObject([{ ...told('config/hub-name-changes', details), place }]);
    expect(findings[0]?.device).toBeUndefined();
  });

  it('is not told if the workflow says so, and is compared all the same', async () => {
    const off = new Map([['config/hub-name-changes', 'off']] as const);
    const { findings, configuration } = await validate(of(forDevices, 'e-1'), of(classic, 'e-1'), new Map(), off);
    expect([findings, configuration?.length]).toEqual([[], 1]);
  });

  it('names the device if it is one, and the line of its own hub', async () => {
    const after = on(classic, 'e-1', 'e-2').replace('- id: e-2', `- id: e-2\n    hub: ${forDevices}`);
    const { findings } = await validate({ 'devices.yaml': after }, of(classic, 'e-1', 'e-2'));
    const details = { ids: ['e-2'], before: classic, after: forDevices };
    const own = { place: at('devices.yaml', 8, 10), device: 'e-2', hub: classic };
    expect(findings).toMatchObject([{ ...told('config/hub-name-changes', details), ...own }]);
  });

  it.each([
    ['is the service name, which no device gets', classic, 'contoso.service.azure-devices.net', ['hub/service-name']],
    ['is written otherwise', classic, 'CONTOSO.azure-devices.net', []],
    ['has another port, which no device gets', 'localhost:8443', 'localhost:9443', []],
  ])('changes nothing on devices if it %s', async (_, before, after, expected) => {
    const { findings } = await validate(of(after, 'e-1'), of(before, 'e-1'));
    expect(findings.map(({ rule }) => rule)).toEqual(expected);
  });
});

describe('a child behind a gateway', () => {
  const child = (config: string) =>
    `  - id: child\n    parent: gateway\n    config: { ${config} }\n    thumbprints: { primary: ${'C'.repeat(40)} }\n`;
  const nested = (hostname: string, config = '') =>
    fleet(device('gateway', hostname), child(config)).replace('"1.1"', '"1.5"');
  const parents = async (manifest: string) =>
    (await checkFolder(folderWith({ 'devices.yaml': manifest }), ['devices.yaml'])).findings.filter(({ rule }) =>
      rule.startsWith('config/'),
    );

  it('needs the name of the gateway, from one of the two', async () => {
    const details = { parent: 'gateway', declaredAt: 'devices.yaml:4' };
    const fault = { ...told('config/no-parent-hostname', details), device: 'child', place: at('devices.yaml', 8, 13) };
    expect(await parents(nested('null'))).toMatchObject([fault]);
    expect(await parents(nested('gw.plant.example'))).toEqual([]);
    expect(await parents(nested('null', 'parentHostname: gw.plant.example'))).toEqual([]);
  });
});

describe('a file at the base of a pull request', () => {
  const using = (file: string) =>
    `hub: a.example\ndefaults:\n  runtime: { version: "1.1", platform: debian }\n  certificates: { primary: a.pem }\n  config: { base: ${file}, hostname: plant.example }\ndevices:\n  - id: edge-1\n`;
  const base = 'agent:\n  name: "edgeAgent"\n  type: "docker"\nhostname: "plant"\n';

  it.each<[string, Files, readonly string[]]>([
    ['config.base that cannot be edited', { 'base.yml': '- no settings\n' }, ['base.yml']],
    ['config.base that is not there', {}, ['base.yml']],
    ['a certificate that is too large', { 'base.yml': base, 'a.pem': 'x'.repeat(1024 * 1024 + 1) }, ['a.pem']],
    ['a certificate that is not there', { 'base.yml': base }, []],
  ])('is told, if its devices cannot be compared: %s', async (_, before, told) => {
    const manifest = using('base.yml');
    const { findings } = await validate(
      { 'devices.yaml': manifest, 'base.yml': base },
      { 'devices.yaml': manifest, ...before },
    );
    const unread = findings.filter(({ rule }) => rule === 'manifest/base-unread');
    expect(unread.map(({ message }) => message.split(' ')[0])).toEqual(told);
  });
});
