import { Refused } from '../wire/errors.ts';

/** The versions of the service's swagger, which its SDKs have sent over the years. */
const known: ReadonlySet<string> = new Set([
  '2016-02-03',
  '2016-11-14',
  '2017-06-30',
  '2017-08-21-preview',
  '2017-11-08-preview',
  '2018-03-01-preview',
  '2018-04-01',
  '2018-06-30',
  '2018-08-30-preview',
  '2019-03-30',
  '2019-07-01-preview',
  '2019-10-01',
  '2020-03-01',
  '2020-03-13',
  '2020-05-31-preview',
  '2020-09-30',
  '2021-04-12',
]);
const newest = '2021-04-12';

/** The first version whose twins have `modelId`. In answers to 2020-03-13 there is none (recorded). */
const firstWithModel = '2020-05-31';

/** A twin as this version of the service shows it. */
export function twinOfVersion(twin: object, version: string | null): object {
  if (version === null || version >= firstWithModel) return twin;
  return Object.fromEntries(Object.entries(twin).filter(([name]) => name !== 'modelId'));
}

/**
 * Accepts every version of the list, and any later date up to today: newer versions work, but there is no list of them.
 * Throws `Refused` InvalidProtocolVersion. `now` is in milliseconds.
 */
export function requireApiVersion(version: string | null, now: number): void {
  const date = version?.match(/^(\d{4}-\d{2}-\d{2})(?:-preview)?$/)?.[1];
  const later = date !== undefined && date > newest && Date.parse(date) <= now;
  if (known.has(version ?? '') || later) return;
  throw new Refused('InvalidProtocolVersion', `The api-version '${(version ?? '').slice(0, 50)}' is not supported.`);
}
