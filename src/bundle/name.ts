import { createHash } from 'node:crypto';
import type { DeviceId, HubHost } from '../model/fleet.ts';

/** Where the bundle of one device goes. */
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
 * A folder and an artifact name for each device, in the order given.
 *
 * Legal on every file system and in artifacts, and different for different devices also where case does not count.
 * Names depend on the whole fleet (several hubs, ids that differ by case), so hand in all of it, not a part.
 */
export function bundleNames(devices: readonly Named[]): readonly BundleName[] {
  const hubs = hubNames(devices);
  const several = hubs.size > 1;
  const under = (device: Named, name: string) => (several ? `${hubs.get(device.hub)}/${name}` : name);
  const directories = distinct(
    devices.map((device) => under(device, component(device.id))),
    devices.map((device) => device.id),
  );
  // A hub's name and an id may both have hyphens, so a-b + c meets a + b-c: the key has both.
  const artifacts = distinct(
    directories.map((directory) => `iot-edge-${directory.replace('/', '-')}`),
    devices.map((device) => `${device.hub}/${device.id}`),
  );
  return directories.map((directory, index) => ({ directory, artifact: artifacts[index] ?? directory }));
}

/** The name of each hub's folder: its first label, or its whole host where two hubs share that. */
function hubNames(devices: readonly Named[]): ReadonlyMap<HubHost | undefined, string> {
  const hosts = [...new Set(devices.map((device) => device.hub))];
  const shortOf = (host: string) => host.replace(/[.:].*$/, '');
  const uses = new Map<string, number>();
  for (const host of hosts) if (host !== undefined) uses.set(shortOf(host), (uses.get(shortOf(host)) ?? 0) + 1);
  return new Map(
    hosts.map((host) => {
      // No host begins with an underscore, so devices without a hub share their folder with none.
      if (host === undefined) return [host, '_'];
      return [host, component(uses.get(shortOf(host)) === 1 ? shortOf(host) : host)];
    }),
  );
}

const longest = 100;

/**
 * One component of a path: percent-encoded where a character is not safe everywhere, so that decoding gives the text back;
 * too long, it is cut and ends in a digest. A `~` stands in no id, and `~` and digest therefore never meet another name.
 */
function component(text: string): string {
  const encoded = notReserved(
    text
      .replace(/[^A-Za-z0-9_.=@,-]/gu, (character) => Array.from(Buffer.from(character), percent).join(''))
      // Hidden files, options of commands, and the dot that Windows drops at the end.
      .replace(/^[.-]|\.$/g, percentOf),
  );
  if (encoded.length <= longest) return encoded;
  const kept = encoded.slice(0, longest - 17).replace(/%[0-9A-F]?$/, '');
  return `${kept}~${digest(text)}`;
}

// Windows takes these for devices, in any case and with any extension:
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file#naming-conventions
const reserved = /^(con|prn|aux|nul|(com|lpt)[0-9\u00b9\u00b2\u00b3])(?= *(\.|$))/i;

/** Whether Windows takes a name for one of its devices. */
export function isReserved(name: string): boolean {
  return reserved.test(name);
}

/** The name as it is, or with its first character percent-encoded where Windows would take it for one of its devices. */
export function notReserved(name: string): string {
  return name.replace(reserved, (device) => percentOf(device) + device.slice(1));
}

function percent(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
}

/** The first character, encoded. */
function percentOf(text: string): string {
  return percent(text.charCodeAt(0));
}

/** 16 hex digits (64 bits) of SHA-256. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Names that are equal but for case end each in a digest of their key. */
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
