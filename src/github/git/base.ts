import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runGit } from './run-git.ts';

/** The files of a commit in a folder of their own. */
export interface CheckedOut {
  /** Absolute; stands for `root`, wherever the repository begins. */
  readonly folder: string;
  /** What manifests of HEAD were called in that commit, where they were renamed since: by their new names, relative to `root`. */
  readonly renamed: ReadonlyMap<string, string>;
  remove(): Promise<void>;
}

/**
 * Writes the files of a commit into a temporary folder; the work tree, its index and git's settings stay as they are.
 * Nothing where the repository does not have the commit, as a shallow clone may not. Throws a `Fault` when git fails.
 */
export async function checkOut(root: string, commit: string): Promise<CheckedOut | undefined> {
  if (!(await isThere(root, commit))) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'provision-base-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const [top, below] = text(await runGit(root, ['rev-parse', '--show-toplevel', '--show-prefix'])).split('\n');
    // An index of its own: the real one belongs to the work tree.
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
 * The commit that a pull request changes: the first parent of GitHub's trial merge, where that is what is checked out, since
 * the branch may have gone on after the event; else the one that the event names.
 */
export async function baseCommit(root: string, named: string): Promise<string> {
  const merged = (await isThere(root, 'HEAD^2')) && (await isThere(root, 'HEAD^1'));
  return merged ? 'HEAD^1' : named;
}

/** Among files that may be manifests: to compare all others by their contents would take long. */
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
