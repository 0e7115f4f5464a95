import type { AuthenticationType } from '../../model/registration.ts';
import { invalidValue, Refused, shortened } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';

/** Two keys if the type is `sas`, two thumbprints if it is `selfSigned`, otherwise nulls. */
export interface Authentication {
  readonly type: AuthenticationType;
  readonly primary: string | null;
  readonly secondary: string | null;
}

const thumbprint = /^(?:[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/;
const base64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Reads `authentication`. Returns `undefined` if the hub should make new keys. Throws `Refused` if the service would
 * answer 400.
 */
export function wantedAuthentication(authentication: unknown): Authentication | undefined {
  if (authentication === undefined || authentication === null) return undefined;
  if (!isJsonObject(authentication)) throw invalidValue('authentication', authentication);
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
      throw invalidValue('authentication.type', type);
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
  if (typeof value !== 'string') throw invalidValue(name, value);
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
  return new Refused('ArgumentInvalid', `StringIsNotThumbprint: '${shortened(text)}' is not a valid X.509 thumbprint.`);
}

/** The JSON form. It holds both pairs; the pair of the other type has nulls. */
export function authenticationDocument(authentication: Authentication) {
  return {
    symmetricKey: {
      primaryKey: authentication.type === 'sas' ? authentication.primary : null,
      secondaryKey: authentication.type === 'sas' ? authentication.secondary : null,
    },
    x509Thumbprint: thumbprintsOf(authentication),
    type: authentication.type,
  };
}

/** The thumbprints; null in both slots if the device authenticates in another way. */
export function thumbprintsOf(authentication: Authentication) {
  const own = authentication.type === 'selfSigned';
  return {
    primaryThumbprint: own ? authentication.primary : null,
    secondaryThumbprint: own ? authentication.secondary : null,
  };
}
