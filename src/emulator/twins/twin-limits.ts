import { Refused, shortened } from '../wire/errors.ts';
import { isJsonObject, type JsonObject } from '../wire/json.ts';

/**
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-device-twins#tags-and-properties-format and the sections
 * that follow it.
 */
const limits = {
  depth: 10,
  keyBytes: 1024,
  textBytes: 4096,
  tagsBytes: 8 * 1024,
  desiredBytes: 32 * 1024,
  smallestInteger: -4503599627370496,
  largestInteger: 4503599627370495,
} as const;

/** Control characters of both segments, dot, dollar, number sign and space. The number sign is reported from a live hub. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what it looks for.
const forbidden = /[\u0000-\u0020\u007f-\u009f.$#]/;

/** Throws `Refused` if the tags or properties of a twin exceed a documented limit. */
export function requireSection(values: JsonObject, name: 'tags' | 'properties.desired' | 'properties.reported'): void {
  const size = sizeOf(values, name, 1);
  const most = name === 'tags' ? limits.tagsBytes : limits.desiredBytes;
  if (size > most) throw refused(`${name} are ${size} bytes, at most ${most} are allowed`);
}

/** The size as documented: UTF-8 bytes of names and texts, 8 bytes a number, 4 a boolean. Structure does not count. */
function sizeOf(value: unknown, path: string, depth: number): number {
  if (typeof value === 'string') return textSize(value, path);
  if (typeof value === 'number') return numberSize(value, path);
  if (typeof value === 'boolean') return 4;
  if (value === null) return 0;
  if (depth > limits.depth) throw refused(`${path} is nested deeper than ${limits.depth} levels`);
  let size = 0;
  if (Array.isArray(value)) {
    for (const item of value) {
      // Reported from a live hub. As the value of a name, null removes the name.
      if (item === null) throw refused(`${path} has null in an array`);
      size += sizeOf(item, path, depth + 1);
    }
    return size;
  }
  if (!isJsonObject(value)) return 0;
  for (const [name, inner] of Object.entries(value))
    size += keySize(name, path) + sizeOf(inner, `${path}.${name}`, depth + 1);
  return size;
}

function keySize(name: string, path: string): number {
  const size = Buffer.byteLength(name);
  // An empty name is accepted (reported from a live hub).
  if (size > limits.keyBytes) throw refused(`${path} has a name over 1 KB`);
  if (forbidden.test(name)) {
    throw refused(
      `${path} has the name ${JSON.stringify(name)}: '.', '$', '#', space and control characters are not allowed`,
    );
  }
  return size;
}

function textSize(text: string, path: string): number {
  const size = Buffer.byteLength(text);
  if (size > limits.textBytes) throw refused(`${path} is a text over 4 KB`);
  return size;
}

function numberSize(value: number, path: string): number {
  if (Number.isInteger(value) && (value < limits.smallestInteger || value > limits.largestInteger)) {
    throw refused(`${path} is an integer beyond ${limits.smallestInteger} to ${limits.largestInteger}`);
  }
  return 8;
}

function refused(why: string): Refused {
  return new Refused('ArgumentInvalid', `BadRequest: the twin is not valid, ${shortened(why)}`);
}
