import type { TwinState } from '../twins/twin-state.ts';
import { invalidValue, Refused, shortened } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { type Authentication, authenticationDocument, wantedAuthentication } from './authentication.ts';

/** A module identity as the hub keeps it with its device; never changed, only replaced. */
export interface Module {
  readonly moduleId: string;
  /** .NET ticks of its creation. */
  readonly generationId: string;
  /** The counter behind the etag. */
  readonly version: number;
  readonly managedBy: string | null;
  readonly authentication: Authentication;
  /** Absent while nobody has touched it. */
  readonly twin?: TwinState;
}

/** A device identity as the hub keeps it; never changed, only replaced. */
export interface Identity {
  readonly deviceId: string;
  /** .NET ticks of its creation; ever rising, so that it also orders the devices. */
  readonly generationId: string;
  /** The counter behind the etag. */
  readonly version: number;
  readonly status: 'enabled' | 'disabled';
  readonly statusReason: string | null;
  /** ISO time, or absent when the status never changed. */
  readonly statusUpdatedTime?: string;
  readonly authentication: Authentication;
  readonly edge: boolean;
  readonly deviceScope?: string;
  readonly parentScopes?: readonly string[];
  /** Absent while nobody has touched the twin. It has an etag of its own: it changes without the identity, and outlives its updates. */
  readonly twin?: TwinState;
  /** Absent while nobody has touched one; those of the runtime of an edge device are there all the same. */
  readonly modules?: readonly Module[];
}

/** What a client asks an identity to be. Without `authentication`, or with `sas` and no keys, the hub makes new keys. */
export interface WantedIdentity {
  readonly deviceId: string;
  readonly status: 'enabled' | 'disabled';
  readonly statusReason: string | null;
  readonly authentication: Authentication | undefined;
  readonly edge: boolean;
  readonly deviceScope: string | undefined;
  readonly parentScopes: readonly string[] | undefined;
}

/** An identity as `GET /devices/{id}` shows it. */
export type DeviceDocument = ReturnType<typeof deviceDocument>;

// Kept apart from the product's own rule on purpose: the embedded hub is what that rule is tested against.
const identifier = /^[A-Za-z0-9\-._:%#*?!(),+=@$';]{1,128}$/;
/** The service's word for never. */
export const never = '0001-01-01T00:00:00Z';

/** The etag of an identity, of a device or a module, bare: the counter in base64. */
export function etagOf(identity: { readonly version: number }): string {
  return Buffer.from(String(identity.version)).toString('base64');
}

/** Throws `Refused` where `etag` is given and is not that of the identity, of a device or a module (recorded for both in these words). */
export function requireEtag(current: { readonly version: number }, etag: string | undefined): void {
  if (etag === undefined || etag === etagOf(current)) return;
  const version = Buffer.from(etag, 'base64').toString();
  throw new Refused(
    'PreconditionFailed',
    'Precondition failed: Device version did not match, ' +
      `existingVersion:${current.version} newVersion:${/^\d+$/.test(version) ? version : 0}`,
  );
}

/** Reads the body of a PUT or an entry of a bulk. Throws `Refused` where the service would answer 400. */
export function wantedIdentity(id: unknown, body: JsonObject): WantedIdentity {
  const deviceId = wantedIdentifier(id, 'device');
  const capabilities = property(body, 'capabilities');
  const edge = isJsonObject(capabilities) ? property(capabilities, 'iotEdge') : undefined;
  if (edge !== undefined && edge !== null && typeof edge !== 'boolean')
    throw invalidValue('capabilities.iotEdge', edge);
  return {
    deviceId,
    status: wantedStatus(property(body, 'status')),
    statusReason: wantedText(body, 'statusReason', 128) ?? null,
    authentication: wantedAuthentication(property(body, 'authentication')),
    edge: edge === true,
    deviceScope: wantedText(body, 'deviceScope', 1024),
    parentScopes: wantedParents(property(body, 'parentScopes')),
  };
}

/** Devices and modules are named by the same rule. */
export function wantedIdentifier(id: unknown, kind: 'device' | 'module'): string {
  if (typeof id === 'string' && identifier.test(id)) return id;
  throw new Refused('ArgumentInvalid', `The ${kind} identifier '${shortened(id)}' is invalid.`);
}

function wantedStatus(status: unknown): 'enabled' | 'disabled' {
  if (status === undefined || status === null) return 'enabled';
  const lower = typeof status === 'string' ? status.toLowerCase() : status;
  if (lower !== 'enabled' && lower !== 'disabled') throw invalidValue('status', status);
  return lower;
}

/** An optional text of a body; null is as good as absent. */
export function wantedText(body: JsonObject, name: string, limit: number): string | undefined {
  const value = property(body, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > limit) throw invalidValue(name, value);
  return value;
}

/** One parent at most. */
function wantedParents(scopes: unknown): readonly string[] | undefined {
  if (scopes === undefined || scopes === null) return undefined;
  if (!Array.isArray(scopes) || scopes.length > 1) throw invalidValue('parentScopes', scopes);
  return scopes.map((scope: unknown) => {
    if (typeof scope !== 'string') throw invalidValue('parentScopes', scope);
    return scope;
  });
}

/** The identity as it goes over the wire. */
export function deviceDocument(identity: Identity) {
  return {
    deviceId: identity.deviceId,
    generationId: identity.generationId,
    etag: etagOf(identity),
    connectionState: 'Disconnected',
    status: identity.status,
    statusReason: identity.statusReason,
    connectionStateUpdatedTime: never,
    statusUpdatedTime: identity.statusUpdatedTime ?? never,
    lastActivityTime: never,
    cloudToDeviceMessageCount: 0,
    authentication: authenticationDocument(identity.authentication),
    capabilities: { iotEdge: identity.edge },
    ...scopesOf(identity),
  };
}

/** The answer to a creation, whose times carry no Z (seen in recorded answers; those of a GET do). */
export function createdDocument(identity: Identity): object {
  const bare = never.slice(0, -1);
  return {
    ...deviceDocument(identity),
    connectionStateUpdatedTime: bare,
    statusUpdatedTime: bare,
    lastActivityTime: bare,
  };
}

function scopesOf(identity: Identity): { readonly deviceScope?: string; readonly parentScopes?: readonly string[] } {
  return {
    ...(identity.deviceScope === undefined ? {} : { deviceScope: identity.deviceScope }),
    ...(identity.parentScopes === undefined ? {} : { parentScopes: identity.parentScopes }),
  };
}

/** The time of its creation, ISO. */
export function createdAt(identity: { readonly generationId: string }): string {
  return new Date(Number((BigInt(identity.generationId) - epochTicks) / 10_000n)).toISOString();
}

/** 1970-01-01 in .NET ticks of 100 ns since the year 1. */
export const epochTicks = 621_355_968_000_000_000n;
