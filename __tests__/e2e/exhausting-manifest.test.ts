import { describe, expect, it } from 'vitest';
import { most } from '../../src/manifest/limits.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { SyntaxFault } from '../../src/rules/syntax.ts';
import { checkFolder } from '../support/check.ts';
import { at, told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';

/** Seconds of this process's own time: other processes do not count. */
async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
}

/** The findings about a manifest and what it names. The time that they take is bounded. */
async function findingsOf(files: Readonly<Record<string, string>>, most = 10): Promise<readonly Finding[]> {
  let findings: readonly Finding[] = [];
  const folder = folderWith(files);
  const seconds = await secondsOf(async () => {
    findings = (await checkFolder(folder, Object.keys(files))).findings;
  });
  expect(seconds).toBeLessThan(most);
  return findings;
}

const runtime = '  runtime: { version: "1.1", platform: debian }\n';
const repeat = (count: number, text: (index: number) => string) =>
  Array.from({ length: count }, (_, n) => text(n)).join('');

describe('a small manifest that would exhaust a run is refused early', { timeout: 60_000 }, () => {
  const growing: SyntaxFault = { kind: 'grows', what: 'characters', most: most.characters };
  const tooManyKeys: SyntaxFault = { kind: 'too-many', what: 'keys', most: most.keys };

  it.each<[string, string, string, SyntaxFault, line: number, column: number]>([
    [
      'ids in what many devices inherit',
      'd.yaml',
      `defaults:\n${runtime}  tags:\n${repeat(500, (n) => `    t${n}: "${'{id}'.repeat(200)}"\n`)}devices:\n${repeat(400, (n) => `  - id: ${'e'.repeat(50)}${n}\n`)}`,
      growing,
      4,
      5,
    ],
    [
      'ids in one value that many devices inherit',
      'd.json',
      `{"defaults":{"tags":{"a":"${'{id}'.repeat(100_000)}"}},"devices":[\n${repeat(1000, (n) => `{"id":"edge-${n}"},\n`)}{"id":"z"}]}`,
      growing,
      1,
      26,
    ],
    [
      'ids in one cell of many',
      'd.csv',
      `id,tags.a\n${repeat(100, (n) => `${'e'.repeat(110)}${n},${'{id}'.repeat(10_000)}\n`)}`,
      growing,
      81,
      114,
    ],
    [
      'values that many devices inherit',
      'd.yaml',
      `defaults:\n${runtime}  config: { agent: { env: {\n${repeat(9000, (n) => `      k${n}: "1",\n`)}      }}}\ndevices:\n${repeat(600, (n) => `  - id: e${n}\n`)}`,
      { kind: 'grows', what: 'values', most: most.values },
      3,
      27,
    ],
    ['keys', 'd.yaml', repeat(1_000_000, (n) => `x${n}: 1\n`), tooManyKeys, most.keys + 1, 1],
    ['one key again and again', 'd.yaml', repeat(200_000, () => 'x: 1\n'), tooManyKeys, most.keys + 1, 1],
    ['keys between braces', 'd.yaml', `{\n${repeat(200_000, (n) => `x${n}: 1,\n`)}}`, tooManyKeys, most.keys + 2, 1],
    ['keys in JSON', 'd.json', `{\n${repeat(100_000, (n) => `"x${n}": 1,\n`)}"x": 1}`, tooManyKeys, most.keys + 2, 1],
    ['brackets', 'd.yaml', '['.repeat(200_000), { kind: 'too-deep', levels: most.levels }, 1, 34],
    ['brackets in JSON', 'd.json', '['.repeat(200_000), { kind: 'too-deep', levels: most.levels }, 1, 34],
    ['lists in lists', 'd.yaml', '- '.repeat(200_000), { kind: 'too-deep', levels: most.levels }, 1, 67],
    [
      'maps in a column',
      'd.csv',
      `id,tags.${'a.'.repeat(100_000)}b\none,1\n`,
      { kind: 'too-deep', levels: most.levels },
      1,
      4,
    ],
    [
      'columns',
      'd.csv',
      `id${repeat(100_000, (n) => `,tags.t${n}`)}\na\n`,
      { kind: 'too-many', what: 'columns', most: most.columns },
      1,
      9884,
    ],
    [
      'cells behind the last column',
      'd.csv',
      `id\n${','.repeat(2_000_000)}\n`,
      { kind: 'too-many', what: 'columns', most: most.columns },
      2,
      1001,
    ],
    ['a long row', 'd.csv', `id\n"${'a'.repeat(2_000_000)}"\n`, { kind: 'row-too-long', most: most.rowBytes }, 2, 1],
    [
      'a long key',
      'd.yaml',
      `devices:\n  - { id: a, ${'k'.repeat(1_000_000)}: 1 }\n`,
      { kind: 'key-too-long', most: most.keyLength },
      2,
      14,
    ],
    [
      'a long key in JSON',
      'd.json',
      `{ "${'k'.repeat(1_000_000)}": 1 }`,
      { kind: 'key-too-long', most: most.keyLength },
      1,
      3,
    ],
    [
      'a long column',
      'd.csv',
      `id,tags.${'k'.repeat(1_000_000)}\na,1\n`,
      { kind: 'key-too-long', most: most.keyLength },
      1,
      4,
    ],
    [
      'devices',
      'd.csv',
      `id\n${'a\n'.repeat(3_100_000)}`,
      { kind: 'too-many', what: 'devices', most: most.devices },
      most.devices + 2,
      1,
    ],
  ])('%s', async (_, file, text, fault, line, column) => {
    expect(await findingsOf({ [file]: text })).toEqual([
      { ...told('manifest/syntax', fault), place: at(file, line, column) },
    ]);
  });

  it.each([
    ['commas', 'd.yaml', `[${','.repeat(2_000_000)}]`],
    ['a text behind the end', 'd.yaml', `a: b\n${'- @\n'.repeat(200_000)}`],
    ['a cell without a column in each row', 'd.csv', `id\n${'a,b\n'.repeat(100_000)}`],
  ])('faults of the form: %s', async (_, file, text) => {
    const findings = await findingsOf({ [file]: text });
    expect(findings.length).toBeLessThanOrEqual(most.syntaxFaults + 1);
    expect(findings.length).toBeGreaterThan(0);
    expect(new Set(findings.map(({ rule }) => rule))).toEqual(new Set(['manifest/syntax']));
  });

  it('faults of its values', async () => {
    const findings = await findingsOf({ 'd.yaml': `devices:\n${repeat(20_000, (n) => `- { id: a${n}, x: 1 }\n`)}` });
    // They are equal, so they are one.
    expect(findings.map(({ devices }) => devices?.length)).toEqual([most.faults, undefined]);
    expect(findings.at(-1)).toEqual({
      ...told('manifest/syntax', { kind: 'more-faults' }),
      place: at('d.yaml', most.faults + 2, 3),
      device: `a${most.faults}`,
    });
  });

  it('manifests that fit alone and not together', async () => {
    const one = (name: string) =>
      `defaults:\n${runtime}  tags: { a: "${'x'.repeat(1_000_000)}" }\ndevices:\n${repeat(150, (n) => `  - id: ${name}${n}\n`)}`;
    const findings = await findingsOf({ 'a.yaml': one('a'), 'b.yaml': one('b') }, 30);
    expect(findings.filter(({ rule }) => rule === 'manifest/syntax')).toEqual([
      { ...told('manifest/syntax', growing), place: at('b.yaml', 3, 14) },
    ]);
  });

  it('does not keep a fleet from being read whose devices inherit as much as one needs', async () => {
    const text = `hub: contoso.azure-devices.net\ndefaults:\n${runtime}  config: { agent: { env: {\n${repeat(100, (n) => `      k${n}: "{id} ${'v'.repeat(100)}",\n`)}      }}}\ndevices:\n${repeat(1000, (n) => `  - { id: edge-${n}, thumbprints: { primary: ${String(n).padStart(40, 'B')}, secondary: ${String(n).padStart(40, 'A')} } }\n`)}`;
    const findings = await findingsOf({ 'd.yaml': text }, 30);
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
  });
});
