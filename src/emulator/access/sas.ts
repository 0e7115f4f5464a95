import { createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto';
import { Refused } from '../wire/errors.ts';
import { isPolicyName, policyRights, type Right } from './rights.ts';
import type { HubSecrets } from './secrets.ts';

/**
 * Checks the header `Authorization: SharedAccessSignature sr=…&sig=…&se=…&skn=…` for one call. `sr` names the hub (any
 * of `hosts`), or a path below it that the call's path begins with. `se` is in seconds since 1970, `now` in
 * milliseconds. Throws `Refused` IotHubUnauthorizedAccess, which says no more than the service does.
 */
export function requireSignature(
  header: string | undefined,
  call: { readonly path: string; readonly right: Right },
  hub: { readonly keys: HubSecrets['policies']; readonly hosts: readonly string[]; readonly now: number },
): void {
  const token = parsed(header);
  const granted =
    token !== undefined &&
    isPolicyName(token.policy) &&
    signedWith(hub.keys[token.policy], token) &&
    token.expiry * 1000 > hub.now &&
    covers(token.resource, call.path, hub.hosts) &&
    policyRights[token.policy].includes(call.right);
  if (!granted) throw new Refused('IotHubUnauthorizedAccess', 'Unauthorized');
}

/**
 * Whether this is a signature of a device: for `HOST/devices/ID`, with one of the device's keys (in base64). identityd
 * writes the resource in lower case.
 */
export function isDeviceSignature(
  header: string | undefined,
  deviceId: string,
  { keys, hosts, now }: { readonly keys: readonly string[]; readonly hosts: readonly string[]; readonly now: number },
): boolean {
  const token = parsed(header);
  if (token === undefined || token.expiry * 1000 <= now) return false;
  // Clients encode the whole resource; some also the id in it.
  const ids = [deviceId, encodeURIComponent(deviceId)].map((id) => id.toLowerCase());
  if (!hosts.some((host) => ids.some((id) => token.resource === `${host}/devices/${id}`))) return false;
  return keys.some((key) => signedWith(createSecretKey(Buffer.from(key, 'base64')), token));
}

interface Token {
  /** As sent, since the signature covers these characters. */
  readonly sentResource: string;
  readonly sentExpiry: string;
  readonly resource: string;
  readonly expiry: number;
  readonly policy: string;
  readonly signature: Buffer;
}

function parsed(header: string | undefined): Token | undefined {
  const fields = header?.match(/^SharedAccessSignature\s+(.+)$/i)?.[1];
  if (fields === undefined) return undefined;
  const field = new Map(
    fields.split('&').map((part) => {
      const at = part.indexOf('=');
      return [part.slice(0, at), part.slice(at + 1)];
    }),
  );
  const sentResource = field.get('sr') ?? '';
  const sentExpiry = field.get('se') ?? '';
  try {
    return {
      sentResource,
      sentExpiry,
      resource: decodeURIComponent(sentResource).toLowerCase(),
      expiry: /^\d{1,15}$/.test(sentExpiry) ? Number(sentExpiry) : 0,
      policy: decodeURIComponent(field.get('skn') ?? ''),
      signature: Buffer.from(decodeURIComponent(field.get('sig') ?? ''), 'base64'),
    };
  } catch {
    return undefined; // A wrong percent sign makes the token invalid.
  }
}

/** Clients sign the resource encoded or plain. Some sign it plain and send it encoded. */
function signedWith(key: KeyObject, token: Token): boolean {
  const forms = new Set([token.sentResource, token.resource, encodeURIComponent(token.resource)]);
  return [...forms].some((form) => {
    const expected = createHmac('sha256', key).update(`${form}\n${token.sentExpiry}`).digest();
    return expected.length === token.signature.length && timingSafeEqual(expected, token.signature);
  });
}

function covers(resource: string, path: string, hosts: readonly string[]): boolean {
  return hosts.some((host) => {
    if (resource === host) return true;
    if (!resource.startsWith(`${host}/`)) return false;
    const prefix = resource.slice(host.length).replace(/\/$/, '');
    const whole = path.toLowerCase();
    return whole === prefix || whole.startsWith(`${prefix}/`);
  });
}
