import type { HubSecrets } from '../access/secrets.ts';
import type { IdentityRegistry } from '../devices/registry.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Request } from '../wire/answer.ts';
import type { Counts } from './counts.ts';
import type { Metrics } from './metrics.ts';

/** What every call works on. */
export interface Service {
  readonly registry: IdentityRegistry;
  readonly secrets: HubSecrets;
  readonly clock: () => number;
  /** The names a client may call this hub, in lower case; known once it listens. */
  readonly hosts: string[];
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
