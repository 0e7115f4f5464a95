import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject } from '../wire/json.ts';
import { type DataAction, type Need, type RoleName, roleActions } from './rights.ts';

/**
 * A bearer token that a test asks for. The service takes tokens that Entra has signed, and looks up the roles of their
 * principal. This hub has no Entra, so it takes only tokens that it has signed itself (a JWS in HS256, RFC 7515). The
 * tokens name the roles.
 */
export interface TokenWish {
  /** Default: IoT Hub Data Contributor, unless `actions` are given. */
  readonly roles?: readonly RoleName[];
  /** The actions of a custom role. */
  readonly actions?: readonly DataAction[];
  /** Default: the audience that the service demands. */
  readonly audience?: string;
  /** Default: 3600. A negative number makes a token that has expired. */
  readonly expiresInSeconds?: number;
  /** The principal, which refusals name. */
  readonly principal?: string;
}

/** The audience of a token for the scope `https://iothubs.azure.net/.default`, which clients ask for. */
const audience = 'https://iothubs.azure.net';

const header = encoded({ typ: 'JWT', alg: 'HS256' });

/** Makes a token. `now` is in milliseconds; `key` is the hub's own, see `HubSecrets`. */
export function mintToken(
  wish: TokenWish,
  { key, now, issuer }: { key: KeyObject; now: number; issuer: string },
): string {
  const seconds = Math.floor(now / 1000);
  const expiry = seconds + (wish.expiresInSeconds ?? 3600);
  const claims = encoded({
    aud: wish.audience ?? audience,
    iss: issuer,
    sub: wish.principal ?? 'somebody',
    iat: seconds,
    nbf: Math.min(seconds, expiry),
    exp: expiry,
    roles: wish.roles ?? (wish.actions === undefined ? ['IoT Hub Data Contributor'] : []),
    actions: wish.actions ?? [],
  });
  return `${header}.${claims}.${signed(key, `${header}.${claims}`).toString('base64url')}`;
}

/**
 * Checks a token. Throws `Refused`: IotHubUnauthorizedAccess for an invalid token, IotHubUnauthorized for one without
 * the actions (recorded).
 */
export function requireToken(
  token: string,
  call: { readonly method: string; readonly path: string; readonly need: Need },
  hub: { readonly key: KeyObject; readonly now: number },
): void {
  const claims = verified(token, hub.key);
  const now = hub.now / 1000;
  const valid =
    claims !== undefined &&
    claims.aud === audience &&
    typeof claims.exp === 'number' &&
    claims.exp > now &&
    typeof claims.nbf === 'number' &&
    claims.nbf <= now;
  if (!valid) throw new Refused('IotHubUnauthorizedAccess', 'Unauthorized');
  const granted = new Set([...texts(claims.roles).flatMap(actionsOf), ...texts(claims.actions)]);
  if (call.need.actions.every((action) => granted.has(action))) return;
  throw new Refused(
    'IotHubUnauthorized',
    `Principal ${String(claims.sub)} is not authorized for ${call.method} on ${call.path} due to no assigned permissions`,
  );
}

/**
 * Returns the claims if this hub has signed them. The header is always the same, so a token cannot choose another
 * algorithm.
 */
function verified(token: string, key: KeyObject): JsonObject | undefined {
  const [first, claims = '', signature = '', ...more] = token.split('.');
  if (first !== header || more.length > 0) return undefined;
  const given = Buffer.from(signature, 'base64url');
  const expected = signed(key, `${first}.${claims}`);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const value: unknown = JSON.parse(Buffer.from(claims, 'base64url').toString());
  return isJsonObject(value) ? value : undefined;
}

function signed(key: KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function actionsOf(role: string): readonly string[] {
  return Object.entries(roleActions).find(([name]) => name === role)?.[1] ?? [];
}

function texts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [];
}

function encoded(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
