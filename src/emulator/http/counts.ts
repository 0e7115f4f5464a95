/** Calls so far. `registryWrites` counts operations, as the service's quota does: a bulk of N devices is N. */
export interface Counts {
  readonly requests: number;
  readonly registryReads: number;
  readonly registryWrites: number;
  readonly queries: number;
  readonly twinReads: number;
  readonly twinWrites: number;
  /** Of import jobs. They are no registry operations: jobs are the service's way around that quota. */
  readonly importedLines: number;
  /** Calls refused since the quota was used up. */
  readonly throttled: number;
  /** Waited for the quota by all calls together, by the hub's clock. */
  readonly queuedMilliseconds: number;
}

export const noCounts: Counts = {
  requests: 0,
  registryReads: 0,
  registryWrites: 0,
  queries: 0,
  twinReads: 0,
  twinWrites: 0,
  importedLines: 0,
  throttled: 0,
  queuedMilliseconds: 0,
};
