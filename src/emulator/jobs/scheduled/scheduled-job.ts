import { wantedMethod } from '../../devices/direct-method.ts';
import { wantedText } from '../../devices/identity.ts';
import { wantedTwin } from '../../twins/twin-state.ts';
import { invalidValue, Refused } from '../../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../../wire/json.ts';

/** A job on the devices of a query, as the hub stores it. It is replaced, never changed in place. */
export interface ScheduledJob {
  readonly jobId: string;
  readonly queryCondition: string;
  /** ISO 8601, as all times. */
  readonly createdTime: string;
  readonly startTime: string;
  readonly endTime?: string;
  readonly maxExecutionTimeInSeconds: number;
  readonly task: Task;
  readonly status: 'queued' | 'scheduled' | 'running' | 'completed' | 'failed' | 'cancelled';
  readonly failureReason?: string;
  /** One for each device that the query has found. Absent until the job runs. */
  readonly results?: readonly DeviceResult[];
}

/** What is done to each device. `body` is as the client has sent it. */
export interface Task {
  readonly type: 'scheduleUpdateTwin' | 'scheduleDeviceMethod';
  readonly body: JsonObject;
}

/** How a job went on one device. */
export interface DeviceResult {
  readonly deviceId: string;
  readonly status: 'pending' | 'completed' | 'failed';
  readonly endTime?: string;
  readonly error?: { readonly code: string; readonly description: string };
}

/** Reported from a live hub, with an apostrophe among the characters. */
const jobId = /^[a-z0-9'-]{1,64}$/;
/** Milliseconds. Reported from a live hub. */
const farthestStart = 168 * 3_600_000;
const longestExecution = 3600;

/** Reads the body of a PUT. Throws `Refused` if the service would answer 400. `now` is in milliseconds. */
export function wantedScheduledJob(id: string, body: JsonObject, now: number): ScheduledJob {
  const named = property(body, 'jobId') ?? id;
  if (named !== id || !jobId.test(id)) throw invalidValue('jobId', named);
  const queryCondition = wantedText(body, 'queryCondition', 8192);
  if (queryCondition === undefined) throw new Refused('ArgumentNull', 'queryCondition is missing.');
  const seconds = property(body, 'maxExecutionTimeInSeconds') ?? longestExecution;
  if (typeof seconds !== 'number' || !Number.isInteger(seconds) || seconds < 1) {
    throw invalidValue('maxExecutionTimeInSeconds', seconds);
  }
  return {
    jobId: id,
    queryCondition,
    createdTime: new Date(now).toISOString(),
    startTime: wantedStart(property(body, 'startTime'), now),
    maxExecutionTimeInSeconds: seconds,
    task: wantedTask(body),
    status: 'queued',
  };
}

function wantedStart(value: unknown, now: number): string {
  if (value === undefined || value === null || value === '') return new Date(now).toISOString();
  const time = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time) || time > now + farthestStart) throw invalidValue('startTime', value);
  return new Date(time).toISOString();
}

function wantedTask(job: JsonObject): Task {
  const type = property(job, 'type');
  if (type === 'scheduleUpdateTwin') {
    const body = wantedBody(job, 'updateTwin');
    wantedTwin(body);
    return { type, body };
  }
  if (type !== 'scheduleDeviceMethod') throw invalidValue('type', type ?? null);
  const body = wantedBody(job, 'cloudToDeviceMethod');
  wantedMethod(body);
  return { type, body };
}

function wantedBody(job: JsonObject, name: string): JsonObject {
  const body = property(job, name);
  if (!isJsonObject(body)) throw new Refused('ArgumentNull', `${name} is missing.`);
  return body;
}

/** The JSON form. */
export function scheduledJobDocument(job: ScheduledJob): object {
  const { task, results } = job;
  return {
    jobId: job.jobId,
    queryCondition: job.queryCondition,
    createdTime: job.createdTime,
    startTime: job.startTime,
    ...(job.endTime === undefined ? {} : { endTime: job.endTime }),
    maxExecutionTimeInSeconds: job.maxExecutionTimeInSeconds,
    type: task.type,
    [task.type === 'scheduleUpdateTwin' ? 'updateTwin' : 'cloudToDeviceMethod']: task.body,
    status: job.status,
    ...(job.failureReason === undefined ? {} : { failureReason: job.failureReason }),
    ...(results === undefined ? {} : { deviceJobStatistics: statisticsOf(results) }),
  };
}

function statisticsOf(results: readonly DeviceResult[]): object {
  const count = (status: DeviceResult['status']) => results.filter((result) => result.status === status).length;
  return {
    deviceCount: results.length,
    failedCount: count('failed'),
    succeededCount: count('completed'),
    runningCount: 0,
    pendingCount: count('pending'),
  };
}

/** The row of `FROM devices.jobs` for one device of a job. */
export function deviceJobDocument(job: ScheduledJob, result: DeviceResult): JsonObject {
  const updated = result.endTime ?? job.startTime;
  return {
    deviceId: result.deviceId,
    jobId: job.jobId,
    jobType: job.task.type,
    status: result.status,
    startTimeUtc: job.startTime,
    ...(result.endTime === undefined ? {} : { endTimeUtc: result.endTime }),
    createdDateTimeUtc: job.createdTime,
    lastUpdatedDateTimeUtc: updated,
    outcome: { deviceMethodResponse: null },
    ...(result.error === undefined ? {} : { error: result.error }),
  };
}
