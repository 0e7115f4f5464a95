import type { HubSecrets } from '../access/secrets.ts';
import type { Configurations } from '../configurations/configurations.ts';
import type { Evaluation } from '../configurations/evaluation.ts';
import type { IdentityRegistry } from '../devices/registry.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { ScheduledJobs } from '../jobs/scheduled/scheduled-jobs.ts';
import type { Request } from '../wire/answer.ts';
import type { Counts } from './counts.ts';
import type { Metrics } from './metrics.ts';

/** The parts of the hub that calls use. */
export interface Service {
  readonly registry: IdentityRegistry;
  readonly secrets: HubSecrets;
  readonly clock: () => number;
  /** The names by which a client may call this hub, in lower case. They are known once it listens. */
  readonly hosts: string[];
  readonly counts: { -readonly [Name in keyof Counts]: Counts[Name] };
  readonly metrics: Metrics;
  readonly jobs: Jobs;
  readonly scheduled: ScheduledJobs;
  readonly configurations: Configurations;
  readonly evaluation: Evaluation;
  /** Goes back to the state that the hub began with. */
  readonly reset: () => void;
}

/** One call that has passed its access check. */
export interface Call {
  readonly request: Request;
  readonly service: Service;
  readonly search: URLSearchParams;
  /** The device id in the path, decoded. Empty if the path has none. */
  readonly id: string;
  /** The module id in the path, likewise. */
  readonly moduleId: string;
}
