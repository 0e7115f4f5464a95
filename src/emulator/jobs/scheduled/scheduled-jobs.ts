import { setImmediate as nextTurn } from 'node:timers/promises';
import { messageOf } from '../../../model/fault.ts';
import type { IdentityRegistry } from '../../devices/registry.ts';
import type { Pace } from '../../trouble/pace.ts';
import { Refused } from '../../wire/errors.ts';
import type { JsonObject } from '../../wire/json.ts';
import { perform, timedOut } from './perform.ts';
import { type DeviceResult, deviceJobDocument, type ScheduledJob } from './scheduled-job.ts';
import { targetsOf } from './targets.ts';

/** The jobs on queries of one hub. */
export interface ScheduledJobs {
  /** Takes a new job, which runs at its time. Throws `Refused`. */
  create(job: ScheduledJob): void;
  find(jobId: string): ScheduledJob | undefined;
  /** Oldest first. */
  list(): readonly ScheduledJob[];
  /** Cancels a job that does not run yet. Throws `Refused`: JobNotFound, OperationNotAllowedInCurrentState. */
  cancel(jobId: string): ScheduledJob;
  /** The rows of `FROM devices.jobs`. */
  rows(): Iterable<JsonObject>;
  /** Stops and forgets all jobs. */
  clear(): void;
  /** Stops all jobs. The next start goes on with those that did not run yet. */
  close(): Promise<void>;
}

/** How many jobs a hub of this size takes at a time, and how fast they go on. */
export interface JobLimits {
  readonly active: number;
  readonly devicesPerSecond: number;
}

export interface ScheduledJobsOptions {
  readonly registry: IdentityRegistry;
  readonly pace: Pace;
  /** If undefined, any number of jobs run as fast as they can. */
  readonly limits: JobLimits | undefined;
  /** The jobs of earlier runs. */
  readonly stored: readonly ScheduledJob[];
  /** Stores the jobs for the next run. */
  readonly keep: (jobs: readonly ScheduledJob[]) => void;
  /** Writes the devices to disk. */
  readonly flush: () => void;
}

/** `failureReason` of a job that ran when the hub was closed. */
export const endedWithHub = 'The hub ended before the job did; what it had done by then stays.';

const mostRemembered = { jobs: 100, results: 200_000 } as const;
const devicesBetweenTurns = 100;

export function createScheduledJobs(options: ScheduledJobsOptions): ScheduledJobs {
  const { registry, pace, limits } = options;
  const jobs = new Map<string, ScheduledJob>();
  const stops = new Map<string, AbortController>();
  const runs = new Set<Promise<void>>();
  const now = () => new Date(registry.clock()).toISOString();
  const keep = () => options.keep([...jobs.values()]);

  function change(job: ScheduledJob, more: Partial<ScheduledJob>): ScheduledJob {
    const changed = { ...job, ...more };
    jobs.set(job.jobId, changed);
    keep();
    return changed;
  }

  function begin(job: ScheduledJob): void {
    const stop = new AbortController();
    stops.set(job.jobId, stop);
    const done = run(job, stop.signal)
      .catch((error: unknown) => {
        if (stop.signal.aborted) return;
        const failed = jobs.get(job.jobId) ?? job;
        change(failed, { status: 'failed', failureReason: messageOf(error), endTime: now() });
      })
      .finally(() => {
        stops.delete(job.jobId);
        runs.delete(done);
      });
    runs.add(done);
  }

  async function run(job: ScheduledJob, signal: AbortSignal): Promise<void> {
    await nextTurn(undefined, { signal });
    const wait = Date.parse(job.startTime) - registry.clock();
    const due = wait > 0 ? change(job, { status: 'scheduled' }) : job;
    if (wait > 0) await pace.sleep(wait, signal);
    // A condition that is not understood fails the job here: creating it is allowed (reported from a live hub).
    const targets = targetsOf(registry.visible(), job.queryCondition);
    const results: DeviceResult[] = targets.map((deviceId) => ({ deviceId, status: 'pending' }));
    const running = change(due, { status: 'running', results });
    await work(running, results, signal);
    change(running, { status: 'completed', endTime: now() });
    forgetOld();
  }

  /** Fills in the results one by one, in order. */
  async function work({ task, ...job }: ScheduledJob, results: DeviceResult[], signal: AbortSignal): Promise<void> {
    const begun = pace.now();
    const end = begun + job.maxExecutionTimeInSeconds * 1000;
    for (const [at, { deviceId }] of results.entries()) {
      if (at % devicesBetweenTurns === devicesBetweenTurns - 1) await breathe(at, begun, signal);
      results[at] = pace.now() > end ? timedOut(deviceId, registry.clock()) : perform(task, deviceId, registry);
    }
    options.flush();
  }

  async function breathe(done: number, begun: number, signal: AbortSignal): Promise<void> {
    options.flush();
    const left = limits === undefined ? 0 : begun + (done * 1000) / limits.devicesPerSecond - pace.now();
    if (left > 0) await pace.sleep(left, signal);
    await nextTurn(undefined, { signal });
  }

  function forgetOld(): void {
    const ended = [...jobs.values()].filter(({ jobId }) => !stops.has(jobId));
    let results = [...jobs.values()].reduce((sum, job) => sum + (job.results?.length ?? 0), 0);
    for (const job of ended) {
      if (jobs.size <= mostRemembered.jobs && results <= mostRemembered.results) return;
      jobs.delete(job.jobId);
      results -= job.results?.length ?? 0;
    }
  }

  function stopAll(): void {
    for (const stop of stops.values()) stop.abort();
  }

  for (const job of options.stored) {
    jobs.set(job.jobId, job);
    if (job.status === 'running') change(job, { status: 'failed', failureReason: endedWithHub, endTime: now() });
    else if (isWaiting(job)) begin(job);
  }

  return {
    create(job) {
      if (jobs.has(job.jobId)) throw new Refused('JobAlreadyExists', `A job with ID '${job.jobId}' already exists.`);
      if (limits !== undefined && stops.size >= limits.active) {
        const text = `The hub runs at most ${limits.active} jobs at a time.`;
        throw new Refused('ThrottlingMaxActiveJobCountExceeded', text);
      }
      jobs.set(job.jobId, job);
      keep();
      begin(job);
    },
    find: (jobId) => jobs.get(jobId),
    list: () => [...jobs.values()],
    cancel(jobId) {
      const job = jobs.get(jobId);
      if (job === undefined) throw new Refused('JobNotFound', jobId);
      if (!isWaiting(job)) {
        throw new Refused('OperationNotAllowedInCurrentState', `The job is ${job.status} and cannot be cancelled.`);
      }
      stops.get(jobId)?.abort();
      return change(job, { status: 'cancelled', endTime: now() });
    },
    *rows() {
      for (const job of jobs.values()) {
        for (const result of job.results ?? []) yield deviceJobDocument(job, result);
      }
    },
    clear() {
      stopAll();
      jobs.clear();
      keep();
    },
    async close() {
      stopAll();
      await Promise.all(runs);
    },
  };
}

function isWaiting({ status }: ScheduledJob): boolean {
  return status === 'queued' || status === 'scheduled';
}
