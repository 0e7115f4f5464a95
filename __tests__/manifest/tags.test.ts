import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/manifest/read.ts';
import { largestMark, ownerTag } from '../../src/model/owner.ts';
import type { TagProblem } from '../../src/rules/device.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { at, told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { noPairs } from './pairs.ts';
import { expectedAt } from './schema-words.ts';

async function read(name: string, text: string) {
  const { value, findings } = await readFleet([name], openWorkspace(folderWith({ [name]: text })), noPairs);
  return { tags: value.devices.map(({ tags }) => tags), findings };
}

function yaml(tags: string, defaults = '') {
  const above = `version: 1\ndefaults:\n  runtime: { version: "1.1", platform: debian }\n${defaults}`;
  return read('devices.yaml', `${above}devices:\n  - id: edge-001\n    tags: ${tags}\n`);
}

async function findingsOf(tags: unknown) {
  return (await yaml(JSON.stringify(tags))).findings;
}

describe('tags of a manifest', () => {
  it.each<[string, string, unknown]>([
    ['text, numbers and truth values', '{ site: berlin, line: 7, on: true }', { site: 'berlin', line: 7, on: true }],
    ['maps in maps', '{ location: { plant: { hall: 3 } } }', { location: { plant: { hall: 3 } } }],
    ['the id', '{ label: "{id} in berlin" }', { label: 'edge-001 in berlin' }],
    ['none, named', '{}', {}],
    ['none at all', 'null', undefined],
  ])('hold %s', async (_, text, tags) => {
    expect(await yaml(text)).toEqual({ tags: [tags], findings: [] });
  });

  it('are merged with those of the defaults, and null takes one away', async () => {
    const defaults = '  tags: { site: berlin, location: { plant: 7, hall: 3 } }\n';
    expect((await yaml('{ site: null, location: { hall: 4 } }', defaults)).tags).toEqual([
      { location: { plant: 7, hall: 4 } },
    ]);
  });

  it('are columns of a table, deep ones too, and always text', async () => {
    const text =
      'id,runtime.version,runtime.platform,tags.site,tags.location.plant,tags.on\na,1.1,debian,berlin,007,true\nb,1.1,debian,,8,\nc,1.1,debian,,,\n';
    const { tags, findings } = await read('devices.csv', text);
    expect(findings).toEqual([]);
    expect(tags).toEqual([
      { site: 'berlin', location: { plant: '007' }, on: 'true' },
      { location: { plant: '8' } },
      undefined,
    ]);
  });

  it('of another form are told as such', async () => {
    const place = at('devices.yaml', 6, 11);
    const map = { key: 'tags', expected: 'a map', found: 'a list' };
    expect(await findingsOf(['site'])).toEqual([{ ...told('manifest/type', map), place, device: 'edge-001' }]);
    const value = { key: 'tags.site', expected: expectedAt('/$defs/tags/additionalProperties'), found: 'a list' };
    expect(await findingsOf({ site: ['a'] })).toEqual([
      { ...told('manifest/type', value), place: at('devices.yaml', 6, 19), device: 'edge-001' },
    ]);
  });
});

describe('device/tags', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
  it.each<[string, unknown, string, TagProblem]>([
    ['a dot', { 'a.b': 1 }, 'tags.a.b', { character: '.' }],
    ['a space', { 'a b': 1 }, 'tags.a b', { character: ' ' }],
    ['a number sign', { 'a#b': 1 }, 'tags.a#b', { character: '#' }],
    ['a dollar sign', { a: { $b: 1 } }, 'tags.a.$b', { character: '$' }],
    ['a control character', { 'a\u0001': 1 }, 'tags.a\u0001', { character: '\u0001' }],
    ['no name', { '': 1 }, 'tags', 'empty-name'],
    ['a long name', { [`${'é'.repeat(512)}x`]: 1 }, `tags.${'é'.repeat(512)}x`, { nameLimit: 1024 }],
    ['a list in a map', { a: { b: [1] } }, 'tags.a.b', 'list'],
    ['a long text', { a: 'é'.repeat(2049) }, 'tags.a', { textBytes: 4098, limit: 4096 }],
    [
      'a large integer',
      { a: 4503599627370496 },
      'tags.a',
      { integer: 4503599627370496, range: [-4503599627370496, 4503599627370495] },
    ],
    ['eleven levels', deep(11), `tags${'.a'.repeat(10)}`, { levelLimit: 10 }],
    [
      '9 KB',
      { a: 'x'.repeat(4000), b: 'x'.repeat(4000), c: 'x'.repeat(1000) },
      'tags',
      { bytes: 9022 + largestMark, limit: 8192 },
    ],
    ['one byte more', { a: 'x'.repeat(4096), b: 'x'.repeat(4077 - largestMark) }, 'tags', { bytes: 8193, limit: 8192 }],
    ['the mark of the owner', { [ownerTag]: { name: 'octo/fleet' } }, `tags.${ownerTag}`, 'reserved-name'],
    ['the mark itself', { provisionIotEdge: 'x' }, 'tags.provisionIotEdge', 'reserved-name'],
  ])('%s', async (_, tags, key, problem) => {
    const found = await findingsOf(tags);
    expect(found).toMatchObject([{ ...told('device/tags', { key, problem }), device: 'edge-001', place: { line: 6 } }]);
    expect(found[0]?.place?.column).toBe(columnOf(JSON.stringify(tags), key));
  });

  it.each<[string, unknown]>([
    ['a name just as long as it may be', { ['é'.repeat(512)]: 1 }],
    ['a text just as long as it may be', { a: 'x'.repeat(4096) }],
    ['the largest integers', { a: 4503599627370495, b: -4503599627370496, c: 0.25 }],
    ['ten levels', deep(10)],
    ['8 KB with the marks', { a: 'x'.repeat(4096), b: 'x'.repeat(4076 - largestMark) }],
    ['the name of the mark deeper', { a: { provisionIotEdge: 'x' } }],
  ])('not: %s', async (_, tags) => {
    expect(await findingsOf(tags)).toEqual([]);
  });

  it('a number that JSON does not have', async () => {
    const { findings } = await yaml('{ a: { b: .inf } }');
    expect(findings).toEqual([
      {
        ...told('device/tags', { key: 'tags.a.b', problem: 'not-a-number' }),
        device: 'edge-001',
        place: at('devices.yaml', 6, 21),
      },
    ]);
  });
});

/** Where a tag's value stands in `    tags: …`; a name with a dot, and no name, stand for all tags. */
function columnOf(written: string, key: string): number {
  const start = '    tags: '.length + 1;
  const names = key.split('.').slice(1);
  if (names.length === 0 || (key === 'tags.a.b' && written.includes('"a.b"'))) return start;
  const value = names.reduce(
    (from, name) => written.indexOf(`${JSON.stringify(name)}:`, from) + JSON.stringify(name).length + 1,
    0,
  );
  return start + value;
}
