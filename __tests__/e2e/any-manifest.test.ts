import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { manifestKeys } from '../../scripts/manifest-keys.ts';
import { checkFolder } from '../support/check.ts';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';
import { fc, times } from '../support/property.ts';

type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
type Device = Readonly<Record<string, Value>>;
interface Manifest {
  readonly defaults: Device;
  readonly devices: readonly Device[] | { readonly from: Value };
}

const runtime = { version: '1.1', platform: 'debian' };
const names = {
  'a long name': 'a'.repeat(300),
  'a long name of a folder': `${'a'.repeat(300)}/b.pem`,
  'a long path': `${'abc/'.repeat(1050)}d.pem`,
  'a path longer than any glob': `${'abc/'.repeat(20_000)}d.pem`,
  'a NUL': 'a\0b.pem',
  'a NUL in a folder': 'a\0/b.pem',
  'half a character': '\ud800.pem',
  'a line break': 'a\nb.pem',
  'a loop of links': 'loop/a.pem',
  'a link to itself': 'itself.pem',
  'a name of another file': 'd.yaml/x.pem',
};

/** A manifest in each form. A table has no list, and no value that is a list. */
function inForms(manifest: Manifest): readonly (readonly [file: string, text: string])[] {
  const forms: (readonly [string, string])[] = [
    ['m.yaml', stringify(manifest)],
    ['m.json', JSON.stringify(manifest)],
  ];
  const { devices, defaults } = manifest;
  if (!Array.isArray(devices)) return forms;
  const rows = devices.map((device) => new Map([...flat({ ...defaults, ...device })]));
  const columns = [...new Set(rows.flatMap((row) => [...row.keys()]))];
  const cell = (text: string) => `"${text.replaceAll('"', '""')}"`;
  const lines = [columns, ...rows.map((row) => columns.map((column) => row.get(column) ?? ''))];
  return [...forms, ['m.csv', lines.map((line) => `${line.map(cell).join(',')}\n`).join('')]];
}

function* flat(value: Value, path = ''): Generator<readonly [string, string]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    yield [path, typeof value === 'string' ? value : JSON.stringify(value)];
  else for (const [key, inner] of Object.entries(value)) yield* flat(inner, path === '' ? key : `${path}.${key}`);
}

/** A folder with files for globs to find, and with links that lead nowhere. */
function hostileFolder(): string {
  const folder = folderWith({ 'certs/a.pem': 'x', 'd.yaml': 'devices: []' });
  symlinkSync('loop', join(folder, 'loop'));
  symlinkSync('itself.pem', join(folder, 'itself.pem'));
  return folder;
}

async function check(manifest: Manifest, folder: string) {
  const results = [];
  for (const [file, text] of inForms(manifest)) results.push({ file, findings: await findingsOf(folder, file, text) });
  return results;
}

/** The findings about one manifest. None throws, takes long, or is without a place. */
async function findingsOf(folder: string, file: string, text: string) {
  writeFileSync(join(folder, file), text);
  const start = process.cpuUsage();
  const { findings } = await checkFolder(folder, [file], 'validate');
  const { user, system } = process.cpuUsage(start);
  expect((user + system) / 1e6, 'seconds').toBeLessThan(5);
  for (const { place, rule, message, remedy } of findings) {
    const where = [place?.file ?? '', place?.line ?? 0, place?.column ?? 0] as const;
    expect([rule, where[0] !== '', where[1] > 0, where[2] > 0]).toEqual([rule, true, true, true]);
    expect(rule).not.toBe('device/not-checked');
    expect(message.length + remedy.length).toBeLessThan(10_000);
  }
  return findings;
}

describe('a name that no file has', () => {
  const places: readonly (readonly [key: string, manifest: (name: string) => Manifest])[] = [
    ['a certificate', (name) => manifestOf({ certificates: { primary: name, secondary: 'certs/a.pem' } })],
    ['an inherited certificate', (name) => manifestOf({}, { certificates: { primary: name } })],
    ['a base', (name) => manifestOf({ config: { base: name } })],
    ['a place on the device', (name) => manifestOf({ identity: { certificate: `/${name}` } })],
    ['a glob of certificates', (name) => ({ defaults: { runtime }, devices: { from: `*${name}` } })],
    ['a glob below a folder', (name) => ({ defaults: { runtime }, devices: { from: [`${name}/**/*.pem`] } })],
    ['a plain path instead of a glob', (name) => ({ defaults: { runtime }, devices: { from: name } })],
  ];

  for (const [key, manifest] of places) {
    itNeeding(['links and modes of POSIX'], `as ${key} is a finding, and loses none of other devices`, async () => {
      const folder = hostileFolder();
      for (const name of Object.values(names)) {
        for (const { findings } of await check(manifest(name), folder)) {
          expect(findings.filter(({ severity }) => severity === 'error')).not.toEqual([]);
          if (Array.isArray(manifest(name).devices))
            expect(findings.map(({ rule }) => rule)).toContain('device/duplicate');
          expect(findings.map(({ rule }) => rule)).not.toContain('device/not-checked');
        }
      }
    });
  }
});

/** The device, and two that are one, whose finding must stay. */
function manifestOf(device: Device, defaults: Device = {}): Manifest {
  const twin = { id: 'twin', thumbprints: { primary: 'AA' } };
  return { defaults: { runtime, ...defaults }, devices: [{ id: 'one', ...device }, twin, twin] };
}

/** Texts that cost time where a check goes over them again and again, or that a file, a URI or a pattern cannot hold. */
const texts: readonly string[] = [
  ...Object.values(names),
  ...[
    '',
    ' ',
    '\0',
    '\udc00',
    '{id}',
    '{id}'.repeat(5_000),
    '__proto__',
    'constructor',
    '../..',
    '/',
    '~',
    '-',
    '.git/config',
  ],
  ...[
    'a',
    ' ',
    '.',
    '/',
    '%',
    '$',
    '{',
    'a.',
    'eyJ',
    '-----BEGIN ',
    'http://',
    'file:///',
    ':@',
    'sig=',
    '{a,b}',
    '*a',
    '\\',
    '..',
    '=',
  ].map((text) => text.repeat(Math.ceil(60_000 / text.length))),
  ...['.nan', '1e999', '0x', '2001-01-01', '<<', 'yes', '0o7', '~'],
];
const scalar: fc.Arbitrary<Value> = fc.oneof(
  fc.constantFrom(...texts),
  fc.constantFrom(0, -0, Number.POSITIVE_INFINITY, Number.NaN, 2 ** 60, true, null),
  fc.string({ unit: 'binary', maxLength: 6 }),
);
const key = fc.oneof(
  fc.constantFrom(
    ...manifestKeys().device.flatMap(({ path }) => path.split('.')),
    '__proto__',
    'toString',
    '',
    '<<',
    'a.b',
    '\0',
  ),
  fc.constantFrom('k'.repeat(1500), '\ud800', '{id}', '*a', '&a', '- '),
);
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.dictionary(key, tie('value'), { maxKeys: 4 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.tuple(fc.integer({ min: 20, max: 80 }), scalar).map(([depth, inner]) => deep(depth, inner)),
    fc
      .integer({ min: 1, max: 3000 })
      .map((width) => Object.fromEntries(Array.from({ length: width }, (_, n) => [`k${n}`, '{id}']))),
  ),
}));

function deep(depth: number, inner: Value): Value {
  return Array.from({ length: depth }).reduce<Value>(
    (below, _, level) => (level % 2 === 0 ? { a: below } : [below]),
    inner,
  );
}

/** A device with some keys of the schema, mostly with a value of its type, and perhaps with others. */
const device: fc.Arbitrary<Device> = fc
  .tuple(
    fc.array(
      fc.tuple(
        fc.constantFrom(...manifestKeys().device.map(({ path }) => path)),
        fc.oneof({ weight: 4, arbitrary: scalar }, { weight: 1, arbitrary: value }),
      ),
      { maxLength: 4 },
    ),
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom('one', 'two', 'con', 'a#1') }, { weight: 1, arbitrary: scalar }),
  )
  .map(([settings, id]) => {
    const tree: { [key: string]: Value } = { id };
    for (const [path, set] of settings) put(tree, path.split('.'), set);
    return tree;
  });

function isMap(value: Value | undefined): value is Device {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function put(tree: { [key: string]: Value }, [step = '', ...rest]: readonly string[], set: Value): void {
  const name = step.startsWith('*') ? 'NAME' : step;
  if (rest.length === 0) tree[name] = set;
  else {
    const inner = tree[name];
    const below = isMap(inner) ? { ...inner } : {};
    put(below, rest, set);
    tree[name] = below;
  }
}

const manifest: fc.Arbitrary<Manifest> = fc.record({
  defaults: device.map(({ id: _, ...rest }) => ({ runtime, ...rest })),
  devices: fc.oneof(
    { weight: 6, arbitrary: fc.array(device, { maxLength: 4 }) },
    { weight: 1, arbitrary: value.map((from) => ({ from })) },
  ),
});

const signs = [
  '&a ',
  '*a',
  '[',
  '{',
  ']',
  '}',
  '- ',
  ': ',
  '? ',
  '<<: ',
  '\n',
  '  ',
  '!x ',
  '|',
  '>',
  '"',
  "'",
  '#',
  '%',
  '---\n',
  '...\n',
  'id',
  'devices:',
  '\0',
  '\t',
  ',',
  ';',
  '\r',
  'id,tags.',
  '\ufeff',
];
const text = fc
  .array(fc.tuple(fc.constantFrom(...signs), fc.constantFrom(1, 1, 1, 2, 40, 20_000)), { maxLength: 12 })
  .map((parts) => parts.map(([sign, count]) => sign.repeat(count)).join(''));

describe('any manifest is refused by findings, in bounded time', { timeout: 300_000 }, () => {
  it('with any values', async () => {
    const folder = hostileFolder();
    await fc.assert(
      fc.asyncProperty(manifest, async (one) => void (await check(one, folder))),
      times(60),
    );
  });

  it('of any text', async () => {
    const folder = hostileFolder();
    const start = '\n';
    await fc.assert(
      fc.asyncProperty(
        text,
        fc.constantFrom('', 'devices:\n- id: a\n  tags: ', '{"devices":[', `id,tags.a${start}`),
        async (signs, before) => {
          for (const file of ['m.yaml', 'm.json', 'm.csv']) await findingsOf(folder, file, before + signs);
        },
      ),
      times(60),
    );
  });

  it('with aliases of aliases', async () => {
    const folder = hostileFolder();
    const names = fc.constantFrom('a', 'b', 'c', 'd');
    const line = fc.tuple(names, fc.array(names, { minLength: 1, maxLength: 9 }), fc.boolean());
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 12 }), async (lines) => {
        const written = lines.map(
          ([name, uses, map], n) =>
            `  ${map ? `k${n}` : '<<'}: &${name} [${uses.map((use) => `*${use}`).join(', ')}]\n`,
        );
        await findingsOf(folder, 'm.yaml', `defaults:\n  x: &a &b "{id}"\n  tags:\n${written.join('')}devices: [*a]\n`);
        await findingsOf(
          folder,
          'm.yaml',
          `devices:\n- id: &a x\n  tags: &b {y: *a}\n- id: z\n  tags:\n    k: &c {l: *b}\n    d: &d {m: *c}\n${written.join('  ')}`,
        );
      }),
      times(40),
    );
  });
});
