import { existsSync, readFileSync } from 'node:fs';
import { emulatorFault } from '../faults.ts';
import type { Job } from '../jobs/jobs.ts';
import type { ScheduledJob } from '../jobs/scheduled/scheduled-job.ts';
import { isJsonObject, type JsonObject } from '../wire/json.ts';
import { replaceFile } from './atomic-file.ts';

/** The jobs on disk, including those of earlier runs. */
export interface JobStore<Stored> {
  readonly stored: readonly Stored[];
  keep(jobs: readonly Stored[]): void;
}

/** A store that keeps nothing. */
export function noJobStore<Stored>(): JobStore<Stored> {
  return { stored: [], keep: () => {} };
}

/** The jobs of imports and exports. Throws `Fault` if the file holds something else. */
export function openJobStore(path: string): JobStore<Job> {
  return openStore(path, isJob);
}

/** The jobs on queries. Throws `Fault` if the file holds something else. */
export function openScheduledJobStore(path: string): JobStore<ScheduledJob> {
  return openStore(path, isScheduledJob);
}

/** The file is created with the first job. Its mode is 0600, since the URLs of containers carry signatures. */
function openStore<Stored>(path: string, isStored: (value: unknown) => value is Stored): JobStore<Stored> {
  return {
    stored: existsSync(path) ? read(path, isStored) : [],
    keep(jobs) {
      if (jobs.length > 0 || existsSync(path)) replaceFile(path, [JSON.stringify({ jobs })], 0o600);
    },
  };
}

function read<Stored>(path: string, isStored: (value: unknown) => value is Stored): readonly Stored[] {
  const stored = parsed(readFileSync(path, 'utf8'));
  const jobs = isJsonObject(stored) ? stored.jobs : undefined;
  if (Array.isArray(jobs) && jobs.every(isStored)) return jobs;
  throw emulatorFault('not-its-jobs', { path });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isJob(value: unknown): value is Job {
  return hasTexts(value, ['jobId', 'startTimeUtc', 'status']);
}

function isScheduledJob(value: unknown): value is ScheduledJob {
  const { task } = isJsonObject(value) ? value : {};
  const whole = hasTexts(value, ['jobId', 'queryCondition', 'createdTime', 'startTime', 'status']);
  return whole && hasTexts(task, ['type']) && isJsonObject(task.body) && isResultsOrNothing(value.results);
}

function isResultsOrNothing(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.every((each) => hasTexts(each, ['deviceId', 'status'])));
}

function hasTexts(value: unknown, names: readonly string[]): value is JsonObject {
  return isJsonObject(value) && names.every((name) => typeof value[name] === 'string');
}
