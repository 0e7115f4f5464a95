import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
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
export function fromRoot(root: string, directory: string, manifests: readonly string[]): readonly string[] {
  return manifests.map((pattern) => {
    const path = relative(root, resolve(directory, pattern)).split(sep).join('/');
    // On Windows a path on another drive stays absolute.
    if (path === '..' || path.startsWith('../') || isAbsolute(path)) {
      throw terminalFault('manifest-outside', { manifest: pattern, root });
    }
    return path === '' ? '.' : path;
  });
}

/** The folders of a glob before its first magic character. src/run/workspace.ts knows the same characters. */
function fixedPart(pattern: string): string {
  const magic = pattern.search(/[*?[\]{}]|[!+@]\(|^!/);
  return magic < 0 ? pattern : `${pattern.slice(0, pattern.lastIndexOf('/', magic) + 1)}x`;
}
