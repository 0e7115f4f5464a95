import { wantedText } from '../devices/identity.ts';
import type { Job, StorageAuthentication, WantedJob } from '../jobs/jobs.ts';
import { type Outcome, objectIn } from '../wire/answer.ts';
import { invalidValue, Refused } from '../wire/errors.ts';
import { type JsonObject, property } from '../wire/json.ts';
import type { Call } from './call.ts';

/** `POST /jobs/create`. Only this answer also names the input container (recorded). */
export async function createJob({ request, service }: Call): Promise<Outcome> {
  const wanted = wantedJob(objectIn(request.body));
  const job = await service.jobs.create(wanted);
  return { body: jobDocument(job, wanted.type === 'import' ? wanted.inputBlobContainerUri : undefined) };
}

export function getJob({ service, id }: Call): Outcome {
  return { body: jobDocument(service.jobs.get(id)) };
}

export function listJobs({ service }: Call): Outcome {
  return { body: service.jobs.list().map((job) => jobDocument(job)) };
}

export function cancelJob({ service, id }: Call): Outcome {
  service.jobs.cancel(id);
  return { status: 204 };
}

function wantedJob(job: JsonObject): WantedJob {
  const type = property(job, 'type');
  const name = (key: string, otherwise: string) => wantedText(job, key, 1024) ?? otherwise;
  const output = () => ({
    outputBlobContainerUri: wantedUri(job, 'outputBlobContainerUri'),
    storageAuthenticationType: wantedAuthentication(property(job, 'storageAuthenticationType')),
  });
  if (type === 'import') {
    const inputBlobContainerUri = wantedUri(job, 'inputBlobContainerUri');
    return { type, inputBlobContainerUri, inputBlobName: name('inputBlobName', 'devices.txt'), ...output() };
  }
  if (type !== 'export') throw invalidValue('type', type ?? null);
  const configurations = wantedFlag(job, 'includeConfigurations');
  return {
    type,
    outputBlobName: name('outputBlobName', 'devices.txt'),
    excludeKeysInExport: wantedFlag(job, 'excludeKeysInExport'),
    configurationsBlobName: configurations ? name('configurationsBlobName', 'configurations.txt') : undefined,
    ...output(),
  };
}

function wantedUri(job: JsonObject, name: string): string {
  const text = wantedText(job, name, 4096);
  if (text === undefined) throw new Refused('ArgumentNull', `${name} is missing.`);
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new Refused('ArgumentInvalid', `${name} is no URL.`);
  return text;
}

function wantedFlag(job: JsonObject, name: string): boolean {
  const value = property(job, name) ?? false;
  if (typeof value !== 'boolean') throw invalidValue(name, value);
  return value;
}

function wantedAuthentication(value: unknown): StorageAuthentication | undefined {
  if (value === undefined || value === null) return undefined;
  const lower = typeof value === 'string' ? value.toLowerCase() : '';
  if (lower === 'keybased') return 'keyBased';
  if (lower === 'identitybased') return 'identityBased';
  throw invalidValue('storageAuthenticationType', value);
}

/** The JSON form. The names are in the recorded order. */
function jobDocument(job: Job, inputBlobContainerUri?: string): object {
  return {
    jobId: job.jobId,
    startTimeUtc: job.startTimeUtc,
    ...(job.endTimeUtc === undefined ? {} : { endTimeUtc: job.endTimeUtc }),
    type: job.type,
    status: job.status,
    progress: job.progress,
    ...(inputBlobContainerUri === undefined ? {} : { inputBlobContainerUri }),
    outputBlobContainerUri: job.outputBlobContainerUri,
    excludeKeysInExport: job.excludeKeysInExport ?? false,
    ...(job.storageAuthenticationType === undefined
      ? {}
      : { storageAuthenticationType: job.storageAuthenticationType }),
    ...(job.failureReason === undefined ? {} : { failureReason: job.failureReason }),
    useSecondaryStorageAsSource: false,
  };
}
