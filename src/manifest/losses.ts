import { posix } from 'node:path';
import { decodeText } from './source.ts';

/** The ids and hubs that a version of a manifest seems to name, found by its text, in order: `id edge-001`, `hub a.example`. */
export type Names = readonly string[];

/**
 * Finds the names without parsing, which would be slow. Returns undefined if only parsing can find them: for a table, whose
 * columns name the values, and for `devices: {from: …}`, where certificates name the devices.
 */
export function namesIn(file: string, bytes: Buffer): Names | undefined {
  if (posix.extname(file).toLowerCase() === '.csv') return undefined;
  const text = decodeText(bytes);
  if (text === undefined || /\bfrom["']?\s*:/.test(text)) return undefined;
  return Array.from(text.matchAll(named), ([, key, value]) => `${key} ${value}`);
}

const named = /\b(id|hub)["']?\s*:\s*["']?([^\s"',}\]#]+)/g;

/** Tells whether the later version may declare less: a name is missing from it, or has moved. */
export function losesNames(earlier: Names | undefined, later: Names | undefined): boolean {
  if (earlier === undefined || later === undefined) return true;
  let found = 0;
  for (const name of later) if (name === earlier[found]) found += 1;
  return found < earlier.length;
}
