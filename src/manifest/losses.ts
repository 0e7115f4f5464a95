import { posix } from 'node:path';
import { decodeText } from './source.ts';

/** What a version of a manifest seems to name, as its text alone tells: `id edge-001`, `hub contoso.azure-devices.net`, in order. */
export type Names = readonly string[];

/**
 * Quick, where reading a manifest is slow. Undefined where only reading tells: of a table, whose columns name the values, and of
 * certificates, which name the devices.
 */
export function namesIn(file: string, bytes: Buffer): Names | undefined {
  if (posix.extname(file).toLowerCase() === '.csv') return undefined;
  const text = decodeText(bytes);
  if (text === undefined || /\bfrom["']?\s*:/.test(text)) return undefined;
  return Array.from(text.matchAll(named), ([, key, value]) => `${key} ${value}`);
}

const named = /\b(id|hub)["']?\s*:\s*["']?([^\s"',}\]#]+)/g;

/** Whether the later version may declare less: it names something no more, or names it in another order. */
export function losesNames(earlier: Names | undefined, later: Names | undefined): boolean {
  if (earlier === undefined || later === undefined) return true;
  let found = 0;
  for (const name of later) if (name === earlier[found]) found += 1;
  return found < earlier.length;
}
