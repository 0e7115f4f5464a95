import { notOnline } from '../../devices/direct-method.ts';
import type { IdentityRegistry } from '../../devices/registry.ts';
import { patchedTwin, requireTwinEtag, wantedTwin } from '../../twins/twin-state.ts';
import { Refused } from '../../wire/errors.ts';
import { matchIn } from '../../wire/etag.ts';
import { property } from '../../wire/json.ts';
import type { DeviceResult, Task } from './scheduled-job.ts';

/** Does the task of a job on one device. */
export function perform(task: Task, deviceId: string, registry: IdentityRegistry): DeviceResult {
  const endTime = new Date(registry.clock()).toISOString();
  try {
    const { twin } = registry.get(deviceId);
    if (task.type === 'scheduleDeviceMethod') throw notOnline();
    requireTwinEtag(twin, matchIn(property(task.body, 'etag')).etag, deviceId);
    registry.amend(deviceId, { twin: patchedTwin(twin, wantedTwin(task.body), registry.clock()) });
    return { deviceId, status: 'completed', endTime };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const reason = { code: String(error.number), description: error.message };
    return { deviceId, status: 'failed', endTime, error: reason };
  }
}

/** The result of a device whose turn did not come in time. */
export function timedOut(deviceId: string, now: number): DeviceResult {
  const error = { code: '504101', description: 'The execution time of the job was over before its turn came.' };
  return { deviceId, status: 'failed', endTime: new Date(now).toISOString(), error };
}
