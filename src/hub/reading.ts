import type { DeviceId } from '../model/fleet.ts';
import { tagMark } from '../model/tags.ts';

/** How the devices of a fleet are read from their hub. */
export type Reading = 'singly' | 'chunks' | 'scan';

/**
 * Up to so many devices are read one by one: that needs no statistics before, no right to query, and shows the registry
 * itself, not an index that lags some seconds behind.
 */
export const fewDevices = 10;

/** What Microsoft's samples ask for. */
export const pageSize = 1_000;

const chunkSize = 100;

/** The service refuses a query of more than about 8,200 bytes: https://github.com/Azure/azure-iot-sdk-csharp/issues/1680 */
const longestQuery = 8_000;

/** A fleet made ready for reading: the ids that go into queries, and those that are read one by one. */
export interface ReadingPlan {
  readonly chunks: readonly (readonly DeviceId[])[];
  readonly single: readonly DeviceId[];
}

/**
 * Cuts a fleet into queries of at most 100 ids and 8,000 bytes. Ids with a quote stay out of them: how the query language
 * escapes it is not documented.
 */
export function planReading(ids: readonly DeviceId[]): ReadingPlan {
  const chunks: DeviceId[][] = [];
  let length = 0;
  for (const id of ids) {
    if (id.includes("'")) continue;
    const chunk = chunks.at(-1);
    const added = id.length + 3; // two quotes and a comma
    if (chunk === undefined || chunk.length === chunkSize || length + added > longestQuery) {
      chunks.push([id]);
      length = chunkQuery([id]).length;
    } else {
      chunk.push(id);
      length += added;
    }
  }
  return { chunks, single: ids.filter((id) => id.includes("'")) };
}

/**
 * The cheaper of the two ways by query, in calls. `hub`: how many devices the hub has. Where both cost the same, chunks:
 * they go side by side and bring only what was asked for, while the pages of a scan come one after the other.
 */
export function chooseReading(fleet: number, { chunks, single }: ReadingPlan, hub: number): Reading {
  if (fleet <= fewDevices) return 'singly';
  return chunks.length + single.length <= Math.max(1, Math.ceil(hub / pageSize)) ? 'chunks' : 'scan';
}

/** The query for one chunk; none of the ids may hold a quote. */
export function chunkQuery(ids: readonly DeviceId[]): string {
  return `SELECT * FROM devices WHERE deviceId IN [${ids.map((id) => `'${id}'`).join(',')}]`;
}

/** The query for those of a few devices whose tags bear our mark. An id with a quote cannot be asked for: then for all that bear it. */
export function markedQuery(ids: readonly DeviceId[]): string {
  const isMarked = `IS_DEFINED(tags.${tagMark})`;
  const all = ids.some((id) => id.includes("'"));
  return all ? `${scanQuery} WHERE ${isMarked}` : `${chunkQuery(ids)} AND ${isMarked}`;
}

export const scanQuery = 'SELECT * FROM devices';
export const edgeQuery = 'SELECT * FROM devices WHERE capabilities.iotEdge = true';
