import path, { type PlatformPath } from 'node:path';
import { isGitFolder } from '../model/git-folder.ts';

/** How a system reads paths. Tests pass those of another system. */
type PathRules = Pick<PlatformPath, 'isAbsolute' | 'relative' | 'sep'>;

/** Why bundles may not lie at an absolute path, as written: they would replace what lies there. */
export function misplacedIn(
  workspace: string,
  target: string,
  rules: PathRules = path,
): 'workspace' | 'above-workspace' | 'in-git' | undefined {
  if (rules.relative(target, workspace) === '') return 'workspace';
  if (wayInto(target, workspace, rules) !== undefined) return 'above-workspace';
  return wayInto(workspace, target, rules)?.some(isGitFolder) === true ? 'in-git' : undefined;
}

/** The names on the way from `folder` down to `given`; `undefined` if `given` lies outside of `folder`. */
export function wayInto(folder: string, given: string, rules: PathRules = path): readonly string[] | undefined {
  const way = rules.relative(folder, given);
  const names = way.split(rules.sep);
  return rules.isAbsolute(way) || names[0] === '..' ? undefined : names;
}
