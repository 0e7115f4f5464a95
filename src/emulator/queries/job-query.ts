import { createHash } from 'node:crypto';
import { Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { compiledCondition } from './compile.ts';
import type { Path } from './expression.ts';
import { groupedRows } from './groups.ts';
import { type Projection, parseQuery } from './query.ts';

export interface JobQueryPage {
  readonly rows: readonly object[];
  /** `DeviceJob` if rows are whole, `Raw` if they are chosen columns. */
  readonly itemType: 'DeviceJob' | 'Raw';
  /** Absent on the last page. */
  readonly continuation: string | undefined;
}

/** Nothing before FROM can hold a text in quotes, so the first match is the clause. */
const source = /\bFROM\s+devices\.jobs\b/i;

/** Whether a query asks for the jobs of devices. */
export function asksForJobs(text: string): boolean {
  return source.test(text);
}

/**
 * One page of `FROM devices.jobs`, of at most `most` rows. Columns may be written with or without `devices.jobs.` before
 * them. https://learn.microsoft.com/azure/iot-hub/query-jobs
 */
export function jobQueryPage(
  all: Iterable<JsonObject>,
  text: string,
  most: number,
  token: string | undefined,
): JobQueryPage {
  const { projection, where } = parseQuery(text.replace(source, 'FROM devices'));
  const columns = (path: Path) => (row: JsonObject) => valueIn(row, path);
  const met = [...all].filter(compiledCondition(where, columns));
  if (projection.kind === 'groups') {
    return { rows: groupedRows(met, projection, columns, nameOf), itemType: 'Raw', continuation: undefined };
  }
  const fingerprint = createHash('sha256').update(text).digest('base64url').slice(0, 16);
  const from = placeIn(token, fingerprint);
  const rows = met.slice(from, from + most).map((row) => chosen(row, projection));
  return {
    rows,
    itemType: projection.kind === 'all' ? 'DeviceJob' : 'Raw',
    continuation: from + most < met.length ? `${fingerprint}.${from + most}` : undefined,
  };
}

function placeIn(token: string | undefined, fingerprint: string): number {
  if (token === undefined || token === '') return 0;
  const place = token.startsWith(`${fingerprint}.`) ? token.slice(fingerprint.length + 1) : '';
  if (/^\d{1,9}$/.test(place)) return Number(place);
  throw new Refused('ArgumentInvalid', 'BadRequest: the continuation token is not one of this query.');
}

function chosen(row: JsonObject, projection: Exclude<Projection, { readonly kind: 'groups' }>): object {
  if (projection.kind === 'all') return row;
  const cells = projection.columns.map(({ as, path }) => [as ?? nameOf(path), valueIn(row, path)] as const);
  return Object.fromEntries(cells.filter(([, value]) => value !== undefined));
}

function nameOf(path: Path): string {
  return path.at(-1) ?? '';
}

function valueIn(row: JsonObject, path: Path): unknown {
  const prefixed = path[0]?.toLowerCase() === 'devices' && path[1]?.toLowerCase() === 'jobs';
  let value: unknown = row;
  for (const name of prefixed ? path.slice(2) : path) value = isJsonObject(value) ? property(value, name) : undefined;
  return value;
}
