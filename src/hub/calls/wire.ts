import { isDeviceId, type JsonObject } from '../../model/fleet.ts';
import { markOf, ownerTag } from '../../model/owner.ts';
import type { AuthenticationType, RegisteredDevice, Registration, Twin } from '../../model/registration.ts';
import type { DeviceWithTwin, RegistryWrite } from '../../model/registry.ts';

/** Whether a value is an object, neither `null` nor an array. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A text or a number, as text. Anything else has none: `String({ toString: 1 })` throws. */
export function plainText(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

/**
 * Reads a device from an answer of the service: an identity (`GET /devices/{id}`), or a row of a query. A row is a
 * twin: its `deviceEtag` is the etag of the identity, its `etag` that of the twin. `undefined` for anything else.
 */
export function registeredDevice(value: unknown): RegisteredDevice | undefined {
  if (!isRecord(value)) return undefined;
  const { deviceId, statusReason, deviceScope, parentScopes } = value;
  const authentication = isRecord(value.authentication) ? value.authentication : {};
  const type = authenticationType(value.authenticationType ?? authentication.type);
  const etag = value.deviceEtag ?? value.etag;
  const status = typeof value.status === 'string' ? value.status.toLowerCase() : undefined;
  if (typeof deviceId !== 'string' || !isDeviceId(deviceId) || typeof etag !== 'string' || type === undefined) {
    return undefined;
  }
  if (status !== 'enabled' && status !== 'disabled') return undefined;
  const lastActivity = activityTime(value.lastActivityTime);
  const capabilities = isRecord(value.capabilities) ? value.capabilities : {};
  return {
    id: deviceId,
    etag: bare(etag),
    edge: capabilities.iotEdge === true,
    authentication: type,
    thumbprints: thumbprints(value.x509Thumbprint ?? authentication.x509Thumbprint),
    status,
    ...(isText(statusReason) ? { statusReason } : {}),
    ...(isText(deviceScope) ? { deviceScope } : {}),
    ...(Array.isArray(parentScopes) && parentScopes.length > 0 ? { parentScopes: parentScopes.filter(isText) } : {}),
    ...(lastActivity === undefined ? {} : { lastActivity }),
  };
}

/**
 * Reads a twin from an answer of the service: `GET /twins/{id}`, or a row of a query. `undefined` for anything else.
 */
export function registeredTwin(value: unknown): Twin | undefined {
  if (!isRecord(value) || typeof value.etag !== 'string') return undefined;
  const { etag, tags = {} } = value;
  return isJsonObject(tags) ? { etag: bare(etag), tags } : undefined;
}

/** Reads a device and its twin from `GET /twins/{id}`. Both etags must be there. `undefined` for anything else. */
export function deviceWithTwin(value: unknown): DeviceWithTwin | undefined {
  if (!isRecord(value) || typeof value.deviceEtag !== 'string') return undefined;
  const [device, twin] = [registeredDevice(value), registeredTwin(value)];
  return device === undefined || twin === undefined ? undefined : { ...device, twin };
}

/** The value must come from `JSON.parse`. */
function isJsonObject(value: unknown): value is JsonObject {
  return isRecord(value);
}

/**
 * The entry of a bulk call for one device. It is the whole identity, since an update replaces it.
 * Without `authentication` the hub would create new symmetric keys. Without `deviceScope` it would refuse the update.
 */
export function bulkEntry(write: RegistryWrite) {
  if (write.mode === 'delete') return { deviceId: write.found.id, eTag: write.found.etag };
  if (write.mode === 'disable') return disabledEntry(write.found, write.statusReason);
  const { id, thumbprints, status, statusReason, deviceScope, parentScopes } = write.registration;
  const tags = write.mode === 'create' ? firstTags(write.registration) : undefined;
  return {
    deviceId: id,
    ...(write.mode === 'update' ? { eTag: write.etag } : {}),
    status,
    ...(statusReason === undefined ? {} : { statusReason }),
    authentication: {
      type: 'selfSigned',
      x509Thumbprint: { primaryThumbprint: thumbprints.primary, secondaryThumbprint: thumbprints.secondary },
    },
    capabilities: { iotEdge: true },
    ...(deviceScope === undefined ? {} : { deviceScope }),
    ...(parentScopes === undefined ? {} : { parentScopes }),
    // The service's C# SDK creates a device with its twin in the same way: AddDeviceWithTwinAsync.
    ...(tags === undefined ? {} : { tags }),
  };
}

/** The tags of a new device, with the mark of its owner. */
function firstTags({ tags, owner }: Registration): JsonObject | undefined {
  return owner === undefined ? tags : { ...tags, [ownerTag]: markOf(owner) };
}

/** The device as it was found, with another status. The update then loses no field. */
function disabledEntry({ id, etag, thumbprints, deviceScope, parentScopes }: RegisteredDevice, statusReason: string) {
  return {
    deviceId: id,
    eTag: etag,
    status: 'disabled',
    statusReason,
    authentication: {
      type: 'selfSigned',
      x509Thumbprint: {
        primaryThumbprint: thumbprints.primary ?? null,
        secondaryThumbprint: thumbprints.secondary ?? null,
      },
    },
    capabilities: { iotEdge: true },
    ...(deviceScope === undefined ? {} : { deviceScope }),
    ...(parentScopes === undefined ? {} : { parentScopes }),
  };
}

/** Reads how many devices the hub has from `GET /statistics/devices`. */
export function deviceCount(value: unknown): number | undefined {
  const total = isRecord(value) ? value.totalDeviceCount : undefined;
  return typeof total === 'number' && total >= 0 ? total : undefined;
}

/** Query answers may spell the names in Pascal case. An empty slot is null or missing. */
function thumbprints(value: unknown): RegisteredDevice['thumbprints'] {
  if (!isRecord(value)) return {};
  const primary = value.primaryThumbprint ?? value.PrimaryThumbprint;
  const secondary = value.secondaryThumbprint ?? value.SecondaryThumbprint;
  return { ...(isText(primary) ? { primary } : {}), ...(isText(secondary) ? { secondary } : {}) };
}

const authenticationTypes: readonly AuthenticationType[] = ['selfSigned', 'sas', 'certificateAuthority', 'none'];

function authenticationType(value: unknown): AuthenticationType | undefined {
  return authenticationTypes.find((type) => typeof value === 'string' && type.toLowerCase() === value.toLowerCase());
}

/**
 * The year 1 stands for a device that was never active. It is also what the hub says of an edge device that connects by its
 * modules alone, so it tells nothing.
 */
function activityTime(value: unknown): number | undefined {
  if (!isText(value)) return undefined;
  // An identity has no time zone in its times, a row of a query has one. Both are UTC.
  const time = Date.parse(/(Z|[+-]\d\d:\d\d)$/i.test(value) ? value : `${value}Z`);
  return time > 0 ? time : undefined;
}

/** An etag is bare in a body and quoted in a header. Behind a proxy it can be either. */
function bare(etag: string): string {
  return etag.replace(/^"(.*)"$/, '$1');
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}
