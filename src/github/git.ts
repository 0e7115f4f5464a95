import { getExecOutput } from '@actions/exec';

/**
 * Those of the paths (relative to the folder) that git ignores. None where there is no git or no work tree: then
 * every file counts as one that may be committed.
 */
export async function ignoredByGit(folder: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  if (paths.length === 0) return new Set();
  try {
    const { stdout } = await getExecOutput('git', ['check-ignore', '-z', '--stdin'], {
      cwd: folder,
      input: Buffer.from(`${paths.join('\0')}\0`),
      silent: true,
      ignoreReturnCode: true,
    });
    return new Set(stdout.split('\0').filter((path) => path !== ''));
  } catch {
    return new Set();
  }
}
