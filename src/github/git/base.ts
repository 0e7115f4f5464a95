import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommitFile, CommitFiles } from '../../model/commit-files.ts';
import { runGit } from './run-git.ts';

/** The files of a commit, until `remove` is called. */
export interface OpenedCommit extends CommitFiles {
  /** The manifests that were renamed since that commit: from the new name to the old one, relative to `root`. */
  readonly renamed: ReadonlyMap<string, string>;
  remove(): Promise<void>;
}

/**
 * Opens the files of a commit below the folder `root`, also if that is not the top of the repository. Reads them as the
 * repository keeps them: the attributes of a pull request can neither convert them nor run a filter on them. The work tree,
 * its index and git's settings stay as they are. Returns undefined if the repository does not have the commit (a shallow
 * clone may lack it). Throws a `Fault` when git fails.
 * @param most the most bytes of a file that is kept; a larger one has its size alone
 */
export async function openCommit(
  root: string,
  commit: string,
  most: (path: string) => number,
): Promise<OpenedCommit | undefined> {
  if (!(await isThere(root, commit))) return undefined;
  const folder = await mkdtemp(join(tmpdir(), 'provision-base-'));
  const file = openSync(join(folder, 'blobs'), 'wx+', 0o600);
  const remove = async () => {
    closeSync(file);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const files = await listFiles(root, commit);
    const kept = new Map([...files].filter(([path, { kind, size }]) => kind !== 'other' && size <= most(path)));
    const blobs = await storeBlobs(root, [...kept.values()], file);
    const read = (path: string) => readBlob(file, blobs.get(kept.get(path)?.blob ?? ''), path);
    return { files, read, renamed: await renamesSince(root, commit), remove };
  } catch (thrown) {
    await remove();
    throw thrown;
  }
}

/**
 * Returns the commit that a pull request changes. If GitHub's trial merge is checked out, this is its first parent, because
 * the branch may have moved on after the event. Otherwise it is the commit that the event names: the parents of any other
 * commit are what its author says.
 * @param trialMerge the commit of the event
 */
export async function baseCommit(root: string, named: string, trialMerge: string): Promise<string> {
  const head = text(await runGit(root, ['rev-parse', 'HEAD'])).trim();
  const merged = head === trialMerge && (await isThere(root, 'HEAD^2')) && (await isThere(root, 'HEAD^1'));
  return merged ? 'HEAD^1' : named;
}

interface Entry extends CommitFile {
  readonly blob: string;
}

const kinds: Readonly<Record<string, CommitFile['kind']>> = { '120000': 'link', '160000': 'other' };

/** https://git-scm.com/docs/git-ls-tree#_output_format */
async function listFiles(root: string, commit: string): Promise<ReadonlyMap<string, Entry>> {
  const below = text(await runGit(root, ['rev-parse', '--show-prefix'])).replace(/\n$/, '');
  const records = text(await runGit(root, ['ls-tree', '-r', '-l', '-z', '--full-tree', commit])).split('\0');
  const files = new Map<string, Entry>();
  for (const record of records) {
    const [, mode = '', blob = '', size = '', path = ''] =
      /^(\d+) \w+ ([0-9a-f]+) +(\d+|-)\t([\s\S]+)$/.exec(record) ?? [];
    if (path === '' || !path.startsWith(below)) continue;
    files.set(path.slice(below.length), { kind: kinds[mode] ?? 'file', size: Number(size) || 0, blob });
  }
  return files;
}

/** Where a blob stands in the file, in bytes. */
interface Stored {
  readonly header: string;
  readonly offset: number;
  readonly size: number;
}

/**
 * Writes the output of `git cat-file --batch` to a file: for each blob a header, its bytes and a newline.
 * https://git-scm.com/docs/git-cat-file#_batch_output
 */
async function storeBlobs(root: string, wanted: readonly Entry[], file: number): Promise<ReadonlyMap<string, Stored>> {
  const stored = new Map<string, Stored>();
  let offset = 0;
  for (const { blob, size } of wanted) {
    if (stored.has(blob)) continue;
    const header = `${blob} blob ${size}\n`;
    stored.set(blob, { header, offset, size });
    offset += header.length + size + 1;
  }
  if (stored.size === 0) return stored;
  const input = Buffer.from([...stored.keys()].map((blob) => `${blob}\n`).join(''));
  const onOutput = (part: Buffer) => {
    for (let written = 0; written < part.length; ) written += writeSync(file, part, written);
  };
  await runGit(root, ['cat-file', '--batch'], { input, onOutput });
  return stored;
}

function readBlob(file: number, stored: Stored | undefined, path: string): Buffer {
  if (stored === undefined) throw new Error(`${path} was not kept`);
  const { header, offset, size } = stored;
  const bytes = Buffer.alloc(header.length + size);
  let read = 0;
  for (let count = 1; count > 0 && read < bytes.length; read += count) {
    count = readSync(file, bytes, read, bytes.length - read, offset + read);
  }
  // A blob that the repository does not have has another header.
  if (read < bytes.length || bytes.toString('latin1', 0, header.length) !== header) {
    throw new Error(`git does not have ${path}`);
  }
  return bytes.subarray(header.length);
}

/** Looks only at files that may be manifests: comparing the contents of all files would take long. */
async function renamesSince(root: string, commit: string): Promise<ReadonlyMap<string, string>> {
  const shown = ['-r', '-M', '--diff-filter=R', '--relative', '--name-status', '-z', '--no-ext-diff', '--no-textconv'];
  const names = ['.yaml', '.yml', '.json', '.csv'].map((extension) => `:(glob,icase)**/*${extension}`);
  const records = text(await runGit(root, ['diff-tree', ...shown, commit, 'HEAD', '--', ...names])).split('\0');
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
