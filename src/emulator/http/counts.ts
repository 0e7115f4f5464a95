/**
 * Number of calls so far. `registryWrites` counts operations, as the service's quota does: a bulk of N devices counts
 * N.
 */
export interface Counts {
  readonly requests: number;
  readonly registryReads: number;
  readonly registryWrites: number;
  readonly queries: number;
  readonly twinReads: number;
  readonly twinWrites: number;
  readonly configurationReads: number;
  readonly configurationWrites: number;
  /** Lines of import jobs. They are not registry operations: jobs do not use that quota. */
  readonly importedLines: number;
  /** Calls that were refused because the quota was used up. */
  readonly throttled: number;
  /** Time that all calls together have waited for the quota, by the hub's clock. */
  readonly queuedMilliseconds: number;
}

export const noCounts: Counts = {
  requests: 0,
  registryReads: 0,
  registryWrites: 0,
  queries: 0,
  twinReads: 0,
  twinWrites: 0,
  configurationReads: 0,
  configurationWrites: 0,
  importedLines: 0,
  throttled: 0,
  queuedMilliseconds: 0,
};
