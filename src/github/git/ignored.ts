import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { type ExecOptions, getExecOutput } from '@actions/exec';
import { carefully, gitEnvironment } from './run-git.ts';

/**
 * Returns the paths (relative to the folder) that git ignores. Outside of a repository these are the paths in folders whose
 * `.gitignore` ignores everything, such as those of `issue` and of the embedded hub. If git cannot tell about a repository,
 * the result is empty: every file then counts as one that may be committed.
 */
export async function ignoredByGit(folder: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  const quietly: ExecOptions = { cwd: folder, silent: true, ignoreReturnCode: true, env: gitEnvironment() };
  try {
    // A git that ends before it has read its input breaks the pipe, and @actions/exec lets nobody catch that error. So
    // ask first whether this is a work tree.
    const { exitCode } = await getExecOutput('git', [...carefully, 'rev-parse', '--is-inside-work-tree'], quietly);
    if (exitCode !== 0) return ignoredWithoutGit(folder, paths);
    const { stdout } = await getExecOutput('git', [...carefully, 'check-ignore', '-z', '--stdin'], {
      ...quietly,
      // Without "./" in front, git reads a name that begins with a colon as pathspec magic.
      input: Buffer.from(paths.map((path) => `./${path}\0`).join('')),
    });
    const ignored = stdout.split('\0').filter((path) => path !== '');
    return new Set(ignored.map((path) => path.replace(/^\.\//, '')));
  } catch {
    return ignoredWithoutGit(folder, paths);
  }
}

/** In a repository, a file below such a `.gitignore` may have been committed all the same, and only git knows. */
function ignoredWithoutGit(folder: string, paths: readonly string[]): ReadonlySet<string> {
  if (isInRepository(folder)) return new Set();
  const known = new Map<string, boolean>();
  const isIgnored = (below: string): boolean => {
    const answer =
      known.get(below) ?? (ignoresAll(join(folder, below)) || (below !== '.' && isIgnored(posix.dirname(below))));
    known.set(below, answer);
    return answer;
  };
  return new Set(paths.filter((path) => isIgnored(posix.dirname(path))));
}

function isInRepository(folder: string): boolean {
  return existsSync(join(folder, '.git')) || (folder !== dirname(folder) && isInRepository(dirname(folder)));
}

function ignoresAll(folder: string): boolean {
  const file = join(folder, '.gitignore');
  try {
    const stats = statSync(file);
    return stats.isFile() && stats.size < 1024 && readFileSync(file, 'utf8').trim() === '*';
  } catch {
    return false;
  }
}
