import { posix } from 'node:path';
import { at, type Node, type ScalarNode } from './node.ts';
import type { SourceText } from './source.ts';
import type { ParseResult } from './syntax.ts';
import { parseYaml } from './yaml.ts';

/**
 * Parses a manifest in the format that its extension names. Returns undefined for any other extension. JSON and CSV are rare, so
 * their parsers are loaded only when needed.
 */
export async function parseManifest(source: SourceText): Promise<ParseResult | undefined> {
  switch (posix.extname(source.file).toLowerCase()) {
    case '.yaml':
    case '.yml':
      return parseYaml(source);
    case '.json':
      return (await import('./json.ts')).parseJson(source);
    case '.csv':
      return (await import('./csv.ts')).parseCsv(source);
    default:
      return undefined;
  }
}

/** Returns the patterns of `{from: …}`, which is one glob or a list. Returns none if `from` is absent or malformed. */
export function patternsOf(devices: Node): readonly ScalarNode[] {
  const from = at(devices, ['from']);
  const patterns = from?.kind === 'list' ? from.items : from === undefined ? [] : [from];
  return patterns
    .filter((node) => node.kind === 'scalar')
    .filter(({ value }) => typeof value === 'string' && value.trim() !== '');
}
