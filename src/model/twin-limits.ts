/**
 * What an IoT hub takes as tags and desired properties:
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-device-twins#tags-and-properties-format and the sections that follow it.
 * Measured on a hub: `#` is refused in a key too, an empty key is taken, and null is refused in a list.
 */
export const twinLimits = {
  depth: 10,
  keyBytes: 1024,
  /** 512 in an old API; the hub's own message says 4,096 (https://github.com/Azure/iotedge/issues/6547). */
  textBytes: 4096,
  tagsBytes: 8 * 1024,
  desiredBytes: 32 * 1024,
  smallestInteger: -4503599627370496,
  largestInteger: 4503599627370495,
} as const;

/** What a hub refuses, and where: the keys and indexes that lead there. */
export interface TwinFault {
  readonly path: readonly (string | number)[];
  readonly what:
    | { readonly kind: 'depth' | 'key size' | 'integer' | 'null in list' }
    | { readonly kind: 'key character'; readonly character: string }
    | { readonly kind: 'text'; readonly bytes: number };
}

export interface TwinMeasured {
  /** As documented: UTF-8 bytes of keys and texts, 8 bytes a number, 4 a boolean. Structure does not count. */
  readonly bytes: number;
  /** In the order in which they stand. */
  readonly faults: readonly TwinFault[];
}

/** Measures tags or desired properties. It goes no deeper than a hub does. */
export function measureTwin(values: Readonly<Record<string, unknown>>): TwinMeasured {
  const faults: TwinFault[] = [];
  return { bytes: sizeOf(values, undefined, 1, faults), faults };
}

/** The keys and indexes from here up. Most values have no fault, so that no list is made for them. */
interface Path {
  readonly up: Path | undefined;
  readonly part: string | number;
}

function partsOf(path: Path | undefined): readonly (string | number)[] {
  const parts: (string | number)[] = [];
  for (let here = path; here !== undefined; here = here.up) parts.push(here.part);
  return parts.reverse();
}

function sizeOf(value: unknown, path: Path | undefined, depth: number, faults: TwinFault[]): number {
  if (typeof value === 'string') return textSize(value, path, faults);
  if (typeof value === 'number') return numberSize(value, path, faults);
  if (typeof value === 'boolean') return 4;
  if (typeof value !== 'object' || value === null) return 0;
  if (depth > twinLimits.depth) {
    faults.push({ path: partsOf(path), what: { kind: 'depth' } });
    return 0;
  }
  return Array.isArray(value) ? listSize(value, path, depth, faults) : mapSize(value, path, depth, faults);
}

function listSize(list: readonly unknown[], path: Path | undefined, depth: number, faults: TwinFault[]): number {
  let size = 0;
  for (const [index, item] of list.entries()) {
    const here = { up: path, part: index };
    if (item === null) faults.push({ path: partsOf(here), what: { kind: 'null in list' } });
    size += sizeOf(item, here, depth + 1, faults);
  }
  return size;
}

function mapSize(map: object, path: Path | undefined, depth: number, faults: TwinFault[]): number {
  let size = 0;
  for (const [key, value] of Object.entries(map)) {
    const here = { up: path, part: key };
    size += keySize(key, here, faults) + sizeOf(value, here, depth + 1, faults);
  }
  return size;
}

/** Control characters of both segments, space, dot, dollar and hash. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
export const forbiddenInKey = /[\u0000-\u0020\u007f-\u009f.$#]/;

function keySize(key: string, path: Path, faults: TwinFault[]): number {
  const size = bytesOf(key);
  if (size > twinLimits.keyBytes) faults.push({ path: partsOf(path), what: { kind: 'key size' } });
  const character = forbiddenInKey.exec(key)?.[0];
  if (character !== undefined) faults.push({ path: partsOf(path), what: { kind: 'key character', character } });
  return size;
}

function textSize(text: string, path: Path | undefined, faults: TwinFault[]): number {
  const bytes = bytesOf(text);
  if (bytes > twinLimits.textBytes) faults.push({ path: partsOf(path), what: { kind: 'text', bytes } });
  return bytes;
}

function numberSize(value: number, path: Path | undefined, faults: TwinFault[]): number {
  const beyond = value < twinLimits.smallestInteger || value > twinLimits.largestInteger;
  if (Number.isInteger(value) && beyond) faults.push({ path: partsOf(path), what: { kind: 'integer' } });
  return 8;
}

function bytesOf(text: string): number {
  return Buffer.byteLength(text);
}
