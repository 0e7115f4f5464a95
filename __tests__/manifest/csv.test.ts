import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { assignHubs } from '../../src/hub/assign-hubs.ts';
import { parseCsv } from '../../src/manifest/csv.ts';
import { at as nodeAt, placeOf } from '../../src/manifest/node.ts';
import { readFleet } from '../../src/manifest/read.ts';
import { columns } from '../../src/manifest/schema.generated.js';
import { SourceText } from '../../src/manifest/source.ts';
import type { DetailsOf } from '../../src/rules/rules.ts';
import type { SyntaxFault } from '../../src/rules/syntax.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { at, told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { fc, times } from '../support/property.ts';
import { noPairs } from './pairs.ts';

const runtime = 'runtime.version,runtime.platform';

async function read(files: Record<string, string | Buffer>, patterns = Object.keys(files)) {
  return readFleet(patterns, openWorkspace(folderWith(files)), noPairs);
}

/** Rule, line and column of every finding, and the ids of the devices read all the same. */
async function faults(text: string) {
  const { value, findings } = await read({ 'd.csv': text });
  return [findings.map(({ rule, place }) => [rule, place?.line, place?.column]), value.devices.map(({ id }) => id)];
}

describe('a manifest in CSV', () => {
  it('has a device a row, its keys named by dotted columns', async () => {
    const { value, findings } = await read({
      'fleet/devices.csv': `id,hub,certificates.primary,${runtime},config.hostname,config.agent.env.A,config.agent.env.b.c
edge#1,Contoso.azure-devices.net,certs/{id}-primary.pem,1.10,debian,{id}.example,1,"two, three"
edge-2,,,1.1,debian,,,
`,
    });
    expect(findings).toEqual([]);
    expect(value.devices).toMatchObject([
      {
        id: 'edge#1',
        hub: 'contoso.azure-devices.net',
        certificates: { primary: 'fleet/certs/edge#1-primary.pem' },
        runtime: { version: { text: '1.10', major: 1, minor: 10 }, platform: 'debian' },
        config: { hostname: 'edge#1.example', agent: { env: { A: '1', 'b.c': 'two, three' } } },
      },
      { id: 'edge-2', certificates: {}, config: { agent: { env: {} } } },
    ]);
    expect(value.devices[1]).not.toHaveProperty('hub');
    expect(value.devices[1]).not.toHaveProperty('config.hostname');
  });

  it.each([
    ['sep=;', ';'],
    ['SEP=,', ','],
    ['"sep=;"', ';'],
    ['sep=\t', '\t'],
    ['sep=|', '|'],
  ])('begins where Excel begins it, behind the line %j, and is divided by its sign', async (line, sign) => {
    const rows = ['id,statusReason,runtime.version,runtime.platform', 'edge-1,x,1.1,debian', 'edge-2,,1.1,debian'];
    for (const end of ['\n', '\r\n', '\r']) {
      const text = [line, ...rows.map((row) => row.replaceAll(',', sign)), ''].join(end);
      const { value, findings } = await read({ 'd.csv': `\uFEFF${text}` });
      expect(findings).toEqual([]);
      expect(value.devices.map(({ id }) => id)).toEqual(['edge-1', 'edge-2']);
      if (end !== '\r') expect(value.devices[0]!.place('statusReason')).toEqual({ file: 'd.csv', line: 3, column: 8 });
    }
  });

  it('has no such line where the sign is missing, nor elsewhere', async () => {
    expect((await faults(`sep=\nid,${runtime}\n`))[0]).not.toEqual([]);
    expect(await faults(`id,${runtime}\nsep=;,1.1,debian\n`)).toEqual([[], ['sep=;']]);
  });

  it('tells where a value stands, behind line breaks, quotes and letters of several bytes', async () => {
    const text = `id,statusReason,${runtime}\none,"a ""b""\nüñ🚚",1.1,"debian"\ntwo,é , 1.1 ,debian\n`;
    const { value, findings } = await read({ 'd.csv': text });
    expect(findings).toEqual([]);
    const [one, two] = value.devices;
    expect(one!.statusReason).toBe('a "b"\nüñ🚚');
    expect(one!.place('statusReason')).toEqual({ file: 'd.csv', line: 2, column: 5 });
    expect(one!.place('runtime.version')).toEqual({ file: 'd.csv', line: 3, column: 7 });
    expect(one!.place('runtime.platform')).toEqual({ file: 'd.csv', line: 3, column: 11 });
    expect(one!.place('status'), 'an absent key is at the id').toEqual({ file: 'd.csv', line: 2, column: 1 });
    expect(two!.place('runtime.version'), 'spaces are left').toEqual({ file: 'd.csv', line: 4, column: 9 });
  });

  const minimal = `id,${runtime}\none,1.1,debian\n`;
  it.each<[string, string | Buffer]>([
    ['a byte order mark', `\uFEFF${minimal}`],
    [
      'UTF-16 with tabs, as Excel writes "Unicode text"',
      Buffer.from(`\uFEFF${minimal.replaceAll(',', '\t')}`, 'utf16le'),
    ],
    ['CRLF', minimal.replaceAll('\n', '\r\n')],
    ['line ends of both kinds', minimal.replace('\n', '\r\n')],
    ['semicolons', minimal.replaceAll(',', ';')],
    [
      'semicolons, with a comma in the header',
      minimal.replaceAll(',', ';').replace('id', '"id"').replace('\n', ';"config.agent.env.a,b,c,d"\n'),
    ],
    ['no line end at the end', minimal.trimEnd()],
    ['empty rows, between and behind', `\n\n${minimal.replace('\n', '\n\n,,\n')}\n,,\n"",,\n`],
    ['empty columns, as spreadsheets leave them', minimal.replaceAll('\n', ',,\n')],
    ['quotes everywhere', minimal.replace(/[^,\n]+/g, '"$&"')],
    ['spaces around cells', minimal.replaceAll(',', ' , ')],
    ['rows that leave the last cells out', `id,${runtime},status,parent\none,1.1,debian\n`],
  ])('takes %s', async (_, text) => {
    const { value, findings } = await read({ 'd.csv': text });
    expect(findings).toEqual([]);
    expect(value.devices.map(({ id, runtime: { version } }) => [id, version.text])).toEqual([['one', '1.1']]);
  });

  it.each<[string, string, [string, number, number][], string[]]>([
    [
      'an unknown column, told once at its header; the rest is read',
      `id,sttus,${runtime}\na,on,1.1,debian\nb,on,1.1,linux\n`,
      [['manifest/unknown-key', 1, 4]],
      ['a', 'b'],
    ],
    ['a column twice', `id,id\na,b\n`, [['manifest/syntax', 1, 4]], []],
    [
      'a cell without a column',
      `id,${runtime}\na,1.1,debian,x\nb,1,1,debian\n`,
      [
        ['manifest/syntax', 2, 14],
        ['manifest/syntax', 3, 7],
      ],
      [],
    ],
    ['a cell below no name', `id,,${runtime}\na,x,1.1,debian\n`, [['manifest/syntax', 2, 3]], []],
    ['a quote that is never closed', `id,parent\na,"b\nc,d\n`, [['manifest/syntax', 2, 3]], []],
    ['text behind a quote', `id,parent\n\n"a"b,c\n`, [['manifest/syntax', 3, 1]], []],
    ['a quote inside a cell', `id,parent\na,12" pipe\n`, [['manifest/syntax', 2, 3]], []],
    ['a quote in the header that is never closed', `"id,parent\na,b\n`, [['manifest/syntax', 1, 1]], []],
    ['no column of ids', `${runtime}\n1.1,debian\n`, [['manifest/type', 1, 1]], []],
    ['a misspelt column of ids, told once', `ID,${runtime}\na,1.1,debian\n`, [['manifest/unknown-key', 1, 1]], []],
    ['a row without an id', `parent,id,${runtime}\n,,1.1,debian\n`, [['manifest/type', 2, 1]], []],
    ['a row without a runtime', `id,${runtime}\na,,\n`, [['manifest/type', 2, 1]], []],
    [
      'a value that its key does not take',
      `id,${runtime}\na,"1,1",debian\nb,1.1,debian\n`,
      [['manifest/type', 2, 3]],
      ['b'],
    ],
    [
      'ids that a spreadsheet shortened',
      `id,${runtime}\n1.23457E+11,1.1,debian\n"1,5e+12",1.1,debian\n1E+11,1.1,debian\n1.2E+5,1.1,debian\n12E+11,1.1,debian\n`,
      [
        ['device/id-shortened', 2, 1],
        ['device/id-shortened', 3, 1],
        ['device/id-shortened', 4, 1],
      ],
      ['1.23457E+11', '1,5e+12', '1E+11', '1.2E+5', '12E+11'],
    ],
    ['an id that cannot be', `id,${runtime}\na b,1.1,debian\n`, [['device/id-characters', 2, 1]], []],
    ['a header alone', `id,${runtime}\n,,\n`, [['manifest/empty', 1, 1]], []],
    ['nothing', '\n\n', [['manifest/empty', 1, 1]], []],
    ['__proto__', `id,__proto__,${runtime}\na,x,1.1,debian\n`, [['manifest/unknown-key', 1, 4]], ['a']],
  ])('tells %s', async (_, text, expected, ids) => {
    expect(await faults(text)).toEqual([expected, ids]);
  });

  it.each([
    ['certficates.primary', 'certificates.primary'],
    ['Runtime.Version', 'runtime.version'],
    ['hostname', 'config.hostname'],
    ['certificates', 'certificates.primary'],
    ['config.agent.env', 'config.agent.env.NAME'],
  ])('asks whether column %s means %s', async (column, meant) => {
    const { findings } = await read({ 'd.csv': `id,${column}\na,x\n` });
    const details = { key: column, where: 'the header', suggestion: meant, known: [] };
    expect(findings[0]).toEqual({ ...told('manifest/unknown-key', details), place: at('d.csv', 1, 4) });
  });

  it('names the columns it knows where nothing is near', async () => {
    const { findings } = await read({ 'd.csv': `id,colour\na,red\n` });
    expect(findings[0]!.remedy).toContain('config.agent.env.NAME');
    const said = told('manifest/unknown-key', { key: 'colour', where: 'the header', known: [] });
    expect(findings[0]).toMatchObject({ rule: said.rule, message: said.message });
  });

  it.each<[string, string, SyntaxFault | DetailsOf['manifest/type'], line: number, column: number]>([
    ['a column twice', 'id,id\na,b\n', { kind: 'column-twice', column: 'id' }, 1, 4],
    ['a cell without a column', 'id\na,x y\n', { kind: 'cell-without-column', cell: 'x y' }, 2, 3],
    [
      'a long one, shortened',
      `id\na,${'x'.repeat(61)}\n`,
      { kind: 'cell-without-column', cell: `${'x'.repeat(59)}…` },
      2,
      3,
    ],
    ['a quote that is never closed', 'id,parent\na,"b\n', { kind: 'quote-not-closed' }, 2, 3],
    ['text behind a quote', 'id,parent\n"a"b,c\n', { kind: 'text-behind-quote' }, 2, 1],
    ['a quote inside a cell', 'id,parent\na,12" pipe\n', { kind: 'quote-in-cell' }, 2, 3],
    ['no runtime', 'id\na\n', { problem: 'no-runtime', key: 'runtime.version and runtime.platform' }, 2, 1],
  ])('tells what it found: %s', async (_, text, details, line, column) => {
    const { findings } = await read({ 'd.csv': text });
    const said = 'kind' in details ? told('manifest/syntax', details) : told('manifest/type', details);
    expect(findings[0]).toMatchObject({ ...said, place: at('d.csv', line, column) });
  });

  it('names the columns that there may be where there is none of ids', async () => {
    const { findings } = await read({ 'd.csv': `${runtime}\n1.1,debian\n` });
    const known = columns.map(({ name }) => name.replace(/\*+$/, 'NAME'));
    expect(known).toContain('config.agent.env.NAME');
    expect(findings).toEqual([
      { ...told('manifest/type', { problem: 'no-column', key: 'id', known }), place: at('d.csv', 1, 1) },
    ]);
  });
});

describe('whatever a spreadsheet does to a table, each cell is found where it stands', () => {
  const word = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'B', '0', '.', '"', ',', ';', '\t', '\n', '\r\n', ' ', 'é', '🚚') }),
    fc.constant(''),
  );
  const names = ['config.agent.env.A', 'id', 'parent', 'statusReason', 'config.agent.env.x y'];
  const table = fc.record({
    rows: fc.array(fc.tuple(word, word, word, word, word), { minLength: 1, maxLength: 6 }),
    delimiter: fc.constantFrom(',', ';', '\t'),
    end: fc.constantFrom('\n', '\r\n', '\r'),
    quoteAll: fc.boolean(),
    mark: fc.constantFrom('', '\n', '\r\n\n'),
  });

  it('in 300 tables', () => {
    fc.assert(
      fc.property(table, ({ rows, delimiter, end, quoteAll, mark }) => {
        const written = write([names, ...rows], delimiter, end, quoteAll, mark);
        const source = new SourceText('d.csv', written.text);
        const { node, problems, findings } = parseCsv(source);
        expect([problems, findings]).toEqual([[], []]);
        const full = rows
          .map((row, n) => [row, written.offsets[n + 1]!] as const)
          .filter(([row]) => row.some((cell) => shownText(cell, quoteAll) !== ''));
        for (const [n, [row, offsets]] of full.entries()) {
          for (const [column, name] of names.entries()) {
            const path = name.startsWith('config') ? ['config', 'agent', 'env', name.slice(17)] : [name];
            const found = nodeAt(node, ['devices', n, ...path]);
            const text = shownText(row[column]!, quoteAll);
            if (text === '') expect(found).toBeUndefined();
            else {
              expect(found).toMatchObject({ kind: 'scalar', value: text });
              expect(placeOf(found!)).toEqual(source.place(offsets[column]!));
            }
          }
        }
        expect(nodeAt(node, ['devices', full.length])).toBeUndefined();
      }),
      times(300),
    );
  });

  it('reading never throws', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('i', 'd', '"', ',', ';', '\n', '\r', ' ', 'é', '\ud800') }),
        (text) => {
          const { problems } = parseCsv(new SourceText('d.csv', text));
          for (const { offset } of problems) expect(offset).toBeLessThanOrEqual(text.length);
        },
      ),
      times(500),
    );
  });
});

const needsQuotes = /["\n\r,;\t]/;

function shownText(cell: string, quoteAll: boolean): string {
  return quoteAll || needsQuotes.test(cell) ? cell : cell.trim();
}

/** A table as a spreadsheet writes it, with the offset at which each value begins. */
function write(rows: readonly (readonly string[])[], delimiter: string, end: string, quoteAll: boolean, mark: string) {
  let text = mark;
  const offsets = rows.map((row) => {
    const ofRow = row.map((cell, index) => {
      if (index > 0) text += delimiter;
      const quoted = quoteAll || needsQuotes.test(cell);
      const offset = text.length + (quoted ? 0 : cell.length - cell.trimStart().length);
      text += quoted ? `"${cell.replaceAll('"', '""')}"` : cell;
      return offset;
    });
    text += end;
    return ofRow;
  });
  return { text, offsets };
}

describe('several manifests of several forms', () => {
  const yaml = (id: string) => `devices:\n  - { id: ${id}, runtime: { version: "1.1", platform: debian } }\n`;
  const csv = (...ids: string[]) => `id,${runtime}\n${ids.map((id) => `${id},1.1,debian\n`).join('')}`;

  it('make one fleet in the order of their names, whatever order the patterns and the disk have', async () => {
    const files = {
      'b/2.csv': csv('d', 'c'),
      'a.yaml': yaml('a'),
      'b/10.yaml': yaml('b'),
      'c.json': '{"devices": []}',
    };
    const orders = [
      ['a.yaml', 'b/*'],
      ['b/*.{csv,yaml}', '*.yaml'],
      ['**/*.yaml', 'b/2.csv', 'b/*.csv'],
    ];
    for (const patterns of orders) {
      const { value } = await read(files, patterns);
      expect(value.manifests).toEqual(['a.yaml', 'b/10.yaml', 'b/2.csv']);
      expect(value.devices.map(({ id }) => id)).toEqual(['a', 'b', 'd', 'c']);
    }
  });

  it('may each have their own defaults', async () => {
    const { value } = await read({
      'a.yaml': `defaults: { status: disabled }\n${yaml('a')}`,
      'b.yaml': yaml('b'),
      'c.csv': csv('c'),
    });
    expect(value.devices.map(({ status }) => status)).toEqual(['disabled', undefined, undefined]);
  });

  it('are refused when one id stands in two of them, at the second, which names the first', async () => {
    const folder = folderWith({ 'a.yaml': yaml('one'), 'b.csv': csv('two', 'one') });
    const fleet = await readFleet(['*.csv', '*.yaml'], openWorkspace(folder), noPairs);
    const { findings } = assignHubs(fleet.value, [], { use: 'none' });
    expect(findings).toMatchObject([
      {
        ...told('device/duplicate', { id: 'one', first: 'a.yaml:2' }),
        device: 'one',
        place: at('b.csv', 3, 1),
      },
    ]);
  });

  it('may be long: 20,000 rows of CSV are read in seconds, and each knows its place', async () => {
    const folder = folderWith();
    writeFileSync(join(folder, 'd.csv'), csv(...Array.from({ length: 20_000 }, (_, n) => `edge-${n}`)));
    const started = performance.now();
    const { value, findings } = await readFleet(['d.csv'], openWorkspace(folder), noPairs);
    expect(performance.now() - started).toBeLessThan(10_000);
    expect([value.devices.length, findings]).toEqual([20_000, []]);
    expect(value.devices.at(-1)!.place('runtime.version')).toMatchObject({ line: 20_001, column: 12 });
  });
});
