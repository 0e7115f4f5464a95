import { existsSync } from 'node:fs';
import path, { dirname, join, resolve } from 'node:path';
import { fixedPart, isInside, type PathRules, relativeWithSlashes } from '../run/paths.ts';
import { terminalFault } from './faults.ts';

/** The workspace of a command line: the git work tree around the first manifest, or else the manifest's folder. */
export function findRoot(directory: string, manifests: readonly string[]): string {
  const folder = resolve(directory, dirname(fixedPart(manifests[0] ?? '.')));
  for (let here = folder; ; here = dirname(here)) {
    if (existsSync(join(here, '.git'))) return here;
    if (here === dirname(here)) return folder;
  }
}

/** The manifests as patterns relative to the workspace. Throws a usage `Fault` for one that lies outside. */
export function fromRoot(
  root: string,
  directory: string,
  manifests: readonly string[],
  rules: PathRules = path,
): readonly string[] {
  return manifests.map((pattern) => {
    const given = rules.resolve(directory, pattern);
    if (!isInside(root, given, rules)) throw terminalFault('manifest-outside', { manifest: pattern, root });
    return relativeWithSlashes(root, given, rules) || '.';
  });
}
