import type { DeviceId } from '../model/fleet.ts';

/** How the devices of a fleet are read from their hub. */
export type Reading = 'singly' | 'chunks' | 'scan';

/**
 * Up to this many devices are read one by one. This needs no statistics and no right to query. It reads the registry
 * itself, not an index that lags some seconds behind.
 */
export const fewDevices = 10;

/** The page size of Microsoft's samples. */
export const pageSize = 1_000;

const chunkSize = 100;

/**
 * The service refuses a query of more than about 8,200 bytes: https://github.com/Azure/azure-iot-sdk-csharp/issues/1680
 */
const longestQuery = 8_000;

/** How to read a fleet. `chunks`: the ids of each query. `single`: ids that are read one by one. */
export interface ReadingPlan {
  readonly chunks: readonly (readonly DeviceId[])[];
  readonly single: readonly DeviceId[];
}

/**
 * Splits a fleet into queries of at most 100 ids and 8,000 bytes. Ids with a quote are not queried, because it is not
 * documented how the query language escapes a quote.
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
 * Chooses the way with fewer calls. `hub`: how many devices the hub has. If both ways cost the same, it chooses chunks:
 * they run in parallel and return only the devices of the fleet, while the pages of a scan come one after the other.
 */
export function chooseReading(fleet: number, { chunks, single }: ReadingPlan, hub: number): Reading {
  if (fleet <= fewDevices) return 'singly';
  return chunks.length + single.length <= Math.max(1, Math.ceil(hub / pageSize)) ? 'chunks' : 'scan';
}

/** The query for one chunk. The ids must not contain a quote. */
export function chunkQuery(ids: readonly DeviceId[]): string {
  return `SELECT * FROM devices WHERE deviceId IN [${ids.map((id) => `'${id}'`).join(',')}]`;
}

export const scanQuery = 'SELECT * FROM devices';
export const edgeQuery = 'SELECT * FROM devices WHERE capabilities.iotEdge = true';
