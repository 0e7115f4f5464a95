import { createHash } from 'node:crypto';
import type { Identity } from '../devices/identity.ts';
import { twinDocument, twinValue } from '../twins/twin.ts';
import { Refused } from '../wire/errors.ts';
import { meets, type Projection, parseQuery, type Query } from './query.ts';

export interface QueryPage {
  readonly rows: readonly object[];
  /** `Twin` if rows are whole twins, `Raw` if they are chosen columns. */
  readonly itemType: 'Twin' | 'Raw';
  /** Absent on the last page. */
  readonly continuation: string | undefined;
}

/**
 * Returns one page of at most `most` rows. The continuation token names the query and the last device of the page, so
 * that devices that come and go between two pages do not shift the rows. `identities` must be in order of age, oldest
 * first. Throws `Refused` for a query or a token that it does not understand.
 */
export function queryPage(
  identities: Iterable<Identity>,
  text: string,
  most: number,
  token: string | undefined,
): QueryPage {
  const query = parseQuery(text);
  const { projection } = query;
  if (projection.kind === 'count') return counted(identities, query, projection.as);
  const fingerprint = createHash('sha256').update(text).digest('base64url').slice(0, 16);
  const after = lastGiven(token, fingerprint);
  const rows: object[] = [];
  let last = after;
  let continuation: string | undefined;
  for (const identity of identities) {
    if (!isLater(identity.generationId, after)) continue;
    if (!meets(query.where, (path) => twinValue(identity, path))) continue;
    if (rows.length === most) {
      continuation = `${fingerprint}.${last}`;
      break;
    }
    rows.push(row(identity, projection));
    last = identity.generationId;
  }
  return { rows, itemType: projection.kind === 'all' ? 'Twin' : 'Raw', continuation };
}

function lastGiven(token: string | undefined, fingerprint: string): string {
  if (token === undefined || token === '') return '';
  const after = token.match(/^[\w-]{16}\.(\d{1,20})$/)?.[1];
  if (after === undefined || !token.startsWith(fingerprint)) {
    throw new Refused('ArgumentInvalid', 'BadRequest: the continuation token is not one of this query.');
  }
  return after;
}

/** Compares two decimal numbers that are too large for a `number`. */
function isLater(ticks: string, than: string): boolean {
  return ticks.length === than.length ? ticks > than : ticks.length > than.length;
}

function counted(identities: Iterable<Identity>, query: Query, as: string): QueryPage {
  let count = 0;
  for (const identity of identities) if (meets(query.where, (path) => twinValue(identity, path))) count += 1;
  return { rows: [{ [as]: count }], itemType: 'Raw', continuation: undefined };
}

function row(identity: Identity, projection: Exclude<Projection, { readonly kind: 'count' }>): object {
  if (projection.kind === 'all') return twinDocument(identity);
  const cells = projection.columns.map((column) => [column.as, twinValue(identity, column.path)] as const);
  return Object.fromEntries(cells.filter(([, value]) => value !== undefined));
}
