import { type ExecOptions, getExecOutput } from '@actions/exec';

/**
 * Those of the paths (relative to the folder) that git ignores. None where there is no git or no work tree: then
 * every file counts as one that may be committed.
 */
export async function ignoredByGit(folder: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  const quietly: ExecOptions = { cwd: folder, silent: true, ignoreReturnCode: true };
  try {
    // A git that ends before it has read its input breaks the pipe, which nobody here could catch: it is asked first.
    const { exitCode } = await getExecOutput('git', ['rev-parse', '--is-inside-work-tree'], quietly);
    if (exitCode !== 0) return new Set();
    const { stdout } = await getExecOutput('git', ['check-ignore', '-z', '--stdin'], {
      ...quietly,
      // Without its "../" a name that begins with a colon would be read as pathspec magic.
      input: Buffer.from(paths.map((path) => `./${path}\0`).join('')),
    });
    const ignored = stdout.split('\0').filter((path) => path !== '');
    return new Set(ignored.map((path) => path.replace(/^\.\//, '')));
  } catch {
    return new Set();
  }
}
