import { commentsOf, type TomlComment } from './comments.ts';
import type { CstNode } from './cst.ts';

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A value of a TOML text and where it stands. Offsets are in UTF-16 code units. */
export type TomlValue = TomlScalar | TomlList | TomlTable;

export interface TomlScalar extends Range {
  readonly kind: 'text' | 'integer' | 'float' | 'boolean' | 'date';
  readonly value: unknown;
}

export interface TomlList extends Range {
  readonly kind: 'list';
  readonly items: TomlValue[];
}

/** A table. Several parts of the text may say it: a header, the headers of tables inside it, keys with dots. */
export interface TomlTable extends Range {
  readonly kind: 'table';
  /**
   * - `root`: the top of the file.
   * - `header`: it has a header `[name]` of its own.
   * - `implied`: only tables inside it have headers.
   * - `dotted`: keys with dots make it, below the `body` that they stand in.
   * - `inline`: in braces.
   */
  form: 'root' | 'header' | 'implied' | 'dotted' | 'inline';
  readonly entries: Map<string, TomlEntry>;
  /** The end of the line behind which a new setting goes, or of the last setting in braces. */
  room: number;
  /** The names in front of a key of a dotted table, from the table that it stands in. */
  readonly prefix: readonly string[];
  /** Whether it stands in braces, itself or the table that its dotted keys stand in. */
  readonly inBraces: boolean;
  /** The lines that say it: headers and settings. Tables inside have their own. */
  readonly pieces: Range[];
}

export interface TomlEntry {
  /** The offset of the key, or of the header of a table. */
  readonly key: number;
  readonly value: TomlValue;
}

export interface TomlTree {
  readonly root: TomlTable;
  readonly comments: readonly TomlComment[];
  /** Where the first header begins; the length of the text if there is none. */
  readonly firstHeader: number;
}

/**
 * The settings of a text by their names. Settings of lists of tables (`[[name]]`) are in a list. The text must be valid
 * TOML.
 */
export function treeOf(nodes: readonly CstNode[], text: string): TomlTree {
  const root = newTable('root', { start: 0, end: text.length });
  for (const node of nodes) {
    if (node.type === 'KeyValue') addSetting(root, node, text);
    else if (node.type === 'Table' || node.type === 'TableArray') addTable(root, node, text);
  }
  const firstHeader = nodes.find(({ type }) => type === 'Table' || type === 'TableArray')?.start ?? text.length;
  return { root, comments: commentsOf(nodes, text), firstHeader };
}

function newTable(form: TomlTable['form'], { start, end }: Range, more: Partial<TomlTable> = {}): TomlTable {
  return {
    kind: 'table',
    form,
    start,
    end,
    entries: new Map(),
    room: start,
    prefix: [],
    inBraces: false,
    pieces: [],
    ...more,
  };
}

function addTable(root: TomlTable, node: CstNode, text: string): void {
  const names = node.key?.names ?? [];
  let table = root;
  for (const name of names.slice(0, -1)) table = tableAt(table, name, node);
  const name = names.at(-1) ?? '';
  const body = node.type === 'TableArray' ? newItem(table, name, node) : tableAt(table, name, node);
  body.form = 'header';
  body.room = lineEndOf(text, node.key?.end ?? node.start);
  const settings = node.items.filter(({ type }) => type === 'KeyValue');
  for (const setting of settings) addSetting(body, setting, text);
  body.pieces.push({ start: node.start, end: settings.at(-1)?.end ?? node.key?.end ?? node.start });
}

/** The table of a name, which a header names. In a list of tables it is the last one. */
function tableAt(parent: TomlTable, name: string, { start, end }: Range): TomlTable {
  const found = parent.entries.get(name)?.value;
  if (found?.kind === 'table') return found;
  const last = found?.kind === 'list' ? found.items.at(-1) : undefined;
  if (last?.kind === 'table') return last;
  const table = newTable('implied', { start, end });
  parent.entries.set(name, { key: start, value: table });
  return table;
}

function newItem(parent: TomlTable, name: string, { start, end }: Range): TomlTable {
  const item = newTable('header', { start, end });
  const found = parent.entries.get(name)?.value;
  if (found?.kind === 'list') found.items.push(item);
  else parent.entries.set(name, { key: start, value: { kind: 'list', start, end, items: [item] } });
  return item;
}

function addSetting(body: TomlTable, node: CstNode, text: string): void {
  const names = node.key?.names ?? [];
  const room = body.inBraces ? node.end : lineEndOf(text, node.end);
  body.room = room;
  let table = body;
  for (const name of names.slice(0, -1)) {
    const found = table.entries.get(name)?.value;
    const prefix = table === body ? [name] : [...table.prefix, name];
    const next = found?.kind === 'table' ? found : newTable('dotted', node, { prefix, inBraces: body.inBraces });
    if (next !== found) table.entries.set(name, { key: node.start, value: next });
    next.room = room;
    next.pieces.push({ start: node.start, end: node.end });
    table = next;
  }
  if (node.value === undefined) return;
  table.entries.set(names.at(-1) ?? '', { key: node.start, value: tomlValue(node.value, text) });
}

const scalars: ReadonlyMap<string, TomlScalar['kind']> = new Map([
  ['String', 'text'],
  ['Integer', 'integer'],
  ['Float', 'float'],
  ['Boolean', 'boolean'],
  ['DateTime', 'date'],
]);

function tomlValue(node: CstNode, text: string): TomlValue {
  const { type, start, end, scalar, items } = node;
  const kind = scalars.get(type);
  if (kind !== undefined) return { kind, start, end, value: scalar };
  if (type === 'InlineTable') {
    const table = newTable('inline', node, { room: start + 1, inBraces: true });
    for (const item of items) if (item.type === 'KeyValue') addSetting(table, item, text);
    return table;
  }
  const values = items.filter((item) => item.type !== 'Comment').map((item) => tomlValue(item, text));
  return { kind: 'list', start, end, items: values };
}

/** The end of the line at an offset, before the line break. */
export function lineEndOf(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  if (newline === -1) return text.length;
  return text[newline - 1] === '\r' ? newline - 1 : newline;
}

export function lineStartOf(text: string, offset: number): number {
  // lastIndexOf takes a negative place for the first one.
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}

/** The value at a path; undefined also if one of its parents is not a table. */
export function valueAt(table: TomlTable, [name = '', ...rest]: readonly string[]): TomlValue | undefined {
  const value = table.entries.get(name)?.value;
  if (rest.length === 0 || value === undefined) return value;
  return value.kind === 'table' ? valueAt(value, rest) : undefined;
}

/** The parts of the text that say a value: of a table those of all its tables too. */
export function piecesOf(value: TomlValue): readonly Range[] {
  if (value.kind === 'table')
    return [...value.pieces, ...[...value.entries.values()].flatMap((entry) => piecesOf(entry.value))];
  return value.kind === 'list' ? value.items.flatMap(piecesOf) : [];
}

/** Whether a setting `name = value` says it, so that the value can be replaced where it stands. */
export function isPlain(value: TomlValue): boolean {
  if (value.kind === 'table') return value.form === 'inline';
  return value.kind !== 'list' || !value.items.some((item) => item.kind === 'table' && item.form === 'header');
}

/** The value as a reader has it. */
export function plainOf(value: TomlValue): unknown {
  if (value.kind === 'table')
    return Object.fromEntries([...value.entries].map(([name, entry]) => [name, plainOf(entry.value)]));
  return value.kind === 'list' ? value.items.map(plainOf) : value.value;
}
