import { scheduledJobDocument, wantedScheduledJob } from '../jobs/scheduled/scheduled-job.ts';
import { type Outcome, objectIn } from '../wire/answer.ts';
import { Refused } from '../wire/errors.ts';
import type { Call } from './call.ts';

/** `PUT /jobs/v2/{id}`. It only creates. */
export function scheduleJob({ request, service, id }: Call): Outcome {
  const job = wantedScheduledJob(id, objectIn(request.body), service.clock());
  service.scheduled.create(job);
  return { body: scheduledJobDocument(job) };
}

/** A job that does not exist is of the type and the status `unknown`, not 404 (reported from a live hub). */
export function getScheduledJob({ service, id }: Call): Outcome {
  const job = service.scheduled.find(id);
  return { body: job === undefined ? { type: 'unknown', status: 'unknown' } : scheduledJobDocument(job) };
}

export function cancelScheduledJob({ service, id }: Call): Outcome {
  return { body: scheduledJobDocument(service.scheduled.cancel(id)) };
}

/** `GET /jobs/v2/query?jobType=&jobStatus=`. The continuation token is the number of jobs before the page. */
export function queryScheduledJobs({ request, service, search }: Call): Outcome {
  const [type, status] = [search.get('jobType'), search.get('jobStatus')].map((text) => text?.toLowerCase());
  const jobs = service.scheduled
    .list()
    .filter((job) => !type || job.task.type.toLowerCase() === type)
    .filter((job) => !status || job.status === status);
  const most = pageSize(request.header('x-ms-max-item-count'));
  const from = placeIn(request.header('x-ms-continuation'));
  const more = from + most < jobs.length;
  return {
    headers: { 'x-ms-item-type': 'JobResponse', ...(more ? { 'x-ms-continuation': String(from + most) } : {}) },
    body: jobs.slice(from, from + most).map(scheduledJobDocument),
  };
}

/** The rows of a page that a client asks for: 100 if it does not say, at most 1,000. */
export function pageSize(header: string | undefined): number {
  const asked = Number(header ?? 100);
  return Number.isInteger(asked) && asked >= 1 ? Math.min(asked, 1000) : 100;
}

function placeIn(token: string | undefined): number {
  if (token === undefined || token === '') return 0;
  if (/^\d{1,9}$/.test(token)) return Number(token);
  throw new Refused('ArgumentInvalid', 'BadRequest: the continuation token is not one of this query.');
}
