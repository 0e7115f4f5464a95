import { createHash } from 'node:crypto';
import type { Identity } from '../devices/identity.ts';
import { modulesOf } from '../devices/module.ts';
import {
  deviceColumn,
  deviceName,
  type ModuleRow,
  moduleColumn,
  moduleName,
  moduleTwinDocument,
  twinDocument,
} from '../twins/twin.ts';
import { Refused } from '../wire/errors.ts';
import { type Columns, compiledCondition } from './compile.ts';
import type { Path } from './expression.ts';
import { groupedRows } from './groups.ts';
import { parseQuery, type Query } from './query.ts';

export interface QueryPage {
  readonly rows: readonly object[];
  /** `Twin` if rows are whole twins, `Raw` if they are chosen columns. */
  readonly itemType: 'Twin' | 'Raw';
  /** Absent on the last page. */
  readonly continuation: string | undefined;
}

/** What a query goes through: devices, or modules. */
interface Collection<Row> {
  readonly rows: Iterable<Row>;
  readonly columns: Columns<Row>;
  /** The name of a column in the answer, if it is given none. */
  readonly nameOf: (path: Path) => string;
  readonly document: (row: Row) => object;
  readonly place: (row: Row) => Place;
}

/** A row's place in the order: the ticks of its device, and its module. */
type Place = readonly [ticks: string, moduleId: string];

/** The last row of the page before, and how many rows there have been. */
interface Position {
  readonly after: Place | undefined;
  readonly given: number;
}

/**
 * Returns one page of at most `most` rows. The continuation token names the query and the last row of the page, so
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
  const fingerprint = createHash('sha256').update(text).digest('base64url').slice(0, 16);
  const position = positionIn(token, fingerprint);
  const page = query.source === 'devices' ? pageOf(devicesIn(identities)) : pageOf(modulesIn(identities));
  const { next } = page;
  return { ...page, continuation: next === undefined ? undefined : tokenOf(fingerprint, next) };

  function pageOf<Row>(collection: Collection<Row>) {
    if (query.projection.kind === 'groups') return groupPage(collection, query, most, position.given);
    return rowPage(collection, query, most, position);
  }
}

/** How many rows a query finds. Throws `Refused` for one that it does not understand. */
export function countOf(identities: Iterable<Identity>, text: string): number {
  let count = 0;
  let token: string | undefined;
  do {
    const page = queryPage(identities, text, 1_000_000, token);
    count += page.rows.length;
    token = page.continuation;
  } while (token !== undefined);
  return count;
}

function devicesIn(identities: Iterable<Identity>): Collection<Identity> {
  return {
    rows: identities,
    columns: deviceColumn,
    nameOf: deviceName,
    document: twinDocument,
    place: ({ generationId }) => [generationId, ''],
  };
}

function modulesIn(identities: Iterable<Identity>): Collection<ModuleRow> {
  return {
    rows: modulesOfAll(identities),
    columns: moduleColumn,
    nameOf: moduleName,
    document: ({ device, module }) => moduleTwinDocument(device.deviceId, module),
    place: ({ device, module }) => [device.generationId, module.moduleId],
  };
}

function* modulesOfAll(identities: Iterable<Identity>): Iterable<ModuleRow> {
  for (const device of identities) for (const module of modulesOf(device)) yield { device, module };
}

interface Page {
  readonly rows: readonly object[];
  readonly itemType: 'Twin' | 'Raw';
  readonly next: Position | undefined;
}

function rowPage<Row>(collection: Collection<Row>, query: Query, most: number, position: Position): Page {
  const { place } = collection;
  const meets = compiledCondition(query.where, collection.columns);
  const row = rowForm(collection, query);
  const room = Math.min(most, (query.top ?? Number.POSITIVE_INFINITY) - position.given);
  const rows: object[] = [];
  const itemType = query.projection.kind === 'all' ? 'Twin' : 'Raw';
  let last: Place | undefined;
  const isLater = later(position.after);
  for (const each of collection.rows) {
    if (!isLater(place(each)) || !meets(each)) continue;
    if (rows.length === room) {
      const given = position.given + rows.length;
      return { rows, itemType, next: given === query.top ? undefined : { after: last, given } };
    }
    rows.push(row(each));
    last = place(each);
  }
  return { rows, itemType, next: undefined };
}

function rowForm<Row>({ document, columns, nameOf }: Collection<Row>, { projection }: Query): (row: Row) => object {
  if (projection.kind !== 'columns') return document;
  const cells = projection.columns.map(({ path, as }) => ({ as: as ?? nameOf(path), value: columns(path) }));
  return (row) =>
    Object.fromEntries(
      cells.map(({ as, value }) => [as, value(row)] as const).filter(([, value]) => value !== undefined),
    );
}

function groupPage<Row>(collection: Collection<Row>, query: Query, most: number, given: number): Page {
  const { projection, where, top } = query;
  const meets = compiledCondition(where, collection.columns);
  const all =
    projection.kind === 'groups'
      ? groupedRows(filtered(collection.rows, meets), projection, collection.columns, collection.nameOf)
      : [];
  const wanted = all.slice(0, top);
  const end = given + most;
  const next = end < wanted.length ? { after: undefined, given: end } : undefined;
  return { rows: wanted.slice(given, end), itemType: 'Raw', next };
}

function* filtered<Row>(rows: Iterable<Row>, meets: (row: Row) => boolean): Iterable<Row> {
  for (const row of rows) if (meets(row)) yield row;
}

/** Whether a row comes after the last one of the page before. Asked for each row in order. */
function later(after: Place | undefined): (place: Place) => boolean {
  if (after === undefined) return () => true;
  const [ticks, moduleId] = after;
  let passed = false;
  return ([here, module]) => {
    if (here !== ticks) return isLater(here, ticks);
    const result = passed;
    if (module === moduleId) passed = true;
    return result;
  };
}

/** Compares two decimal numbers that are too large for a `number`. */
function isLater(ticks: string, than: string): boolean {
  return ticks.length === than.length ? ticks > than : ticks.length > than.length;
}

function tokenOf(fingerprint: string, { after, given }: Position): string {
  const place = after === undefined ? [] : after;
  return Buffer.from(JSON.stringify([fingerprint, given, ...place])).toString('base64url');
}

function positionIn(token: string | undefined, fingerprint: string): Position {
  if (token === undefined || token === '') return { after: undefined, given: 0 };
  const read = parsed(Buffer.from(token, 'base64url').toString());
  if (Array.isArray(read) && read[0] === fingerprint) {
    const [, given, ticks, moduleId]: readonly unknown[] = read;
    const counted = typeof given === 'number' && Number.isSafeInteger(given) && given >= 0;
    if (counted && ticks === undefined) return { after: undefined, given };
    if (counted && typeof ticks === 'string' && /^\d{1,20}$/.test(ticks) && typeof moduleId === 'string') {
      return { after: [ticks, moduleId], given };
    }
  }
  throw new Refused('ArgumentInvalid', 'BadRequest: the continuation token is not one of this query.');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
