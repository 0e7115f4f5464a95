import { Refused } from './errors.ts';
import { wantedIdentity } from './identity.ts';
import { isJsonObject, type JsonObject, property } from './json.ts';
import type { IdentityRegistry } from './registry.ts';

export interface BulkResult {
  readonly isSuccessful: boolean;
  readonly errors: readonly { readonly deviceId: string; readonly errorCode: number; readonly errorStatus: string }[];
  readonly warnings: readonly never[];
}

const most = 100;

/**
 * `POST /devices`: every entry that is not named in `errors` was applied.
 * An id that occurs twice is refused in all its entries, so that this stays true of it.
 * Throws `Refused` where the call as a whole is refused.
 */
export function applyBulk(registry: IdentityRegistry, body: unknown): BulkResult {
  const entries = bulkEntries(body);
  const times = new Map<string, number>();
  for (const entry of entries) {
    const id = idOf(entry);
    times.set(id, (times.get(id) ?? 0) + 1);
  }
  const errors = [];
  for (const entry of entries) {
    const deviceId = idOf(entry);
    try {
      if (times.get(deviceId) !== 1) {
        throw new Refused('DeviceDefinedMultipleTimes', `The device '${deviceId}' is defined multiple times.`);
      }
      applyEntry(registry, deviceId, entry);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      errors.push({ deviceId, errorCode: error.number, errorStatus: error.message });
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

function idOf(entry: JsonObject): string {
  const id = property(entry, 'id');
  return typeof id === 'string' ? id : '';
}

function applyEntry(registry: IdentityRegistry, deviceId: string, entry: JsonObject): void {
  const mode = property(entry, 'importMode');
  switch (typeof mode === 'string' ? mode.toLowerCase() : '') {
    case 'create':
      registry.create(wantedIdentity(deviceId, entry));
      return;
    case 'update':
      registry.update(wantedIdentity(deviceId, entry), undefined);
      return;
    case 'updateifmatchetag':
      registry.update(wantedIdentity(deviceId, entry), etagIn(entry));
      return;
    case 'createorupdate':
      createOrUpdate(registry, deviceId, entry, undefined);
      return;
    case 'createorupdateifmatchetag':
      createOrUpdate(registry, deviceId, entry, property(entry, 'eTag'));
      return;
    case 'delete':
      registry.remove(deviceId, undefined);
      return;
    case 'deleteifmatchetag':
      registry.remove(deviceId, etagIn(entry));
      return;
    default:
      throw new Refused('ArgumentInvalid', `The importMode '${String(mode)}' is not supported.`);
  }
}

function createOrUpdate(registry: IdentityRegistry, deviceId: string, entry: JsonObject, etag: unknown): void {
  const wanted = wantedIdentity(deviceId, entry);
  if (registry.find(deviceId) === undefined) registry.create(wanted);
  else registry.update(wanted, typeof etag === 'string' ? unquoted(etag) : undefined);
}

/** The entry's etag; `*` stands for any, and none at all is refused. */
function etagIn(entry: JsonObject): string | undefined {
  const etag = property(entry, 'eTag');
  if (typeof etag !== 'string' || unquoted(etag) === '') throw new Refused('PreconditionFailed', 'Etag missing');
  return unquoted(etag) === '*' ? undefined : unquoted(etag);
}

/** An etag as a header or a body carries it, bare. */
export function unquoted(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}
