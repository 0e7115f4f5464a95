import { describe, expect, it } from 'vitest';
import { check } from '../src/check.ts';
import { openWorkspace } from '../src/run/workspace.ts';
import { requestWithoutHub, worldWithoutHub } from './support/check.ts';
import { at, told } from './support/finding.ts';
import { folderWith } from './support/folder.ts';

type Files = Readonly<Record<string, string>>;

/** Validates a pull request with these files, and those of its base. */
async function validate(now: Files, before: Files, renamed: ReadonlyMap<string, string> = new Map()) {
  let removed = 0;
  const checked = await check(
    requestWithoutHub('nowhere', ['*.yaml'], 'validate'),
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
  const findings = checked.findings.filter(({ rule }) => rule.startsWith('manifest/'));
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
