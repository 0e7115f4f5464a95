import { posix } from 'node:path';
import { Fault } from '../../model/fault.ts';
import type { FileVersion, History } from '../../model/history.ts';
import { runGit } from './run-git.ts';

/**
 * The history of a commit's branch, as git has it: the commit and its first parents, which are the states that the branch
 * had; what happened on branches before they were merged never was one.
 * @param root the work tree, absolute; paths are relative to it, wherever the repository begins
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
 * The history of the default branch, for somebody at a terminal, who has to be on it. Which branch that is, the clone knows of its
 * origin; without an origin the branch at hand is as good as any. Throws a usage `Fault` on another one.
 */
export async function openDefaultHistory(root: string): Promise<History> {
  const ask = async (...args: readonly string[]) => text(await runGit(root, args)).trim();
  const branch = await ask('rev-parse', '--abbrev-ref', 'HEAD');
  const origin = await ask('rev-parse', '--abbrev-ref', 'origin/HEAD').catch(() => undefined);
  if (origin === undefined && (await ask('remote')).split('\n').includes('origin')) {
    throw new Fault(
      'the clone does not know which branch of origin is the default one, and only that says which devices are no longer declared',
      'Let git ask for it: git remote set-head origin --auto',
      { kind: 'usage' },
    );
  }
  if (origin !== undefined && origin !== `origin/${branch}`)
    throw offDefault(`${branch} is checked out, not ${origin}`);
  return openHistory(root, 'HEAD');
}

/** The refusal to remove devices elsewhere: `what` says where the run is. */
export function offDefault(what: string): Fault {
  const remedy = 'Run with prune on the default branch, or on a pull request for it; elsewhere leave prune out.';
  return new Fault(`only the default branch says which devices are no longer declared: ${what}`, remedy, {
    kind: 'usage',
  });
}

type Git = (args: readonly string[], input?: Buffer) => Promise<Buffer>;

/**
 * A shallow clone looks as if its oldest commit had declared everything: what was removed before is not seen. In a sparse one a
 * manifest that is only not checked out looks as if it were gone.
 */
async function requireWhole(git: Git): Promise<void> {
  const sparse = await git(['config', '--type=bool', '--default=false', '--get', 'core.sparseCheckout']);
  if (text(sparse).trim() === 'true') {
    throw new Fault(
      'only a part of the repository is checked out (a sparse checkout), so what other manifests declare cannot be told',
      'Check out all of it: in the step actions/checkout leave sparse-checkout out; on the command line: git sparse-checkout disable.',
    );
  }
  if (text(await git(['rev-parse', '--is-shallow-repository'])).trim() !== 'true') return;
  throw new Fault(
    'the history of the repository is cut off (a shallow clone), so devices that were once declared cannot be told',
    'Fetch all of it: in the step actions/checkout write "with: { fetch-depth: 0 }"; on the command line: git fetch --unshallow.',
  );
}

async function versionsOf(
  patterns: readonly string[],
  git: Git,
  all: readonly Change[],
): Promise<readonly FileVersion[]> {
  // Globs are compared here: git's own are not quite those of the input manifest.
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
  // A set that is walked through may grow meanwhile.
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

/** Each change, but for a deletion, begins a version that lasts until the next. */
function versionsIn(newestFirst: readonly Change[]): readonly Version[] {
  return newestFirst.flatMap(({ path, blob, mode, state, status }, index) => {
    const until = newestFirst[index - 1]?.state ?? Number.POSITIVE_INFINITY;
    const kind = mode === '120000' ? 'link' : mode.startsWith('100') ? 'file' : 'other';
    return status === 'D' ? [] : [{ path, blob, from: state, until, kind }];
  });
}

/** What a link holds is where it leads, as seen from its own folder. */
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
  /** Of the file now: `100644`, of a link `120000`, of a submodule `160000`. */
  readonly mode: string;
  readonly blob: string;
  /** The commit's number, counted from the first of the branch. */
  readonly state: number;
}

/** What every commit of the branch did to files, newest first. */
async function allChanges(git: Git, head: string): Promise<readonly Change[]> {
  const shown = ['--no-renames', '--relative', '--raw', '--no-abbrev', '-z', '--format=commit %H'];
  const records = text(await git(['log', ...firstParents, ...shown, head])).split('\0');
  const changes: Change[] = [];
  let commit = '';
  let state = 0;
  let change: Pick<Change, 'mode' | 'blob' | 'status'> | undefined;
  for (const record of records) {
    if (change !== undefined) {
      changes.push({ ...change, commit, state, path: record });
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
  // Newest first they came, so that the newest has the number 0: from there on all are counted back.
  return changes.map((one) => ({ ...one, state: one.state - state }));
}

/** For a commit, what the files that it renamed were called before, by their new names. Each commit is asked once. */
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
