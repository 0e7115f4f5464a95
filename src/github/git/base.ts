import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGit } from './run-git.ts';

/** The files of a commit, in a temporary folder. */
export interface CheckedOut {
  /** Absolute. It holds what `root` held in that commit, also where `root` is not the top of the repository. */
  readonly folder: string;
  /** The manifests that were renamed since that commit: from the new name to the old one, relative to `root`. */
  readonly renamed: ReadonlyMap<string, string>;
  remove(): Promise<void>;
}

/**
 * Writes the files of a commit into a temporary folder. The work tree, its index and git's settings stay as they are.
 * Returns undefined if the repository does not have the commit (a shallow clone may lack it). Throws a `Fault` when git
 * fails.
 */
export async function checkOut(root: string, commit: string): Promise<CheckedOut | undefined> {
  if (!(await isThere(root, commit))) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'provision-base-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const [top, below] = text(await runGit(root, ['rev-parse', '--show-toplevel', '--show-prefix'])).split('\n');
    // Use an own index: the real one belongs to the work tree.
    const env = { GIT_INDEX_FILE: join(folder, 'index') };
    const files = join(folder, 'files');
    await runGit(top ?? root, ['read-tree', `${commit}^{tree}`], { env });
    await runGit(top ?? root, ['checkout-index', '--all', '--force', `--prefix=${files}/`], { env });
    return { folder: join(files, below ?? ''), renamed: await renamesSince(root, commit), remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

/**
 * Returns the commit that a pull request changes. If GitHub's trial merge is checked out, this is its first parent,
 * because the branch may have moved on after the event. Otherwise it is the commit that the event names.
 */
export async function baseCommit(root: string, named: string): Promise<string> {
  const merged = (await isThere(root, 'HEAD^2')) && (await isThere(root, 'HEAD^1'));
  return merged ? 'HEAD^1' : named;
}

/** Looks only at files that may be manifests: comparing the contents of all files would take long. */
async function renamesSince(root: string, commit: string): Promise<ReadonlyMap<string, string>> {
  const shown = ['-M', '--diff-filter=R', '--relative', '--name-status', '-z'];
  const names = ['.yaml', '.yml', '.json', '.csv'].map((extension) => `:(glob,icase)**/*${extension}`);
  const records = text(await runGit(root, ['diff', ...shown, commit, 'HEAD', '--', ...names])).split('\0');
  const renames = new Map<string, string>();
  for (let index = 0; index + 2 < records.length; index += 3) {
    renames.set(records[index + 2] ?? '', records[index + 1] ?? '');
  }
  return renames;
}

async function isThere(root: string, commit: string): Promise<boolean> {
  try {
    await runGit(root, ['rev-parse', '--verify', '--quiet', `${commit}^{tree}`]);
    return true;
  } catch {
    return false;
  }
}

function text(output: Buffer): string {
  return output.toString('utf8');
}
