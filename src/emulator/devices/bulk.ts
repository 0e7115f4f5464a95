import { Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { applyEntry } from './bulk-entry.ts';
import type { IdentityRegistry } from './registry.ts';

export interface BulkResult {
  readonly isSuccessful: boolean;
  readonly errors: readonly BulkError[];
  readonly warnings: readonly never[];
}

interface BulkError {
  readonly deviceId: string;
  readonly moduleId?: string;
  readonly errorCode: number;
  readonly errorStatus: string;
}

const most = 100;

/**
 * `POST /devices`. Every entry that `errors` does not name was applied. If a device or a module occurs twice, all its
 * entries are refused, so that `errors` stays clear. Throws `Refused` if the service refuses the whole call.
 */
export function applyBulk(registry: IdentityRegistry, body: unknown): BulkResult {
  const entries = bulkEntries(body);
  const times = new Map<string, number>();
  for (const entry of entries) {
    const name = nameOf(entry);
    times.set(name, (times.get(name) ?? 0) + 1);
  }
  const errors = [];
  for (const entry of entries) {
    const { deviceId, moduleId } = targetOf(entry);
    try {
      if (times.get(nameOf(entry)) !== 1) {
        throw new Refused('DeviceDefinedMultipleTimes', `The device '${deviceId}' is defined multiple times.`);
      }
      applyEntry(registry, { deviceId, moduleId, entry });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const place = moduleId === undefined ? { deviceId } : { deviceId, moduleId };
      errors.push({ ...place, errorCode: error.number, errorStatus: error.message });
    }
  }
  return { isSuccessful: errors.length === 0, errors, warnings: [] };
}

function bulkEntries(body: unknown): readonly JsonObject[] {
  if (!Array.isArray(body) || body.length === 0) {
    throw new Refused('ArgumentInvalid', `The body must be an array of 1 to ${most} devices.`);
  }
  if (body.length > most) {
    throw new Refused('TooManyDevices', `${body.length} devices in one call, at most ${most} are allowed.`);
  }
  return body.map((entry: unknown) => {
    if (!isJsonObject(entry)) throw new Refused('ArgumentInvalid', 'Every device must be an object.');
    return entry;
  });
}

/** The device or module of an entry. Exported for seeds, which consist of such entries too. */
export function targetOf(entry: JsonObject): { readonly deviceId: string; readonly moduleId: string | undefined } {
  const id = property(entry, 'id');
  const moduleId = property(entry, 'moduleId');
  return {
    deviceId: typeof id === 'string' ? id : '',
    // An id that is not a text still means a module. The entry must not be applied to the device.
    moduleId: moduleId === undefined || moduleId === null ? undefined : String(moduleId),
  };
}

/** A name for the target. No id contains a line break. */
function nameOf(entry: JsonObject): string {
  const { deviceId, moduleId } = targetOf(entry);
  return moduleId === undefined ? deviceId : `${deviceId}\n${moduleId}`;
}
