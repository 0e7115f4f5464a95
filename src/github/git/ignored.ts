import { type ExecOptions, getExecOutput } from '@actions/exec';

/**
 * Returns the paths (relative to the folder) that git ignores. Without git or a work tree the result is empty: every
 * file then counts as one that may be committed.
 */
export async function ignoredByGit(folder: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  const quietly: ExecOptions = { cwd: folder, silent: true, ignoreReturnCode: true };
  try {
    // A git that ends before it has read its input breaks the pipe, and @actions/exec lets nobody catch that error. So
    // ask first whether this is a work tree.
    const { exitCode } = await getExecOutput('git', ['rev-parse', '--is-inside-work-tree'], quietly);
    if (exitCode !== 0) return new Set();
    const { stdout } = await getExecOutput('git', ['check-ignore', '-z', '--stdin'], {
      ...quietly,
      // Without "./" in front, git reads a name that begins with a colon as pathspec magic.
      input: Buffer.from(paths.map((path) => `./${path}\0`).join('')),
    });
    const ignored = stdout.split('\0').filter((path) => path !== '');
    return new Set(ignored.map((path) => path.replace(/^\.\//, '')));
  } catch {
    return new Set();
  }
}
