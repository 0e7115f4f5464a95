import { type Expression, expressionOf, type Path } from './expression.ts';
import { notUnderstood } from './not-understood.ts';
import { type Reader, reader } from './reader.ts';
import { tokens } from './tokens.ts';

/** A query over devices or modules. */
export interface Query {
  readonly source: Source;
  /** The most rows of all pages together. */
  readonly top: number | undefined;
  readonly projection: Projection;
  readonly where: Expression | undefined;
}

const sources = ['devices', 'devices.modules'] as const;
export type Source = (typeof sources)[number];

/** `SELECT *`, a list of columns, or numbers about groups of rows. Without GROUP BY all rows are one group. */
export type Projection =
  | { readonly kind: 'all' }
  | { readonly kind: 'columns'; readonly columns: readonly Column[] }
  | { readonly kind: 'groups'; readonly by: readonly Path[]; readonly cells: readonly Cell[] };

/** A dotted name, and the name of its value in the answer if it is given one. */
export interface Column {
  readonly kind: 'column';
  readonly path: Path;
  readonly as: string | undefined;
}

const aggregates = ['COUNT', 'AVG', 'SUM', 'MIN', 'MAX'] as const;

export interface Aggregate {
  readonly kind: (typeof aggregates)[number];
  /** Empty for COUNT. */
  readonly path: Path;
  readonly as: string;
}

export type Cell = Column | Aggregate;

/** Documented: https://learn.microsoft.com/azure/iot-hub/query-twins#twin-query-limitations */
const longest = 8192;

/**
 * Reads a query: `SELECT [TOP n] list FROM devices | devices.modules [WHERE condition] [GROUP BY columns]`. Throws
 * `Refused` for anything else.
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-query-language
 */
export function parseQuery(text: string): Query {
  if (text.length > longest) throw notUnderstood(`it has ${text.length} characters, at most ${longest} are allowed`);
  const rest = reader(tokens(text));
  rest.keyword('SELECT');
  const top = rest.takeKeyword('TOP') ? topOf(rest) : undefined;
  const cells = rest.take('*') ? undefined : rest.list(() => cellOf(rest));
  const source = sourceOf(rest);
  const where = rest.takeKeyword('WHERE') ? expressionOf(rest) : undefined;
  const by = groupingOf(rest);
  if (rest.isKeyword('ORDER')) throw notUnderstood('ORDER BY is not supported');
  rest.end();
  if (by !== undefined && source !== 'devices') throw notUnderstood('GROUP BY is for device twins only');
  return { source, top, where, projection: projectionOf(cells, by) };
}

/** A condition alone, and the collection that it names, as `FROM devices.modules WHERE …`; undefined if it names none. */
export interface Condition {
  readonly source: Source | undefined;
  readonly where: Expression | undefined;
}

export function parseCondition(text: string): Condition {
  if (text.length > longest) throw notUnderstood(`it has ${text.length} characters, at most ${longest} are allowed`);
  const all = tokens(text);
  // Documented for target conditions: only single quotes, doubled within a text.
  if (all.some(({ quote }) => quote === '"')) throw notUnderstood('double quotes are not allowed in a condition');
  const rest = reader(all);
  const source = rest.isKeyword('FROM') ? sourceOf(rest) : undefined;
  const where = source === undefined || rest.takeKeyword('WHERE') ? expressionOf(rest) : undefined;
  rest.end();
  return { source, where };
}

function topOf(rest: Reader): number {
  const token = rest.next();
  const top = token.kind === 'number' ? Number(token.text) : 0;
  if (!Number.isInteger(top) || top < 1)
    throw notUnderstood(`a number was expected after TOP instead of ${token.text}`);
  return top;
}

function sourceOf(rest: Reader): Source {
  rest.keyword('FROM');
  const named = rest.name().join('.');
  const source = sources.find((each) => each === named.toLowerCase());
  if (source === undefined) {
    throw notUnderstood(`FROM ${named} is not served by this hub, only FROM ${sources.join(' and FROM ')}`);
  }
  return source;
}

function cellOf(rest: Reader): Cell {
  if (!rest.isCall()) {
    const path = rest.name();
    return { kind: 'column', path, as: aliasOf(rest) };
  }
  const { text } = rest.next();
  const kind = aggregates.find((name) => name === text.toUpperCase());
  if (kind === undefined) throw notUnderstood(`the function ${text} is not supported here`);
  rest.symbol('(');
  const path = kind === 'COUNT' ? [] : rest.name();
  rest.symbol(')');
  return { kind, path, as: aliasOf(rest) ?? kind.toLowerCase() };
}

function aliasOf(rest: Reader): string | undefined {
  return rest.takeKeyword('AS') ? rest.name().at(-1) : undefined;
}

function groupingOf(rest: Reader): readonly Path[] | undefined {
  if (!rest.takeKeyword('GROUP')) return undefined;
  rest.keyword('BY');
  return rest.list(() => rest.name());
}

function projectionOf(cells: readonly Cell[] | undefined, by: readonly Path[] | undefined): Projection {
  if (cells === undefined) {
    if (by !== undefined) throw notUnderstood('GROUP BY does not go with SELECT *');
    return { kind: 'all' };
  }
  const columns = cells.filter((cell) => cell.kind === 'column');
  if (by === undefined && columns.length === cells.length) return { kind: 'columns', columns };
  const grouped = new Set((by ?? []).map(nameOf));
  const other = columns.find(({ path }) => !grouped.has(nameOf(path)));
  if (other !== undefined) throw notUnderstood(`${other.path.join('.')} is selected and not in GROUP BY`);
  return { kind: 'groups', by: by ?? [], cells };
}

function nameOf(path: Path): string {
  return path.join('.').toLowerCase();
}
