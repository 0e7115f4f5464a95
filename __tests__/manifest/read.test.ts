import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/manifest/read.ts';
import type { Workspace } from '../../src/model/workspace.ts';
import type { DetailsOf } from '../../src/rules/rules.ts';
import type { SyntaxFault } from '../../src/rules/syntax.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { at, told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { fc, times } from '../support/property.ts';
import { noPairs } from './pairs.ts';
import { expectedAt } from './schema-words.ts';

const runtime = '  runtime: { version: "1.1", platform: debian }\n';

const minimal = `defaults:\n${runtime}devices:\n  - id: one\n`;

async function read(files: Record<string, string | Buffer>, patterns = Object.keys(files)) {
  return readFleet(patterns, openWorkspace(folderWith(files)), noPairs);
}

/** Rule, line and column of every finding. */
async function places(files: Record<string, string | Buffer>) {
  const { findings } = await read(files);
  return findings.map(({ rule, place }) => [rule, place?.line, place?.column]);
}

describe('a manifest in YAML', () => {
  it('gives its devices with defaults merged and {id} replaced', async () => {
    const { value, findings } = await read({
      'fleet/devices.yaml': `version: 1
hub: Contoso.azure-devices.net
defaults:
  certificates: { primary: "certs/{id}-primary.pem", secondary: "certs/{id}-secondary.pem" }
  runtime: { version: "1.0.10", platform: debian }
  identity: { certificate: "file:///var/{id}.pem" }
  config: { hostname: "{id}.example", agent: { env: { A: "1", B: "{id}" } } }
devices:
  - id: edge#1
    certificates: { secondary: null }
    config: { agent: { image: "registry/agent:1", env: { B: null } } }
`,
    });
    expect(findings).toEqual([]);
    expect(value.devices).toMatchObject([
      {
        id: 'edge#1',
        hub: 'contoso.azure-devices.net',
        certificates: { primary: 'fleet/certs/edge#1-primary.pem' },
        thumbprints: {},
        thumbprintAlgorithm: 'sha256',
        runtime: { version: { text: '1.0.10', major: 1, minor: 0, patch: 10 }, platform: 'debian' },
        identity: { slot: 'primary', certificate: 'file:///var/edge%231.pem' },
        config: { hostname: 'edge#1.example', agent: { image: 'registry/agent:1', env: { A: '1' } } },
      },
    ]);
    expect(value.devices[0]).not.toHaveProperty('certificates.secondary');
    expect(value.devices[0]).not.toHaveProperty('status');
  });

  it.each([
    ['contoso.azure-devices.net', undefined],
    ['Contoso.Device.Azure-Devices.net', 'device'],
    ['contoso.service.azure-devices.net', undefined],
    ['contoso', undefined],
  ])('calls a hub by its classic name, and knows which name devices get: %s', async (given, hubForm) => {
    const ofManifest = await read({ 'devices.yaml': `hub: ${given}\n${minimal}` });
    const own = await read({ 'devices.yaml': `${minimal}    hub: ${given}\n` });
    for (const { value } of [ofManifest, own]) {
      const [device] = value.devices;
      expect([device?.hub, device?.hubForm]).toEqual(['contoso.azure-devices.net', hubForm]);
    }
  });

  it('is warned that the service name of a hub is not for devices', async () => {
    const details = {
      given: 'contoso.service.azure-devices.net',
      classic: 'contoso.azure-devices.net',
      device: 'contoso.device.azure-devices.net',
    };
    const { findings } = await read({ 'devices.yaml': `hub: Contoso.service.azure-devices.net\n${minimal}` });
    const place = at('devices.yaml', 1, 6);
    expect(findings).toMatchObject([{ ...told('hub/service-name', details), place, device: 'one' }]);
  });

  it('is refused if it names a hub without its domain, with the whole name', async () => {
    const { findings } = await read({ 'devices.yaml': `${minimal}    hub: Contoso\n` });
    const details = { given: 'Contoso', meant: 'contoso.azure-devices.net' };
    const place = at('devices.yaml', 5, 10);
    expect(findings).toMatchObject([{ ...told('hub/no-domain', details), place, device: 'one' }]);
    expect(findings[0]?.severity).toBe('error');
    expect(findings[0]?.remedy).toContain('hub: contoso.azure-devices.net');
  });

  it('tells where a value stands: at the device, or in the defaults it came from', async () => {
    const { value } = await read({
      'devices.yaml': `hub: a.b\ndefaults:\n${runtime}  certificates: { primary: p.pem }\ndevices:\n  - id: one\n    status: enabled\n`,
    });
    const place = value.devices[0]!.place;
    expect(place('status')).toEqual({ file: 'devices.yaml', line: 7, column: 13 });
    expect(place('certificates.primary')).toEqual({ file: 'devices.yaml', line: 4, column: 28 });
    expect(place('hub')).toEqual({ file: 'devices.yaml', line: 1, column: 6 });
    expect(place('config.hostname'), 'an absent key is at the id').toEqual({
      file: 'devices.yaml',
      line: 6,
      column: 9,
    });
  });

  it('lets a device’s own thumbprints set the inherited certificates aside', async () => {
    const { value } = await read({
      'devices.yaml': `defaults:\n${runtime}  certificates: { primary: p.pem }
devices:
  - { id: one, thumbprints: { primary: AA } }
  - { id: two, thumbprints: { primary: AA }, certificates: { secondary: s.pem } }
`,
    });
    expect(value.devices.map(({ certificates }) => certificates)).toEqual([
      {},
      { primary: 'p.pem', secondary: 's.pem' },
    ]);
  });

  it('follows anchors and aliases', async () => {
    const { value, findings } = await read({
      'devices.yaml': `devices:\n  - { id: one, runtime: &r { version: "1.1", platform: debian } }\n  - { id: two, runtime: *r }\n`,
    });
    expect(findings).toEqual([]);
    expect(value.devices.map(({ runtime: { version } }) => version.text)).toEqual(['1.1', '1.1']);
  });

  it.each<[string, string | Buffer, SyntaxFault, line: number, column: number]>([
    ['aliases that grow without bound', billionLaughs(), { kind: 'too-many-aliased', most: 100_000 }, 2, 20],
    ['an alias inside what it names', 'devices: &a [*a]\n', { kind: 'alias-inside-itself', alias: 'a' }, 1, 14],
    ['a key twice', 'devices: []\ndevices: []\n', { kind: 'key-twice', key: 'devices' }, 2, 1],
    ['an alias without an anchor', 'devices: *nowhere\n', { kind: 'alias-unknown', alias: 'nowhere' }, 1, 10],
    ['too many levels', `devices: ${'['.repeat(40)}${']'.repeat(40)}\n`, { kind: 'too-deep', levels: 32 }, 1, 42],
    [
      'a pointer of Git LFS',
      `version https://git-lfs.github.com/spec/v1\noid sha256:${'4d'.repeat(32)}\nsize 12\n`,
      { kind: 'lfs-pointer', file: 'devices.yaml' },
      1,
      1,
    ],
    ['UTF-16 without a mark', Buffer.from('devices: []\n', 'utf16le'), { kind: 'utf-16', file: 'devices.yaml' }, 1, 1],
    ['bytes that are no text', Buffer.from([0xff, 0x00, 0xfe]), { kind: 'not-utf8', file: 'devices.yaml' }, 1, 1],
  ])('refuses %s', async (_, text, fault, line, column) => {
    const { value, findings } = await read({ 'devices.yaml': text });
    expect(value.devices).toEqual([]);
    expect(findings).toEqual([{ ...told('manifest/syntax', fault), place: at('devices.yaml', line, column) }]);
    expect(findings[0]!.severity).toBe('error');
  });

  it.each([
    ['two documents', 'devices: []\n---\ndevices: []\n', 'multiple documents'],
    ['a tab as indent', 'devices:\n\t- id: a\n', 'Tabs'],
    ['an unknown tag', 'devices: !fleet []\n', 'tag'],
  ])('refuses %s, in the words of the YAML parser', async (_, text, words) => {
    const { value, findings } = await read({ 'devices.yaml': text });
    expect(value.devices).toEqual([]);
    expect(findings[0]).toMatchObject({ rule: 'manifest/syntax', severity: 'error', place: { file: 'devices.yaml' } });
    expect(findings[0]!.message).toContain(words);
  });

  it('refuses nothing but brackets, where the parser has to stop', async () => {
    const { value, findings } = await read({ 'devices.yaml': '['.repeat(200_000) });
    expect(value.devices).toEqual([]);
    const said = told('manifest/syntax', { kind: 'too-deep', levels: 32 });
    expect(findings[0]).toMatchObject({ ...said, place: { file: 'devices.yaml', line: 1 } });
  });

  it('refuses a file of 21 MB, which is to be cut', async () => {
    const files = { 'devices.yaml': Buffer.alloc(21 * 1024 * 1024, '#') };
    const file = openWorkspace(folderWith(files)).read('devices.yaml', 20 * 1024 * 1024);
    const detail = file.ok ? expect.fail('it is read') : file.detail;
    expect(detail).toMatch(/22020096.* 20971520/);
    const { value, findings } = await read(files);
    expect(value.devices).toEqual([]);
    const fault = { kind: 'unread', file: 'devices.yaml', why: 'too-large', detail } as const;
    expect(findings).toEqual([{ ...told('manifest/syntax', fault), place: at('devices.yaml', 1, 1) }]);
  });

  it.each([
    ['a byte order mark', Buffer.from(`\uFEFF${minimal}`)],
    ['UTF-16, as PowerShell writes it', Buffer.from(`\uFEFF${minimal}`, 'utf16le')],
    ['CRLF', minimal.replaceAll('\n', '\r\n')],
  ])('takes %s', async (_, text) => {
    const { value, findings } = await read({ 'devices.yaml': text });
    expect(findings).toEqual([]);
    expect(value.devices).toHaveLength(1);
    expect(value.devices[0]!.place('id')).toMatchObject({ line: 4, column: 9 });
  });
});

describe('the form of a manifest', () => {
  it.each<[string, string, [string, number, number][]]>([
    ['an unknown key', `devices:\n  - { id: a, certficates: {} }\n`, [['manifest/unknown-key', 2, 14]]],
    ['an unknown key on top', `devises: []\n`, [['manifest/unknown-key', 1, 1]]],
    ['a number for text', `defaults:\n  runtime: { version: 1.1 }\ndevices: [{ id: a }]\n`, [['manifest/type', 2, 23]]],
    ['a word that is none of the list', `devices:\n  - id: a\n    status: on\n`, [['manifest/type', 3, 13]]],
    ['a missing id', `devices:\n  - status: enabled\n`, [['manifest/type', 2, 5]]],
    ['a list for a map', `devices:\n  - id: a\n    config: []\n`, [['manifest/type', 3, 13]]],
    [
      'another version of the format',
      `version: 2\ndevices: []\n`,
      [
        ['manifest/type', 1, 10],
        ['manifest/empty', 2, 10],
      ],
    ],
    ['no devices', `devices: []\n`, [['manifest/empty', 1, 10]]],
    ['no text at all', `# nothing\n`, [['manifest/empty', 1, 1]]],
    ['something else', `- a\n- b\n`, [['manifest/type', 1, 1]]],
    ['no runtime', `devices:\n  - id: a\n`, [['manifest/type', 2, 9]]],
    [
      'an id that a spreadsheet shortened',
      `defaults:\n${runtime}devices:\n  - id: "1.23457E+11"\n`,
      [['device/id-shortened', 4, 9]],
    ],
    ['an id with a space', `defaults:\n${runtime}devices:\n  - id: a b\n`, [['device/id-characters', 4, 9]]],
    ['an id of 64 characters', `defaults:\n${runtime}devices:\n  - id: ${'a'.repeat(64)}\n`, []],
    [
      'an id of 65 characters',
      `defaults:\n${runtime}devices:\n  - id: ${'a'.repeat(65)}\n`,
      [['device/id-too-long-for-cn', 4, 9]],
    ],
    [
      'an id of 129 characters',
      `defaults:\n${runtime}devices:\n  - id: ${'a'.repeat(129)}\n`,
      [['device/id-characters', 4, 9]],
    ],
    ['every character an id may have', `defaults:\n${runtime}devices:\n  - id: "A-z.0_9:%#*?!(),+=@$';"\n`, []],
    ['a hub that is no host name', `hub: https://a/b\ndevices: [{ id: a }]\n`, [['manifest/type', 1, 6]]],
    ['a hub with an empty label', `hub: a..b\n${minimal}`, [['manifest/type', 1, 6]]],
  ])('%s', async (_, text, expected) => {
    expect(await places({ 'devices.yaml': text })).toEqual(expected);
  });

  it('suggests the key that was meant, and tells a misspelt required key once', async () => {
    const { findings } = await read({ 'devices.yaml': 'device: []\n' });
    const known = ['version', 'hub', 'defaults', 'devices'];
    const details = { key: 'device', where: 'the manifest', known, suggestion: 'devices' };
    expect(findings).toEqual([{ ...told('manifest/unknown-key', details), place: at('devices.yaml', 1, 1) }]);
  });

  it('tells how to write a number as text', async () => {
    const { findings } = await read({ 'devices.yaml': `devices:\n  - id: 0012\n` });
    const details = { key: 'id', expected: 'text', found: 'the number 0012', remedy: { quote: '0012' } };
    expect(findings[0]).toMatchObject(told('manifest/type', details));
    expect(findings[0]!.remedy).toContain('"0012"');
  });

  it.each<[string, string, ReturnType<typeof told>]>([
    ['empty', '""', told('device/id-characters', { id: '', problem: 'empty' })],
    ['of a character that may not be', 'a/b', told('device/id-characters', { id: 'a/b', problem: { character: '/' } })],
    [
      'of 129 characters',
      'a'.repeat(129),
      told('device/id-characters', { id: 'a'.repeat(129), problem: { length: 129 } }),
    ],
    [
      'too long for a certificate',
      'a'.repeat(65),
      told('device/id-too-long-for-cn', { id: 'a'.repeat(65), length: 65 }),
    ],
  ])('tells what is wrong with an id: %s', async (_, written, said) => {
    const { findings } = await read({ 'devices.yaml': `defaults:\n${runtime}devices:\n  - id: ${written}\n` });
    const device = written === '""' ? '' : written;
    expect(findings).toEqual([{ ...said, place: at('devices.yaml', 4, 9), device }]);
  });

  it('names the device where it has an id', async () => {
    const { findings } = await read({ 'devices.yaml': `devices:\n  - { id: edge-7, status: on }\n` });
    expect(findings[0]).toMatchObject({ device: 'edge-7' });
  });

  it('goes on with the sound devices of a manifest, so that all faults show at once', async () => {
    const { value, findings } = await read({
      'devices.yaml': `defaults:\n${runtime}devices:\n  - { id: a, sttus: x }\n  - { id: b }\n`,
    });
    expect(findings).toHaveLength(1);
    expect(value.devices.map(({ id }) => id)).toEqual(['b']);
  });
});

describe('the classic ways to write a device wrong', () => {
  it.each<[string, string, DetailsOf['manifest/type'], line: number, column: number]>([
    [
      'the id alone',
      'devices:\n  - edge-001\n',
      { key: 'a device', expected: 'a map', found: '"edge-001"', remedy: 'device' },
      2,
      5,
    ],
    [
      'no dash',
      'devices:\n  id: edge-001\n',
      { key: 'devices', expected: expectedAt('/properties/devices'), found: 'a map', remedy: 'device' },
      2,
      3,
    ],
    [
      'the id as a key',
      'devices:\n  - edge-002:\n',
      { key: 'id', expected: 'a value', found: 'nothing', remedy: 'device' },
      2,
      5,
    ],
  ])('%s: the remedy shows how', async (_, text, details, line, column) => {
    const { findings } = await read({ 'devices.yaml': text });
    const said = { ...told('manifest/type', details), place: at('devices.yaml', line, column) };
    expect(findings).toContainEqual(said);
    expect(said.remedy).toContain('"- id: edge-001"');
  });

  it('a large fleet is read whole', async () => {
    const rows = Array.from({ length: 140_000 }, (_, n) => `e${n},1.1,debian\n`).join('');
    const { value } = await read({ 'devices.csv': `id,runtime.version,runtime.platform\n${rows}` });
    expect(value.devices).toHaveLength(140_000);
  });
});

describe('a manifest in JSON', () => {
  it('has the same shape and the same places', async () => {
    const text = `{\n  "devices": [\n    { "id": "a", "runtime": { "version": "1.1", "platform": "debian" } }\n  ]\n}\n`;
    const { value, findings } = await read({ 'devices.json': text });
    expect(findings).toEqual([]);
    expect(value.devices[0]!.place('runtime.version')).toEqual({ file: 'devices.json', line: 3, column: 42 });
  });

  it.each<[string, string, SyntaxFault, column: number]>([
    ['a trailing comma', '{ "devices": [], }', { kind: 'json', code: 'PropertyNameExpected' }, 18],
    ['a comment', '{ "devices": [] /* none */ }', { kind: 'json', code: 'InvalidCommentToken' }, 17],
    ['a key twice', '{ "devices": [], "devices": [] }', { kind: 'key-twice', key: 'devices' }, 18],
    ['an open bracket', '{ "devices": [', { kind: 'json', code: 'CloseBracketExpected' }, 15],
    ['two values', '{} {}', { kind: 'json', code: 'EndOfFileExpected' }, 4],
    ['too many levels', '['.repeat(50) + ']'.repeat(50), { kind: 'too-deep', levels: 32 }, 34],
    ['nothing but brackets', '['.repeat(300_000), { kind: 'too-deep', levels: 32 }, 34],
  ])('refuses %s', async (_, text, fault, column) => {
    const { findings } = await read({ 'devices.json': text });
    expect(findings).toEqual([{ ...told('manifest/syntax', fault), place: at('devices.json', 1, column) }]);
  });

  it('takes __proto__ for an unknown key', async () => {
    expect(await places({ 'devices.json': '{ "devices": [], "__proto__": {} }' })).toContainEqual([
      'manifest/unknown-key',
      1,
      18,
    ]);
  });
});

describe('several manifests', () => {
  it('make one fleet, in the order of their names', async () => {
    const { value } = await read(
      { 'b.yaml': minimal.replace('one', 'b'), 'a/x.yaml': minimal.replace('one', 'a'), 'c.json': '{"devices": []}' },
      ['*.yaml', 'a/*.yaml'],
    );
    expect(value.devices.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('are missed by name', async () => {
    const { findings } = await read({ 'b.yaml': minimal }, ['b.yaml', 'nowhere.yaml']);
    expect(findings).toEqual([
      { ...told('manifest/empty', { pattern: 'nowhere.yaml' }), place: at('nowhere.yaml', 1, 1) },
    ]);
  });

  it('are missed by glob', async () => {
    const { findings } = await read({ 'b.yaml': minimal }, ['x/*.yaml']);
    expect(findings.map(({ rule }) => rule)).toEqual(['manifest/empty']);
    expect(findings).toMatchObject([told('manifest/empty', { pattern: 'x/*.yaml' })]);
  });

  it.each([
    ['devices.yaml', 'devices: []\n', false],
    ['devices.csv', 'id\n', true],
  ])('are told when they name no devices: %s', async (file, text, table) => {
    const { findings } = await read({ [file]: text });
    expect(findings).toMatchObject([told('manifest/empty', { file, table })]);
  });

  it('must have a name that tells the format', async () => {
    expect((await read({ 'devices.txt': minimal })).findings).toEqual([
      { ...told('manifest/syntax', { kind: 'no-format', file: 'devices.txt' }), place: at('devices.txt', 1, 1) },
    ]);
  });
});

describe('reading never throws, and every finding has its place', () => {
  const scalar = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null));
  const keys = fc.constantFrom(
    'id',
    'devices',
    'defaults',
    'certificates',
    'primary',
    'runtime',
    'version',
    'platform',
    'hub',
    'config',
    'agent',
    'env',
    'x',
  );
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 5 },
      scalar,
      fc.array(tie('tree'), { maxLength: 4 }),
      fc.dictionary(keys, tie('tree'), { maxKeys: 5 }),
    ),
  }));
  const document = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    tree.map((t) => JSON.stringify(t)),
  );

  it.each(['yaml', 'json'])('in %s', async (extension) => {
    await fc.assert(
      fc.asyncProperty(document, async (text) => {
        const { findings } = await readFleet([`d.${extension}`], inMemory(text), noPairs);
        for (const { place } of findings) {
          expect(place).toMatchObject({ file: `d.${extension}` });
          expect(place!.line).toBeLessThanOrEqual(text.split('\n').length);
          expect(place!.column).toBeGreaterThanOrEqual(1);
        }
      }),
      times(500),
    );
  });
});

function billionLaughs(): string {
  const levels = Array.from({ length: 9 }, (_, n) => `a${n + 1}: &a${n + 1} [${Array(10).fill(`*a${n}`).join(', ')}]`);
  return `a0: &a0 lol\n${levels.join('\n')}\ndevices: *a9\n`;
}

function inMemory(text: string): Workspace {
  return {
    root: '/',
    read: () => ({ ok: true, bytes: Buffer.from(text) }),
    find: async (files) => ({ files, missing: [] }),
    filesBelow: () => ({ files: [] }),
    spelled: (pattern) => pattern,
    ignored: async () => new Set(),
  };
}
