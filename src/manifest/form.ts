import { posix } from 'node:path';
import { at, type Node, type ScalarNode } from './node.ts';
import type { SourceText } from './source.ts';
import type { ParseResult } from './syntax.ts';
import { parseYaml } from './yaml.ts';

/** The values of a manifest in the form that its name says; nothing for a name that says none. What is not YAML is seldom: it is loaded when it is needed. */
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

/** The patterns of `{from: …}`, one or a list; none where it is not there or not well written. */
export function patternsOf(devices: Node): readonly ScalarNode[] {
  const from = at(devices, ['from']);
  const patterns = from?.kind === 'list' ? from.items : from === undefined ? [] : [from];
  return patterns
    .filter((node) => node.kind === 'scalar')
    .filter(({ value }) => typeof value === 'string' && value.trim() !== '');
}
