import { Fault } from '../model/fault.ts';
import type { FileVersion, History } from '../model/history.ts';
import { runGit } from './run-git.ts';

/**
 * The history of a commit's branch, as git has it: the commit and its first parents, which are the states that the branch
 * had; what happened on branches before they were merged never was one.
 * @param root the work tree, absolute; paths are relative to it, wherever the repository begins
 * @param head a commit, `HEAD` or a name that git knows
 */
export function openHistory(root: string, head: string): History {
  const git: Git = (args, input) => runGit(root, args, input === undefined ? {} : { input });
  return {
    versionsOf: async (patterns) => {
      await requireWhole(git);
      return versionsOf(patterns, git, head);
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

/** A shallow clone looks as if its oldest commit had declared everything: what was removed before is not seen. */
async function requireWhole(git: Git): Promise<void> {
  if (text(await git(['rev-parse', '--is-shallow-repository'])).trim() !== 'true') return;
  throw new Fault(
    'the history of the repository is cut off (a shallow clone), so devices that were once declared cannot be told',
    'Fetch all of it: in the step actions/checkout write "with: { fetch-depth: 0 }"; on the command line: git fetch --unshallow.',
  );
}

async function versionsOf(patterns: readonly string[], git: Git, head: string): Promise<readonly FileVersion[]> {
  // Globs are compared here: git's own are not quite those of the input manifest.
  const { default: picomatch } = await import('picomatch');
  const isGlobbed = picomatch([...patterns], { dot: true });
  const changes = new Map<string, Change[]>();
  for (const change of await allChanges(git, head)) {
    changes.set(change.path, [...(changes.get(change.path) ?? []), change]);
  }
  const names = new Set([...changes.keys()].filter((path) => patterns.includes(path) || isGlobbed(path)));
  const versions = new Map<string, FileVersion>();
  const renamedBy = renamesOf(git);
  // A set that is walked through may grow meanwhile.
  for (const path of names) {
    for (const { commit, status, blob } of changes.get(path) ?? []) {
      if (status !== 'D') versions.set(`${blob} ${path}`, { path, blob });
      const before = status === 'A' ? (await renamedBy(commit)).get(path) : undefined;
      if (before !== undefined) names.add(before);
    }
  }
  return [...versions.values()];
}

const firstParents = ['--first-parent', '--diff-merges=first-parent'];

interface Change {
  readonly path: string;
  readonly commit: string;
  /** `A` added, `M` modified, `D` deleted. */
  readonly status: string;
  readonly blob: string;
}

/** What every commit of the branch did to files, newest first. */
async function allChanges(git: Git, head: string): Promise<readonly Change[]> {
  const shown = ['--no-renames', '--relative', '--raw', '--no-abbrev', '-z', '--format=commit %H'];
  const records = text(await git(['log', ...firstParents, ...shown, head])).split('\0');
  const changes: Change[] = [];
  let commit = '';
  let change: { readonly blob: string; readonly status: string } | undefined;
  for (const record of records) {
    if (change !== undefined) {
      changes.push({ ...change, commit, path: record });
      change = undefined;
      continue;
    }
    commit = /^commit ([0-9a-f]+)/.exec(record)?.[1] ?? commit;
    const [, blob = '', status = ''] = /:\d+ \d+ [0-9a-f]+ ([0-9a-f]+) ([A-Z])$/.exec(record) ?? [];
    if (status !== '') change = { blob, status };
  }
  return changes;
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
