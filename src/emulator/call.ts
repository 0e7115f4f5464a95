import type { Request } from './answer.ts';
import type { Jobs } from './jobs.ts';
import type { Metrics } from './metrics.ts';
import type { IdentityRegistry } from './registry.ts';
import type { PolicyKeys } from './rights.ts';

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

/** What every call works on. */
export interface Service {
  readonly registry: IdentityRegistry;
  readonly keys: PolicyKeys;
  readonly clock: () => number;
  /** The names a client may call this hub, in lower case. */
  readonly hosts: readonly string[];
  readonly counts: { -readonly [Name in keyof Counts]: Counts[Name] };
  readonly metrics: Metrics;
  readonly jobs: Jobs;
  /** Back to the state that the hub began with. */
  readonly reset: () => void;
}

/** One call, past its access check. */
export interface Call {
  readonly request: Request;
  readonly service: Service;
  readonly search: URLSearchParams;
  /** The device id of the path, decoded; empty where it has none. */
  readonly id: string;
  /** The same of the module. */
  readonly moduleId: string;
}
