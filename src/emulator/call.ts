import type { Request } from './answer.ts';
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
}

/** What every call works on. */
export interface Service {
  readonly registry: IdentityRegistry;
  readonly keys: PolicyKeys;
  readonly clock: () => number;
  /** The names a client may call this hub, in lower case. */
  readonly hosts: readonly string[];
  readonly counts: { -readonly [Name in keyof Counts]: Counts[Name] };
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
