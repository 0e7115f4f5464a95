import { createHash } from 'node:crypto';
import type { DeviceId, HubHost } from '../model/fleet.ts';

/** The folder and the artifact of one device's bundle. */
export interface BundleName {
  /** Relative to the output directory, with `/`: `edge-001`, or `contoso/edge-001` in a fleet of several hubs. */
  readonly directory: string;
  readonly artifact: string;
}

interface Named {
  readonly id: DeviceId;
  readonly hub?: HubHost | undefined;
}

/**
 * Returns the names of the folder and of the artifact for each device, in the order given.
 *
 * The names are legal on every file system and for artifacts. No two devices get names that differ only in case. Names
 * depend on the whole fleet (several hubs, ids that differ only in case), so pass all devices.
 */
export function bundleNames(devices: readonly Named[]): readonly BundleName[] {
  const hubs = hubNames(devices);
  const several = hubs.size > 1;
  const under = (device: Named, name: string) => (several ? `${hubs.get(device.hub)}/${name}` : name);
  const directories = distinct(
    devices.map((device) => under(device, component(device.id))),
    devices.map((device) => device.id),
  );
  // Hub and id may have hyphens: a-b + c and a + b-c give the same name. The key keeps them apart.
  const artifacts = distinct(
    directories.map((directory) => `iot-edge-${directory.replace('/', '-')}`),
    devices.map((device) => `${device.hub}/${device.id}`),
  );
  return directories.map((directory, index) => ({ directory, artifact: artifacts[index] ?? directory }));
}

/** The name of each hub's folder: its first label, or the whole host name if two hubs share that label. */
function hubNames(devices: readonly Named[]): ReadonlyMap<HubHost | undefined, string> {
  const hosts = [...new Set(devices.map((device) => device.hub))];
  const shortOf = (host: string) => host.replace(/[.:].*$/, '');
  const uses = new Map<string, number>();
  for (const host of hosts) if (host !== undefined) uses.set(shortOf(host), (uses.get(shortOf(host)) ?? 0) + 1);
  return new Map(
    hosts.map((host) => {
      // No host name begins with an underscore, so no hub has this folder.
      if (host === undefined) return [host, '_'];
      return [host, component(uses.get(shortOf(host)) === 1 ? shortOf(host) : host)];
    }),
  );
}

const longest = 100;

/**
 * Makes one component of a path. Characters that are not safe everywhere are percent-encoded, so decoding gives the
 * text back. A name that is too long is cut and ends in `~` and a digest. No id has a `~`, so such a name never equals
 * another one.
 */
function component(text: string): string {
  const encoded = notReserved(
    text
      .replace(/[^A-Za-z0-9_.=@,-]/gu, (character) => Array.from(Buffer.from(character), percent).join(''))
      // A first dot hides files, a first hyphen begins options of commands, and Windows drops a dot at the end.
      .replace(/^[.-]|\.$/g, percentOf),
  );
  if (encoded.length <= longest) return encoded;
  const kept = encoded.slice(0, longest - 17).replace(/%[0-9A-F]?$/, '');
  return `${kept}~${digest(text)}`;
}

// Windows takes these names for devices, in upper and lower case and with any extension:
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions
const reserved = /^(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])(?= *(\.|$))/i;

/** Whether Windows takes a name for one of its devices. */
export function isReserved(name: string): boolean {
  return reserved.test(name);
}

/** The name. If Windows would take it for one of its devices, its first character is percent-encoded. */
export function notReserved(name: string): string {
  return name.replace(reserved, (device) => percentOf(device) + device.slice(1));
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** The first character, percent-encoded. */
function percentOf(text: string): string {
  return percent(text.charCodeAt(0));
}

/** 16 hex digits (64 bits) of SHA-256. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Makes names distinct: names that differ only in case get a digest of their key at the end. */
function distinct(names: readonly string[], keys: readonly string[]): readonly string[] {
  const first = new Map<string, string>();
  const shared = new Set<string>();
  names.forEach((name, index) => {
    const folded = name.toLowerCase();
    const key = keys[index] ?? name;
    const other = first.get(folded);
    if (other === undefined) first.set(folded, key);
    else if (other !== key) shared.add(folded);
  });
  return names.map((name, index) => (shared.has(name.toLowerCase()) ? `${name}~${digest(keys[index] ?? name)}` : name));
}
