import { existsSync, readFileSync } from 'node:fs';
import { emulatorFault } from '../faults.ts';
import type { Job } from '../jobs/jobs.ts';
import { isJsonObject } from '../wire/json.ts';
import { replaceFile } from './atomic-file.ts';

/** The jobs on disk, including those of earlier runs. */
export interface JobStore {
  readonly stored: readonly Job[];
  keep(jobs: readonly Job[]): void;
}

/**
 * Opens the file, which is created with the first job. Its mode is 0600, since the URLs of containers carry signatures.
 * Throws `Fault` if the file holds something else.
 */
export function openJobStore(path: string): JobStore {
  return {
    stored: existsSync(path) ? read(path) : [],
    keep: (jobs) => replaceFile(path, [JSON.stringify({ jobs })], 0o600),
  };
}

function read(path: string): readonly Job[] {
  const stored = parsed(readFileSync(path, 'utf8'));
  const jobs = isJsonObject(stored) ? stored.jobs : undefined;
  if (Array.isArray(jobs) && jobs.every(isJob)) return jobs;
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
  return isJsonObject(value) && ['jobId', 'startTimeUtc', 'status'].every((name) => typeof value[name] === 'string');
}
