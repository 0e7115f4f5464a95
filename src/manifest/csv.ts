import type { Finding } from '../model/finding.ts';
import { finding } from '../rules/rules.ts';
import { type Cell, readRows } from './csv-table.ts';
import type { Entries, Entry, Node, Scalar } from './node.ts';
import { columns as knownColumns } from './schema.generated.js';
import type { SourceText } from './source.ts';
import type { ParseResult, SyntaxProblem } from './syntax.ts';
import { suggest } from './validate.ts';

/**
 * Reads a table of devices: the first row names the keys by their dotted paths, each other row is a device. An empty cell
 * leaves its key out, a row of empty cells is none, and every value is text. Never throws; every problem has its offset.
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
    const nameless = cells.find(({ text }, index) => text !== '' && (header?.names[index] ?? '') === '');
    if (nameless !== undefined) problems.push(withoutColumn(nameless));
    // Most cells of a column say the same, and each was read as a text of its own.
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

/** What the first row says. */
interface Header {
  /** As written, by position; empty where a column has no name. */
  readonly names: readonly string[];
  readonly columns: readonly Column[];
  /** Whether there is a column of ids. */
  readonly identified: boolean;
  readonly problems: readonly SyntaxProblem[];
  readonly findings: readonly Finding[];
}

/** A key of the devices: its value stands at this position of a row, or it is a map of further keys. */
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
    if (seen.has(name)) problems.push({ what: `column "${name}" stands twice in the header`, offset });
    else if (isKnown(name)) plant(columns, name, position);
    else {
      const suggestion = suggestColumn(name);
      meant.add(suggestion);
      findings.push(unknownColumn(name, suggestion, source, offset));
    }
    seen.add(name);
  }
  const identified = seen.has('id');
  // A misspelt id is one fault, not two.
  if (!identified && !meant.has('id')) findings.push(withoutId(source, cells[0]?.offset ?? 0));
  return { names: cells.map(({ text }) => text), columns, identified, problems, findings };
}

const known = knownColumns.map(({ name }) => name);
const typesOf: ReadonlyMap<string, readonly string[]> = new Map(knownColumns.map(({ name, types }) => [name, types]));

/** Where a map may have any keys, the rest of the column's name is the key: `config.agent.env.NAME`. */
const open = known.filter((name) => /\.\*\*?$/.test(name)).map((name) => name.replace(/\*+$/, ''));
const shown = known.map((name) => name.replace(/\*+$/, 'NAME'));

/** Where those may be maps again, whose keys hold no dot: `tags.location.plant`. */
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

/** One row, as little as can be kept of it: fleets are long. */
interface Row {
  readonly source: SourceText;
  readonly texts: readonly string[];
  readonly offsets: readonly number[];
}

/** The cells of a row that are not empty, as the map they stand for; its nodes are made when they are asked for. */
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

/** A cell is text, unless its column also takes truth values or numbers and it is written as one. Spreadsheets write TRUE. */
function readCell(written: string, types: readonly string[]): Scalar {
  if (types.includes('boolean') && /^(true|false)$/i.test(written)) return written.toLowerCase() === 'true';
  if (types.includes('integer') && /^\d{1,9}$/.test(written)) return Number(written);
  return written;
}

function suggestColumn(name: string): string | undefined {
  // `hostname` for `config.hostname`, and `certificates` for its first; then what is spelt alike.
  const part = shown.find((column) => column.endsWith(`.${name}`) || column.startsWith(`${name}.`));
  return part ?? suggest(name, shown);
}

function unknownColumn(key: string, suggestion: string | undefined, source: SourceText, offset: number): Finding {
  const details = { key, where: 'the header', known: shown, ...(suggestion === undefined ? {} : { suggestion }) };
  return finding('manifest/unknown-key', details, { place: source.place(offset) });
}

function withoutId(source: SourceText, offset: number): Finding {
  const details = {
    key: 'id',
    expected: 'a column of this name',
    found: 'none in the first row',
    remedy: `Name the columns in the first row: id,certificates.primary,runtime.version,runtime.platform. Known are ${shown.join(', ')}.`,
  };
  return finding('manifest/type', details, { place: source.place(offset) });
}

function withoutColumn({ text, offset }: Cell): SyntaxProblem {
  const value = JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
  const what = `the cell ${value} has no name above it in the header; a value that holds the delimiter stands in quotes`;
  return { what, offset };
}
