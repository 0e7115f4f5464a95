import { posix } from 'node:path';
import type { FileVersion, History } from '../../model/history.ts';
import { gitFault } from './faults.ts';
import { runGit } from './run-git.ts';

/**
 * Reads the history of a branch from git: a commit and its first parents, which are the states that the branch had. A
 * commit of a merged branch was never such a state.
 * @param root the work tree, absolute; paths are relative to it, also where it is not the top of the repository
 * @param head a commit, `HEAD` or a name that git knows
 */
export function openHistory(root: string, head: string): History {
  const git: Git = (args, input) => runGit(root, args, input === undefined ? {} : { input });
  let whole: Promise<void> | undefined;
  let changes: ReturnType<typeof allChanges> | undefined;
  return {
    versionsOf: async (patterns) => {
      whole ??= requireWhole(git);
      await whole;
      changes ??= allChanges(git, head);
      return versionsOf(patterns, git, await changes);
    },
    read: (versions) => readBlobs(versions, git),
  };
}

/**
 * Opens the history of the default branch for a user at a terminal, who must have it checked out. The clone knows the
 * default branch of its origin; without an origin the checked-out branch counts as the default one. Throws a usage
 * `Fault` on another branch.
 */
export async function openDefaultHistory(root: string): Promise<History> {
  const ask = async (...args: readonly string[]) => text(await runGit(root, args)).trim();
  const branch = await ask('rev-parse', '--abbrev-ref', 'HEAD');
  const origin = await ask('rev-parse', '--abbrev-ref', 'origin/HEAD').catch(() => undefined);
  if (origin === undefined && (await ask('remote')).split('\n').includes('origin')) {
    throw gitFault('default-branch-unknown', {});
  }
  if (origin !== undefined && origin !== `origin/${branch}`) {
    throw gitFault('other-branch-checked-out', { branch, origin });
  }
  return openHistory(root, 'HEAD');
}

type Git = (args: readonly string[], input?: Buffer) => Promise<Buffer>;

/**
 * Throws a `Fault` for a shallow clone and for a sparse checkout. In a shallow clone the devices that were removed
 * before its oldest commit cannot be seen. In a sparse checkout a manifest that is merely not checked out looks as if
 * it were deleted.
 */
async function requireWhole(git: Git): Promise<void> {
  const sparse = await git(['config', '--type=bool', '--default=false', '--get', 'core.sparseCheckout']);
  if (text(sparse).trim() === 'true') throw gitFault('sparse-checkout', {});
  const shallow = await git(['rev-parse', '--is-shallow-repository']);
  if (text(shallow).trim() === 'true') throw gitFault('shallow-clone', {});
}

async function versionsOf(
  patterns: readonly string[],
  git: Git,
  all: readonly Change[],
): Promise<readonly FileVersion[]> {
  // Match globs here: git's own globs differ from those of the input `manifest`.
  const { default: picomatch } = await import('picomatch');
  const isGlobbed = picomatch([...patterns], { dot: true });
  const changes = new Map<string, Change[]>();
  for (const change of all) {
    const ofPath = changes.get(change.path);
    if (ofPath === undefined) changes.set(change.path, [change]);
    else ofPath.push(change);
  }
  const names = new Set([...changes.keys()].filter((path) => patterns.includes(path) || isGlobbed(path)));
  const versions: FileVersion[] = [];
  const renamedBy = renamesOf(git);
  // The loop adds names to the set while it walks through it; JavaScript visits those too.
  for (const path of names) {
    for (const version of versionsIn(changes.get(path) ?? [])) {
      if (version.kind === 'link') names.add(await targetOf(version, git));
      else if (version.kind === 'file') versions.push(version);
    }
    for (const { commit, status } of changes.get(path) ?? []) {
      const before = status === 'A' ? (await renamedBy(commit)).get(path) : undefined;
      if (before !== undefined) names.add(before);
    }
  }
  return versions;
}

type Version = FileVersion & { readonly kind: 'file' | 'link' | 'other' };

/** Every change except a deletion begins a version, which lasts until the next change. */
function versionsIn(newestFirst: readonly Change[]): readonly Version[] {
  return newestFirst.flatMap(({ path, blob, mode, state, status }, index) => {
    const next = newestFirst[index - 1];
    const until = next?.state ?? Number.POSITIVE_INFINITY;
    const ended = next?.isHead === true ? ({ endedByHead: true } as const) : {};
    const kind = mode === '120000' ? 'link' : mode.startsWith('100') ? 'file' : 'other';
    return status === 'D' ? [] : [{ path, blob, from: state, until, ...ended, kind }];
  });
}

/** A symbolic link holds the path that it leads to, relative to its own folder. */
async function targetOf(link: FileVersion, git: Git): Promise<string> {
  const [target] = await readBlobs([link], git);
  return posix.join(posix.dirname(link.path), target?.toString('utf8') ?? '');
}

const firstParents = ['--first-parent', '--diff-merges=first-parent'];

interface Change {
  readonly path: string;
  readonly commit: string;
  /** `A` added, `M` modified, `D` deleted. */
  readonly status: string;
  /** The mode after the change: `100644` for a file, `120000` for a link, `160000` for a submodule. */
  readonly mode: string;
  readonly blob: string;
  /** The number of the commit, counted from the first commit of the branch. */
  readonly state: number;
  /** It is a change of the newest commit. */
  readonly isHead: boolean;
}

/** Returns the changes to files in all commits of the branch, newest first. */
async function allChanges(git: Git, head: string): Promise<readonly Change[]> {
  const shown = ['--no-renames', '--relative', '--raw', '--no-abbrev', '-z', '--format=commit %H'];
  const records = text(await git(['log', ...firstParents, ...shown, head])).split('\0');
  const changes: Change[] = [];
  let commit = '';
  let state = 0;
  let change: Pick<Change, 'mode' | 'blob' | 'status'> | undefined;
  for (const record of records) {
    if (change !== undefined) {
      changes.push({ ...change, commit, state, path: record, isHead: state === -1 });
      change = undefined;
      continue;
    }
    const begun = /^commit ([0-9a-f]+)/.exec(record)?.[1];
    if (begun !== undefined) {
      commit = begun;
      state--;
    }
    const [, mode = '', blob = '', status = ''] = /:\d+ (\d+) [0-9a-f]+ ([0-9a-f]+) ([A-Z])$/.exec(record) ?? [];
    if (status !== '') change = { mode, blob, status };
  }
  // Here the newest commit has the number -1, and older ones lower numbers. Renumber them so that the first commit has
  // the number 0.
  return changes.map((one) => ({ ...one, state: one.state - state }));
}

/**
 * Returns a function that gives the renames of a commit, from the new name to the old one. It asks git once for each
 * commit.
 */
function renamesOf(git: Git): (commit: string) => Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, Promise<ReadonlyMap<string, string>>>();
  const ask = async (commit: string) => {
    const shown = ['-M', '--diff-filter=R', '--relative', '--raw', '-z', '--format='];
    const records = text(await git(['show', ...firstParents, ...shown, commit])).split('\0');
    const renames = new Map<string, string>();
    for (let index = 0; index + 2 < records.length; index += 3) {
      renames.set(records[index + 2] ?? '', records[index + 1] ?? '');
    }
    return renames;
  };
  return (commit) => {
    const asked = known.get(commit) ?? ask(commit);
    known.set(commit, asked);
    return asked;
  };
}

/** https://git-scm.com/docs/git-cat-file#_batch_output */
async function readBlobs(versions: readonly FileVersion[], git: Git): Promise<readonly Buffer[]> {
  if (versions.length === 0) return [];
  const output = await git(['cat-file', '--batch'], Buffer.from(versions.map(({ blob }) => `${blob}\n`).join('')));
  const blobs: Buffer[] = [];
  let offset = 0;
  for (const { path, blob } of versions) {
    const end = output.indexOf('\n', offset);
    const [, kind, size] = output.toString('latin1', offset, end).split(' ');
    if (kind !== 'blob') throw new Error(`git does not have ${blob} (${path})`);
    blobs.push(output.subarray(end + 1, end + 1 + Number(size)));
    offset = end + 1 + Number(size) + 1;
  }
  return blobs;
}

function text(output: Buffer): string {
  return output.toString('utf8');
}
