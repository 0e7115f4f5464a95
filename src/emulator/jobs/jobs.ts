import { randomUUID } from 'node:crypto';
import { messageOf } from '../../model/fault.ts';
import type { IdentityRegistry } from '../devices/registry.ts';
import type { Pace } from '../trouble/pace.ts';
import { Refused } from '../wire/errors.ts';
import { openContainer } from './blob-container.ts';
import { openExport, type WantedExport } from './export-job.ts';
import { openImport, type WantedImport } from './import-job.ts';
import type { RefuseLine } from './import-lines.ts';
import type { Work } from './work.ts';

/** A job, as the hub shows and stores it. */
export interface Job {
  readonly jobId: string;
  /** ISO 8601. */
  readonly startTimeUtc: string;
  readonly endTimeUtc?: string;
  readonly type: 'import' | 'export';
  readonly status: 'enqueued' | 'running' | 'completed' | 'failed' | 'cancelled';
  /** Percent. */
  readonly progress: number;
  readonly outputBlobContainerUri: string;
  /** Only of exports. */
  readonly excludeKeysInExport?: boolean;
  readonly failureReason?: string;
  readonly storageAuthenticationType?: StorageAuthentication;
}

export type StorageAuthentication = 'keyBased' | 'identityBased';

/** The job that a client asks for. */
export type WantedJob = (WantedImport | WantedExport) & {
  readonly storageAuthenticationType: StorageAuthentication | undefined;
};

/** The import and export jobs of one hub. One runs at a time. */
export interface Jobs {
  /** Checks that the job can read its input and write its output, and starts it. Rejects with `Refused`. */
  create(wanted: WantedJob): Promise<Job>;
  /** Throws `Refused` JobNotFound. */
  get(jobId: string): Job;
  /** Oldest first. */
  list(): readonly Job[];
  /** Ends the job if it has not ended. What it has written stays. Throws `Refused` JobNotFound. */
  cancel(jobId: string): void;
  /** Cancels and forgets all jobs. */
  clear(): void;
  /** Stops the running job, which the next start shows as failed. */
  close(): Promise<void>;
}

export interface JobsOptions {
  readonly registry: IdentityRegistry;
  readonly clock: () => number;
  readonly pace: Pace;
  /** Lines a minute of an import. If undefined, jobs run as fast as they can and without the service's delays. */
  readonly linesPerMinute: number | undefined;
  /** The jobs of earlier runs. */
  readonly stored: readonly Job[];
  /** Stores the jobs for the next run. */
  readonly keep: (jobs: readonly Job[]) => void;
  /** The configurations in their JSON form, for exports. Absent if there are none. */
  readonly configurations?: () => Iterable<object>;
  /** Called after each part of an import. Writes the devices to disk. */
  readonly imported: (lines: number) => void;
  /**
   * Replaces the hub's managed identity: returns the URL by which it may use this container. If undefined, the hub has
   * no identity.
   */
  readonly identity: ((containerUri: string) => string) | undefined;
  /** For tests: decides which lines are refused. */
  readonly refuseLine?: RefuseLine | undefined;
}

/** Milliseconds (recorded). */
const enqueuedFor = 1000;
const mostRemembered = 100;

export function createJobs(options: JobsOptions): Jobs {
  const { clock, pace, linesPerMinute } = options;
  const jobs = new Map(options.stored.map((job) => [job.jobId, ended(job) ? job : interrupted(job, clock())]));
  let current: { readonly jobId: string; readonly stop: AbortController; done: Promise<void> } | undefined;
  /** Whether another job is being created and its containers are being checked. */
  let creating = false;
  let closed = false;

  function change(jobId: string, now: Partial<Job>): void {
    const job = jobs.get(jobId);
    if (job === undefined) return;
    jobs.set(jobId, { ...job, ...now });
    if (now.status !== undefined) options.keep([...jobs.values()]);
  }

  function get(jobId: string): Job {
    const job = jobs.get(jobId);
    if (job === undefined) throw new Refused('JobNotFound', jobId);
    return job;
  }

  function end(jobId: string, status: Job['status'], failureReason?: string): void {
    const endTimeUtc = new Date(clock()).toISOString();
    change(jobId, { endTimeUtc, status, ...(failureReason === undefined ? {} : { failureReason }) });
  }

  async function run({ jobId, type }: Job, work: Work, signal: AbortSignal): Promise<void> {
    try {
      if (linesPerMinute !== undefined) await pace.sleep(enqueuedFor, signal);
      change(jobId, { status: 'running' });
      if (linesPerMinute !== undefined) await pace.sleep(work.preparedFor, signal);
      await carryOut(jobId, type, work, signal);
      change(jobId, { progress: 100 });
      end(jobId, 'completed');
    } catch (error) {
      if (!signal.aborted) end(jobId, 'failed', `The ${type} broke off: ${messageOf(error)}`);
    } finally {
      if (current?.jobId === jobId) current = undefined;
    }
  }

  async function carryOut(jobId: string, type: Job['type'], work: Work, signal: AbortSignal): Promise<void> {
    const begun = pace.now();
    let lines = 0;
    await work.run({
      registry: options.registry,
      signal,
      async progressed(more, share) {
        // 100 means that the job has ended.
        change(jobId, { progress: Math.min(Math.floor(share * 100), 99) });
        if (type === 'export') return;
        lines += more;
        options.imported(more);
        if (linesPerMinute === undefined) return;
        const left = begun + (lines * 60_000) / linesPerMinute - pace.now();
        if (left > 0) await pace.sleep(left, signal);
      },
    });
  }

  /** Checks the containers of a job. */
  function opened(wanted: WantedJob): Promise<Work> {
    const byIdentity = wanted.storageAuthenticationType === 'identityBased';
    const open = (uri: string) => openContainer(byIdentity ? (options.identity?.(uri) ?? uri) : uri);
    if (wanted.type === 'export') return openExport(wanted, open, options.configurations ?? (() => []));
    return openImport(wanted, open, options.refuseLine);
  }

  return {
    get,
    list: () => [...jobs.values()],
    async create(wanted) {
      if (creating || current !== undefined) throw new Refused('JobQuotaExceeded', 'Job quota has been exceeded');
      creating = true;
      try {
        const work = await opened(wanted);
        if (closed) throw new Refused('ServiceUnavailable', 'The hub is closing.');
        const job = enqueued(wanted, clock());
        jobs.set(job.jobId, job);
        for (const jobId of [...jobs.keys()].slice(0, -mostRemembered)) jobs.delete(jobId);
        options.keep([...jobs.values()]);
        const stop = new AbortController();
        // Set before the job runs, since the end of the job reads it.
        current = { jobId: job.jobId, stop, done: Promise.resolve() };
        current.done = run(job, work, stop.signal);
        return job;
      } finally {
        creating = false;
      }
    },
    cancel(jobId) {
      if (ended(get(jobId))) return;
      end(jobId, 'cancelled');
      current?.stop.abort();
    },
    clear() {
      current?.stop.abort();
      jobs.clear();
      options.keep([]);
    },
    async close() {
      closed = true;
      const running = current;
      if (running === undefined) return;
      running.stop.abort();
      await running.done;
      options.keep([...jobs.values()]);
    },
  };
}

function ended({ status }: Job): boolean {
  return status !== 'enqueued' && status !== 'running';
}

/** `failureReason` of a job that was not over when the hub was closed. */
export const endedWithHub = 'The hub ended before the job did; what it had written by then is there.';

function interrupted(job: Job, now: number): Job {
  return { ...job, status: 'failed', endTimeUtc: new Date(now).toISOString(), failureReason: endedWithHub };
}

function enqueued(wanted: WantedJob, now: number): Job {
  const { type, outputBlobContainerUri, storageAuthenticationType } = wanted;
  return {
    jobId: randomUUID(),
    startTimeUtc: new Date(now).toISOString(),
    type,
    status: 'enqueued',
    progress: 0,
    outputBlobContainerUri,
    ...(wanted.type === 'export' ? { excludeKeysInExport: wanted.excludeKeysInExport } : {}),
    ...(storageAuthenticationType === undefined ? {} : { storageAuthenticationType }),
  };
}
