import type { Columns, Evaluate } from './compile.ts';
import type { Aggregate, Projection } from './query.ts';

type Groups = Extract<Projection, { readonly kind: 'groups' }>;

interface Group {
  /** A value in the group, for the columns by which it is grouped. */
  readonly values: readonly (readonly [as: string, value: unknown])[];
  readonly totals: readonly Total[];
}

/** What is known about an aggregate's values so far. Only numbers count (assumed). */
interface Total {
  rows: number;
  numbers: number;
  sum: number;
  least: number;
  most: number;
}

/** One object for each group of rows, in the order in which the groups are met (assumed). */
export function groupedRows<Row>(
  rows: Iterable<Row>,
  { by, cells }: Groups,
  columns: Columns<Row>,
  nameOf: (path: readonly string[]) => string,
): readonly object[] {
  const keys = by.map(columns);
  const shown = cells.flatMap((cell) =>
    cell.kind === 'column' ? [{ as: cell.as ?? nameOf(cell.path), value: columns(cell.path) }] : [],
  );
  const aggregates = cells.filter((cell) => cell.kind !== 'column');
  const operands = aggregates.map(({ path }) => columns(path));
  const groups = new Map<string, Group>();
  // All rows are one group, even if there are none.
  if (by.length === 0) groups.set('', { values: [], totals: aggregates.map(nothing) });
  for (const row of rows) add(groupFor(row), operands, row);
  return [...groups.values()].map((group) => rendered(group, aggregates));

  function groupFor(row: Row): Group {
    const key = keys.length === 0 ? '' : JSON.stringify(keys.map((value) => value(row) ?? null));
    const known = groups.get(key);
    if (known !== undefined) return known;
    const values = shown.map(({ as, value }) => [as, value(row)] as const);
    const group = { values, totals: aggregates.map(nothing) };
    groups.set(key, group);
    return group;
  }
}

function nothing(): Total {
  return { rows: 0, numbers: 0, sum: 0, least: Number.POSITIVE_INFINITY, most: Number.NEGATIVE_INFINITY };
}

function add<Row>({ totals }: Group, operands: readonly Evaluate<Row>[], row: Row): void {
  for (const [at, total] of totals.entries()) {
    total.rows += 1;
    const value = operands[at]?.(row);
    if (typeof value !== 'number') continue;
    total.numbers += 1;
    total.sum += value;
    total.least = Math.min(total.least, value);
    total.most = Math.max(total.most, value);
  }
}

function rendered({ values, totals }: Group, aggregates: readonly Aggregate[]): object {
  const numbers = aggregates.map(({ kind, as }, at) => [as, numberOf(kind, totals[at] ?? nothing())] as const);
  return Object.fromEntries([...values, ...numbers].filter(([, value]) => value !== undefined));
}

/** What there is nothing of is left out, but for a count and a sum. */
function numberOf(kind: Aggregate['kind'], { rows, numbers, sum, least, most }: Total): number | undefined {
  if (kind === 'COUNT') return rows;
  if (kind === 'SUM') return sum;
  if (numbers === 0) return undefined;
  if (kind === 'AVG') return sum / numbers;
  return kind === 'MIN' ? least : most;
}
