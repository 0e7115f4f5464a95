import { posix } from 'node:path';
import { type Finding, failing, type Judged } from '../model/finding.ts';
import { type CertificatePair, certificateExtensions, type PairCertificates } from '../model/identity.ts';
import type { Workspace } from '../model/workspace.ts';
import { finding } from '../rules/rules.ts';
import { type Entry, type Location, type MapNode, placeOf, type ScalarNode } from './node.ts';
import { searchFindings } from './search.ts';

/**
 * Returns the devices of `devices: {from: …}` as if they were written in the manifest with their ids and certificates. Of the
 * files that the patterns match, only those with the extension of a certificate count.
 * @param folder the manifest's folder, relative to the workspace: the patterns start there
 */
export async function devicesFrom(
  patterns: readonly ScalarNode[],
  folder: string,
  workspace: Workspace,
  pair: PairCertificates,
): Promise<Judged<readonly MapNode[]>> {
  const matchedBy = new Map<string, ScalarNode>();
  const findings: Finding[] = [];
  for (const pattern of patterns) {
    const { files, ...search } = await workspace.find([inFolder(folder, String(pattern.value))]);
    findings.push(...searchFindings(String(pattern.value), search, placeOf(pattern)));
    const certificates = files.filter((path) => certificateExtensions.includes(posix.extname(path).toLowerCase()));
    if (certificates.length === 0 && search.bound === undefined) findings.push(nothingFound(pattern));
    for (const path of certificates) if (!matchedBy.has(path)) matchedBy.set(path, pattern);
  }
  const [first] = patterns;
  if (first === undefined || matchedBy.size === 0) return { value: [], findings };
  const locationOf = (path: string): Location => matchedBy.get(path) ?? first;
  const pairs = await pair([...matchedBy.keys()], (path) => placeOf(locationOf(path)));
  findings.push(...pairs.findings);
  if (pairs.value.length === 0 && !failing(findings)) findings.push(nothingFound(first));
  return { value: pairs.value.map((one) => deviceNode(one, folder, locationOf)), findings };
}

/** Puts the pattern into the folder. Glob characters in the folder's name are escaped. */
function inFolder(folder: string, pattern: string): string {
  if (posix.isAbsolute(pattern)) return pattern;
  const literal = isGlob(pattern) ? folder.replace(/[[*?{(]/g, '[$&]') : folder;
  return posix.join(literal, pattern);
}

function isGlob(pattern: string): boolean {
  return /[*?[{(]/.test(pattern);
}

function nothingFound(pattern: ScalarNode): Finding {
  return finding('manifest/empty', { from: String(pattern.value) }, { place: placeOf(pattern) });
}

function deviceNode(
  { id, certificates }: CertificatePair,
  folder: string,
  locationOf: (path: string) => Location,
): MapNode {
  const files = Object.entries(certificates).map(([slot, path]): [string, ScalarNode] => [
    slot,
    scalar(posix.relative(folder, path), locationOf(path)),
  ]);
  const [path = ''] = Object.values(certificates);
  const location = locationOf(path);
  return map(location, [
    ['id', scalar(id, location)],
    ['certificates', map(location, files)],
  ]);
}

function scalar(value: string, { source, offset }: Location): ScalarNode {
  return { kind: 'scalar', source, offset, value, written: value };
}

function map({ source, offset }: Location, nodes: readonly (readonly [string, Entry['node']])[]): MapNode {
  const entries = new Map(nodes.map(([key, node]) => [key, { keyOffset: offset, node }]));
  return { kind: 'map', source, offset, entries };
}
