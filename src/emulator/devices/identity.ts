import type { TwinState } from '../twins/twin-state.ts';
import { invalidValue, Refused, shortened } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { type Authentication, authenticationDocument, wantedAuthentication } from './authentication.ts';

/** A module identity, which the hub keeps with its device. It is replaced, never changed in place. */
export interface Module {
  readonly moduleId: string;
  /** .NET ticks of its creation. */
  readonly generationId: string;
  /** The counter behind the etag. */
  readonly version: number;
  readonly managedBy: string | null;
  readonly authentication: Authentication;
  /** Absent until somebody writes the twin. */
  readonly twin?: TwinState;
  /** Which configurations target it. It is worked out anew at each start. */
  readonly configurations?: Statuses | undefined;
}

/** The configurations that target a twin, and whether they are those that are applied. Many twins share one object. */
export type Statuses = Readonly<Record<string, { readonly status: 'Targeted' | 'Applied' }>>;

/** A device identity. It is replaced, never changed in place. */
export interface Identity {
  readonly deviceId: string;
  /** .NET ticks of its creation. Later devices have larger ones, so it also gives the order of the devices. */
  readonly generationId: string;
  /** The counter behind the etag. */
  readonly version: number;
  readonly status: 'enabled' | 'disabled';
  readonly statusReason: string | null;
  /** ISO time. Absent if the status never changed. */
  readonly statusUpdatedTime?: string;
  readonly authentication: Authentication;
  readonly edge: boolean;
  readonly deviceScope?: string;
  readonly parentScopes?: readonly string[];
  /**
   * Absent until somebody writes the twin. A twin has its own etag: it changes without the identity, and stays when the
   * identity is updated.
   */
  readonly twin?: TwinState;
  /** Absent until somebody writes a module. An edge device has the runtime's modules even then. */
  readonly modules?: readonly Module[];
  /** As for a module. */
  readonly configurations?: Statuses | undefined;
}

/**
 * What a client wants an identity to be. Without `authentication`, or with `sas` and no keys, the hub makes new keys.
 */
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

// This is not shared with the product's own rule, since the embedded hub is what that rule is tested against.
const identifier = /^[A-Za-z0-9\-._:%#*?!(),+=@$';]{1,128}$/;
/** How the service writes a time that never was. */
export const never = '0001-01-01T00:00:00Z';

/** The etag of a device or module identity, without quotes: the counter in base64. */
export function etagOf(identity: { readonly version: number }): string {
  return Buffer.from(String(identity.version)).toString('base64');
}

/**
 * Throws `Refused` if `etag` is given and is not the etag of the identity. The words are recorded, for devices and for
 * modules.
 */
export function requireEtag(current: { readonly version: number }, etag: string | undefined): void {
  if (etag === undefined || etag === etagOf(current)) return;
  const version = Buffer.from(etag, 'base64').toString();
  throw new Refused(
    'PreconditionFailed',
    'Precondition failed: Device version did not match, ' +
      `existingVersion:${current.version} newVersion:${/^\d+$/.test(version) ? version : 0}`,
  );
}

/** Reads the body of a PUT or an entry of a bulk. Throws `Refused` if the service would answer 400. */
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
    authentication: deviceAuthentication(property(body, 'authentication')),
    edge: edge === true,
    deviceScope: wantedText(body, 'deviceScope', 1024),
    parentScopes: wantedParents(property(body, 'parentScopes')),
  };
}

/** A device cannot have the type `none` (reported from a live hub). */
function deviceAuthentication(value: unknown): Authentication | undefined {
  const wanted = wantedAuthentication(value);
  if (wanted?.type === 'none') throw invalidValue('authentication.type', wanted.type);
  return wanted;
}

/** Devices and modules follow the same rule for names. */
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

/** An optional text of a body. Null counts as absent. */
export function wantedText(body: JsonObject, name: string, limit: number): string | undefined {
  const value = property(body, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > limit) throw invalidValue(name, value);
  return value;
}

/** At most one parent. */
function wantedParents(scopes: unknown): readonly string[] | undefined {
  if (scopes === undefined || scopes === null) return undefined;
  if (!Array.isArray(scopes) || scopes.length > 1) throw invalidValue('parentScopes', scopes);
  return scopes.map((scope: unknown) => {
    if (typeof scope !== 'string') throw invalidValue('parentScopes', scope);
    return scope;
  });
}

/** The JSON form of an identity. */
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

/** The answer to a creation. Its times have no Z, while those of a GET have one (recorded). */
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

/** ISO time of its creation. */
export function createdAt(identity: { readonly generationId: string }): string {
  return new Date(Number((BigInt(identity.generationId) - epochTicks) / 10_000n)).toISOString();
}

/** 1970-01-01 in .NET ticks of 100 ns since the year 1. */
export const epochTicks = 621_355_968_000_000_000n;
