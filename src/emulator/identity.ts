import type { AuthenticationType } from '../model/registration.ts';
import { Refused } from './errors.ts';
import { isJsonObject, type JsonObject, property } from './json.ts';

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
}

/** The pair of a type: two keys of `sas`, two thumbprints of `selfSigned`, nothing else. */
export interface Authentication {
  readonly type: AuthenticationType;
  readonly primary: string | null;
  readonly secondary: string | null;
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
const deviceId = /^[A-Za-z0-9\-._:%#*?!(),+=@$';]{1,128}$/;
const thumbprint = /^(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;
/** The service's word for never. */
export const never = '0001-01-01T00:00:00Z';

/** The etag, bare: the counter in base64. */
export function etagOf(identity: Identity): string {
  return Buffer.from(String(identity.version)).toString('base64');
}

/** Reads the body of a PUT or an entry of a bulk. Throws `Refused` where the service would answer 400. */
export function wantedIdentity(id: unknown, body: JsonObject): WantedIdentity {
  if (typeof id !== 'string' || !deviceId.test(id)) {
    throw new Refused('ArgumentInvalid', `The device identifier '${shorten(id)}' is invalid.`);
  }
  const capabilities = property(body, 'capabilities');
  const edge = isJsonObject(capabilities) ? property(capabilities, 'iotEdge') : undefined;
  if (edge !== undefined && edge !== null && typeof edge !== 'boolean') throw invalid('capabilities.iotEdge', edge);
  return {
    deviceId: id,
    status: wantedStatus(property(body, 'status')),
    statusReason: wantedText(body, 'statusReason', 128) ?? null,
    authentication: wantedAuthentication(property(body, 'authentication')),
    edge: edge === true,
    deviceScope: wantedText(body, 'deviceScope', 1024),
    parentScopes: wantedParents(property(body, 'parentScopes')),
  };
}

function wantedStatus(status: unknown): 'enabled' | 'disabled' {
  if (status === undefined || status === null) return 'enabled';
  const lower = typeof status === 'string' ? status.toLowerCase() : status;
  if (lower !== 'enabled' && lower !== 'disabled') throw invalid('status', status);
  return lower;
}

function wantedText(body: JsonObject, name: string, limit: number): string | undefined {
  const value = property(body, name);
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string' || value.length > limit) throw invalid(name, value);
  return value;
}

/** One parent at most. */
function wantedParents(scopes: unknown): readonly string[] | undefined {
  if (scopes === undefined || scopes === null) return undefined;
  if (!Array.isArray(scopes) || scopes.length > 1) throw invalid('parentScopes', scopes);
  return scopes.map((scope: unknown) => {
    if (typeof scope !== 'string') throw invalid('parentScopes', scope);
    return scope;
  });
}

function wantedAuthentication(authentication: unknown): Authentication | undefined {
  if (authentication === undefined || authentication === null) return undefined;
  if (!isJsonObject(authentication)) throw invalid('authentication', authentication);
  const keys = pairOf(authentication, 'symmetricKey', 'primaryKey', 'secondaryKey');
  const thumbprints = pairOf(authentication, 'x509Thumbprint', 'primaryThumbprint', 'secondaryThumbprint');
  const type: unknown =
    property(authentication, 'type') ?? (thumbprints.primary || thumbprints.secondary ? 'selfSigned' : 'sas');
  switch (type) {
    case 'sas':
      return keys.primary === null && keys.secondary === null ? undefined : { type, ...checkedKeys(keys) };
    case 'selfSigned':
      return { type, ...checkedThumbprints(thumbprints) };
    case 'certificateAuthority':
    case 'none':
      return { type, primary: null, secondary: null };
    default:
      throw invalid('authentication.type', type);
  }
}

interface Pair {
  readonly primary: string | null;
  readonly secondary: string | null;
}

function pairOf(authentication: JsonObject, name: string, primary: string, secondary: string): Pair {
  const pair = property(authentication, name);
  if (!isJsonObject(pair)) return { primary: null, secondary: null };
  return { primary: textOrNull(pair, primary), secondary: textOrNull(pair, secondary) };
}

function textOrNull(pair: JsonObject, name: string): string | null {
  const value = property(pair, name);
  if (value === undefined || value === null || value === '') return null;
  if (typeof value !== 'string') throw invalid(name, value);
  return value;
}

function checkedKeys(pair: Pair): Pair {
  if (pair.primary === null || pair.secondary === null) {
    throw new Refused('ArgumentInvalid', 'Either no keys or both keys can be set');
  }
  for (const key of [pair.primary, pair.secondary]) {
    const bytes = base64.test(key) ? Buffer.from(key, 'base64').length : 0;
    if (bytes < 16 || bytes > 64) throw new Refused('ArgumentInvalid', 'Invalid device key length');
  }
  return pair;
}

function checkedThumbprints(pair: Pair): Pair {
  for (const text of [pair.primary, pair.secondary]) {
    if (text !== null && !thumbprint.test(text)) throw notThumbprint(text);
  }
  if (pair.primary !== null && pair.secondary !== null && pair.primary.length !== pair.secondary.length) {
    throw notThumbprint(pair.primary);
  }
  return pair;
}

function notThumbprint(text: string): Refused {
  return new Refused('ArgumentInvalid', `StringIsNotThumbprint: '${shorten(text)}' is not a valid X.509 thumbprint.`);
}

function invalid(name: string, value: unknown): Refused {
  return new Refused('ArgumentInvalid', `The value '${shorten(value)}' of '${name}' is invalid.`);
}

function shorten(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** The identity as it goes over the wire. */
export function deviceDocument(identity: Identity) {
  const { authentication } = identity;
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
    authentication: {
      symmetricKey: {
        primaryKey: authentication.type === 'sas' ? authentication.primary : null,
        secondaryKey: authentication.type === 'sas' ? authentication.secondary : null,
      },
      x509Thumbprint: thumbprintsOf(authentication),
      type: authentication.type,
    },
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

/** Null in both slots for a device that authenticates otherwise. */
export function thumbprintsOf(authentication: Authentication) {
  const own = authentication.type === 'selfSigned';
  return {
    primaryThumbprint: own ? authentication.primary : null,
    secondaryThumbprint: own ? authentication.secondary : null,
  };
}

function scopesOf(identity: Identity): { readonly deviceScope?: string; readonly parentScopes?: readonly string[] } {
  return {
    ...(identity.deviceScope === undefined ? {} : { deviceScope: identity.deviceScope }),
    ...(identity.parentScopes === undefined ? {} : { parentScopes: identity.parentScopes }),
  };
}

/** 1970-01-01 in .NET ticks of 100 ns since the year 1. */
export const epochTicks = 621_355_968_000_000_000n;
