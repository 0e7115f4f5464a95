import path, { type PlatformPath, posix } from 'node:path';
import { isGitFolder } from '../model/git-folder.ts';

/** How a system reads paths. Tests pass those of another system. */
export type PathRules = Pick<PlatformPath, 'dirname' | 'isAbsolute' | 'relative' | 'resolve' | 'sep'>;

/** The path with `/`, as git and manifests write it. On POSIX a backslash is a part of a name. */
export function withSlashes(given: string, { sep }: PathRules = path): string {
  return sep === '\\' ? given.replaceAll(sep, '/') : given;
}

/** The path relative to a folder, with `/`. On Windows a path on another drive stays absolute. */
export function relativeWithSlashes(folder: string, given: string, rules: PathRules = path): string {
  return withSlashes(rules.relative(folder, given), rules);
}

/** Tells whether a path lies in a folder, or is the folder, as written. */
export function isInside(folder: string, given: string, rules: PathRules = path): boolean {
  const way = rules.relative(folder, given);
  return way !== '..' && !way.startsWith(`..${rules.sep}`) && !rules.isAbsolute(way);
}

/** Why no file of the workspace may be read at this path, as written; undefined if one may. */
export function refusedPlace(root: string, given: string, rules: PathRules = path): 'outside' | 'in-git' | undefined {
  if (!isInside(root, given, rules)) return 'outside';
  return rules.relative(root, given).split(rules.sep).some(isGitFolder) ? 'in-git' : undefined;
}

/**
 * The pattern relative to the root, with `/`.
 * @param roots the folder with links resolved, and as it was named: an absolute pattern may reach it through a link
 */
export function spelledIn(
  roots: { readonly real: string; readonly named: string },
  pattern: string,
  rules: PathRules = path,
): string {
  if (!rules.isAbsolute(pattern)) return posix.normalize(withSlashes(pattern, rules));
  const root = isInside(roots.named, pattern, rules) ? rules.resolve(roots.named) : roots.real;
  return posix.normalize(relativeWithSlashes(root, pattern, rules));
}

/** The folders of a glob before its first magic character, or the pattern itself. src/run/find.ts knows the same characters. */
export function fixedPart(pattern: string, rules: PathRules = path): string {
  const slashed = withSlashes(pattern, rules);
  const magic = slashed.search(/[*?[\]{}]|[!+@]\(|^!/);
  return magic < 0 ? slashed : `${slashed.slice(0, slashed.lastIndexOf('/', magic) + 1)}x`;
}
