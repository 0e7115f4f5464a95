import type { Finding } from '../model/finding.ts';
import { finding } from '../rules/rules.ts';
import { type Cell, readRows } from './csv-table.ts';
import { most } from './limits.ts';
import type { Entries, Entry, Node, Scalar } from './node.ts';
import { columns as knownColumns } from './schema.generated.js';
import type { SourceText } from './source.ts';
import { type ParseResult, Problem, type SyntaxProblem, tooDeep, tooLong, tooMany } from './syntax.ts';
import { suggest } from './validate.ts';

/**
 * Reads a table of devices: the first row names the keys by their dotted paths, each other row is a device. An empty cell
 * leaves its key out. A row of only empty cells is skipped. Every value is text, unless its column also takes booleans or
 * numbers. Never throws; every problem has an offset.
 */
export function parseCsv(source: SourceText): ParseResult {
  const devices: Node[] = [];
  const problems: SyntaxProblem[] = [];
  let header: Header | undefined;
  let texts: readonly string[] = [];
  const broken = readRows(source.text, (cells) => {
    if (cells.every(({ text }) => text === '')) return;
    if (header === undefined) {
      header = readHeader(cells, source);
      problems.push(...header.problems);
      return;
    }
    if (devices.length >= most.devices) throw new Problem(tooMany('devices', cells[0]?.offset ?? 0));
    const nameless = cells.find(({ text }, index) => text !== '' && (header?.names[index] ?? '') === '');
    if (nameless !== undefined) problems.push(withoutColumn(nameless));
    // Most cells of a column are equal, and the parser makes a string for each. Keep one string for equal cells in sequence.
    const above = texts;
    texts = cells.map(({ text }, index) => (above[index] === text ? above[index] : text));
    const row = { source, texts, offsets: cells.map(({ offset }) => offset) };
    devices.push({ kind: 'map', source, offset: row.offsets[0] ?? 0, entries: new CellMap(header.columns, row) });
  });
  if (broken !== undefined) problems.push(broken);
  if (problems.length > 0 || header === undefined) return { problems };
  const { findings, identified } = header;
  if (!identified) return { problems, findings };
  const list: Node = { kind: 'list', source, offset: 0, items: devices };
  const entries = new Map<string, Entry>([['devices', { keyOffset: 0, node: list }]]);
  return { node: { kind: 'map', source, offset: 0, entries }, problems, findings };
}

/** The content of the first row. */
interface Header {
  /** The names of the columns as written, by position; empty if a column has no name. */
  readonly names: readonly string[];
  readonly columns: readonly Column[];
  /** Whether there is a column named `id`. */
  readonly identified: boolean;
  readonly problems: readonly SyntaxProblem[];
  readonly findings: readonly Finding[];
}

/** A key of the devices. Its value is at this position of a row, or it is a map of more keys. */
type Column = { readonly name: string } & (
  | { readonly position: number; readonly types: readonly string[] }
  | { readonly columns: Column[] }
);

function readHeader(cells: readonly Cell[], source: SourceText): Header {
  const columns: Column[] = [];
  const problems: SyntaxProblem[] = [];
  const findings: Finding[] = [];
  const seen = new Set<string>();
  const meant = new Set<string | undefined>();
  for (const [position, { text: name, offset }] of cells.entries()) {
    if (name === '') continue;
    const refused = refusalOfColumn(name, offset);
    if (refused !== undefined) problems.push(refused);
    else if (seen.has(name)) problems.push({ fault: { kind: 'column-twice', column: name }, offset });
    else if (isKnown(name)) plant(columns, name, position);
    else {
      const suggestion = suggestColumn(name);
      meant.add(suggestion);
      findings.push(unknownColumn(name, suggestion, source, offset));
    }
    seen.add(name);
  }
  const identified = seen.has('id');
  // A misspelt `id` column is one fault, not two.
  if (!identified && !meant.has('id')) findings.push(withoutId(source, cells[0]?.offset ?? 0));
  return { names: cells.map(({ text }) => text), columns, identified, problems, findings };
}

/** A column is refused where the key that it names would be. The key lies in a device, and the device in a list. */
function refusalOfColumn(name: string, offset: number): SyntaxProblem | undefined {
  const steps = name.split('.');
  return steps.length > most.levels - 2
    ? tooDeep(offset)
    : steps.map((step) => tooLong(step, offset)).find((refused) => refused !== undefined);
}

const known = knownColumns.map(({ name }) => name);
const typesOf: ReadonlyMap<string, readonly string[]> = new Map(knownColumns.map(({ name, types }) => [name, types]));

/** Prefixes of maps with free keys. The rest of the column's name is the key: `config.agent.env.NAME`. */
const open = known.filter((name) => /\.\*\*?$/.test(name)).map((name) => name.replace(/\*+$/, ''));
const shown = known.map((name) => name.replace(/\*+$/, 'NAME'));

/** The prefixes of maps that may hold maps again, whose keys have no dot: `tags.location.plant`. */
const deep = known.filter((name) => name.endsWith('.**')).map((name) => name.slice(0, -2));

function isKnown(name: string): boolean {
  return known.includes(name) || open.some((prefix) => name.startsWith(prefix) && name.length > prefix.length);
}

function plant(columns: Column[], name: string, position: number): void {
  const prefix = open.find((start) => name.startsWith(start) && !deep.includes(start));
  const keys = prefix === undefined ? name.split('.') : [...prefix.split('.').slice(0, -1), name.slice(prefix.length)];
  const [last = '', ...above] = keys.reverse();
  let here = columns;
  for (const key of above.reverse()) {
    const found = here.find((column) => column.name === key);
    if (found !== undefined && 'columns' in found) here = found.columns;
    else {
      const below: Column[] = [];
      here.push({ name: key, columns: below });
      here = below;
    }
  }
  here.push({ name: last, position, types: typesOf.get(name) ?? [] });
}

/** One row. It keeps as little as possible, since fleets are long. */
interface Row {
  readonly source: SourceText;
  readonly texts: readonly string[];
  readonly offsets: readonly number[];
}

/** The non-empty cells of a row as a map. Its nodes are made on access. */
class CellMap implements Entries {
  readonly columns: readonly Column[];
  readonly row: Row;

  constructor(columns: readonly Column[], row: Row) {
    this.columns = columns;
    this.row = row;
  }

  get(key: string): Entry | undefined {
    const column = this.columns.find(({ name }) => name === key);
    return column === undefined ? undefined : entryOf(column, this.row);
  }

  *[Symbol.iterator](): Generator<readonly [string, Entry]> {
    for (const column of this.columns) {
      const entry = entryOf(column, this.row);
      if (entry !== undefined) yield [column.name, entry];
    }
  }
}

function entryOf(column: Column, row: Row): Entry | undefined {
  const { source } = row;
  if ('columns' in column) {
    const entries = new CellMap(column.columns, row);
    const [first] = entries;
    if (first === undefined) return undefined;
    const offset = first[1].keyOffset;
    return { keyOffset: offset, node: { kind: 'map', source, offset, entries } };
  }
  const written = row.texts[column.position] ?? '';
  const offset = row.offsets[column.position] ?? 0;
  if (written === '') return undefined;
  return {
    keyOffset: offset,
    node: { kind: 'scalar', source, offset, value: readCell(written, column.types), written },
  };
}

/** Reads a cell as text, or as a boolean or number if its column takes one and the cell looks like one. Spreadsheets write TRUE. */
function readCell(written: string, types: readonly string[]): Scalar {
  if (types.includes('boolean') && /^(true|false)$/i.test(written)) return written.toLowerCase() === 'true';
  if (types.includes('integer') && /^\d{1,9}$/.test(written)) return Number(written);
  return written;
}

function suggestColumn(name: string): string | undefined {
  // First `config.hostname` for `hostname` and the first key below `certificates` for `certificates`; then similar spellings.
  const part = shown.find((column) => column.endsWith(`.${name}`) || column.startsWith(`${name}.`));
  return part ?? suggest(name, shown);
}

function unknownColumn(key: string, suggestion: string | undefined, source: SourceText, offset: number): Finding {
  const details = { key, where: 'the header', known: shown, ...(suggestion === undefined ? {} : { suggestion }) };
  return finding('manifest/unknown-key', details, { place: source.place(offset) });
}

function withoutId(source: SourceText, offset: number): Finding {
  const details = { problem: 'no-column', key: 'id', known: shown } as const;
  return finding('manifest/type', details, { place: source.place(offset) });
}

function withoutColumn({ text, offset }: Cell): SyntaxProblem {
  const cell = text.length > 60 ? `${text.slice(0, 59)}…` : text;
  return { fault: { kind: 'cell-without-column', cell }, offset };
}
