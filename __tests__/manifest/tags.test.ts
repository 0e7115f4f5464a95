import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/manifest/read.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { folderWith } from '../support/folder.ts';
import { noPairs } from './pairs.ts';

async function read(name: string, text: string) {
  const { value, findings } = await readFleet([name], openWorkspace(folderWith({ [name]: text })), noPairs);
  return { tags: value.devices.map(({ tags }) => tags), findings };
}

function yaml(tags: string, defaults = '') {
  const above = `version: 1\ndefaults:\n  runtime: { version: "1.1", platform: debian }\n${defaults}`;
  return read('devices.yaml', `${above}devices:\n  - id: edge-001\n    tags: ${tags}\n`);
}

/** The message and the place of every finding. */
async function told(tags: unknown) {
  const { findings } = await yaml(JSON.stringify(tags));
  return findings.map(({ rule, message, place }) => [rule, message, place?.line]);
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
    expect(await told(['site'])).toEqual([['manifest/type', 'tags: expected a map, found a list', 6]]);
    expect(await told({ site: ['a'] })).toEqual([
      ['manifest/type', 'tags.site: expected text, a number, true, false or a map of tags, found a list', 6],
    ]);
  });
});

describe('device/tags', () => {
  const deep = (levels: number): unknown => (levels === 0 ? 1 : { a: deep(levels - 1) });
  it.each<[string, unknown, string | undefined]>([
    ['a dot', { 'a.b': 1 }, 'has "." in its name, which IoT Hub does not allow'],
    ['a space', { 'a b': 1 }, 'has a space in its name'],
    ['a dollar sign', { a: { $b: 1 } }, 'tags.a.$b has "$" in its name'],
    ['a control character', { 'a\u0001': 1 }, 'has "\\u0001" in its name'],
    ['no name', { '': 1 }, 'has an empty name'],
    ['a long name', { [`${'é'.repeat(512)}x`]: 1 }, 'has a name of more than 1024 bytes'],
    ['a name just as long as it may be', { ['é'.repeat(512)]: 1 }, undefined],
    ['a list in a map', { a: { b: [1] } }, 'tags.a.b is a list, expected text'],
    ['a long text', { a: 'é'.repeat(2049) }, 'tags.a is text of 4098 bytes, expected at most 4096'],
    ['a text just as long as it may be', { a: 'x'.repeat(4096) }, undefined],
    ['a large integer', { a: 4503599627370496 }, 'is 4503599627370496, expected at least'],
    ['the largest', { a: 4503599627370495, b: -4503599627370496, c: 0.25 }, undefined],
    ['eleven levels', deep(11), 'lies deeper than 10 levels'],
    ['ten levels', deep(10), undefined],
    [
      '9 KB',
      { a: 'x'.repeat(4000), b: 'x'.repeat(4000), c: 'x'.repeat(1000) },
      'tags are 9022 bytes with what is kept',
    ],
    ['8 KB with the mark', { a: 'x'.repeat(4096), b: 'x'.repeat(4076) }, undefined],
    ['one byte more', { a: 'x'.repeat(4096), b: 'x'.repeat(4077) }, 'tags are 8193 bytes'],
    ['the mark itself', { provisionIotEdge: 'x' }, 'tags.provisionIotEdge is kept by this tool'],
    ['its name deeper', { a: { provisionIotEdge: 'x' } }, undefined],
  ])('%s', async (_, tags, message) => {
    const found = await told(tags);
    if (message === undefined) expect(found).toEqual([]);
    else expect(found).toEqual([['device/tags', expect.stringContaining(message), 6]]);
  });

  it('a number that JSON does not have', async () => {
    const { findings } = await yaml('{ a: { b: .inf } }');
    expect(findings.map(({ message }) => message)).toEqual(['tags.a.b is not a number that JSON has']);
  });
});
