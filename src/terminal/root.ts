import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { Fault } from '../model/fault.ts';

/** The workspace of a command line: the git work tree that holds the first manifest, else that manifest's folder. */
export function findRoot(directory: string, manifests: readonly string[]): string {
  const folder = resolve(directory, dirname(fixedPart(manifests[0] ?? '.')));
  for (let here = folder; ; here = dirname(here)) {
    if (existsSync(join(here, '.git'))) return here;
    if (here === dirname(here)) return folder;
  }
}

/** The manifests as patterns relative to the workspace. */
export function fromRoot(root: string, directory: string, manifests: readonly string[]): readonly string[] {
  return manifests.map((pattern) => {
    const path = relative(root, resolve(directory, pattern)).split(sep).join('/');
    // On Windows a path on another drive stays absolute.
    if (path === '..' || path.startsWith('../') || isAbsolute(path)) {
      const remedy = 'Run once for each repository.';
      throw new Fault(`${pattern} lies outside ${root}, where the first manifest is`, remedy, { kind: 'usage' });
    }
    return path === '' ? '.' : path;
  });
}

/** The part of a glob before its first magic character, cut at a folder. What is magic, src/workspace.ts decides too. */
function fixedPart(pattern: string): string {
  const magic = pattern.search(/[*?[\]{}]|[!+@]\(|^!/);
  return magic < 0 ? pattern : `${pattern.slice(0, pattern.lastIndexOf('/', magic) + 1)}x`;
}
