import { createHash } from 'node:crypto';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { relativeWithSlashes } from '../../run/paths.ts';
import { gitFault } from './faults.ts';
import { runGit } from './run-git.ts';

/**
 * Events that anybody can start, and whose runs have the secrets of the repository. GITHUB_SHA is then the newest commit
 * of the default branch, whatever the workflow checks out.
 * https://docs.github.com/actions/reference/workflows-and-actions/events-that-trigger-workflows
 */
const startedByStrangers: ReadonlySet<string> = new Set(['pull_request_target', 'issue_comment', 'workflow_run']);

/** A run with the secrets of the repository that a stranger may have started. */
export interface StrangersRun {
  readonly event: string;
  /** The newest commit of the default branch: GITHUB_SHA. */
  readonly commit: string;
}

/** Returns what is known of a run that a stranger may have started, or undefined for other runs. */
export function strangersRun(env: NodeJS.ProcessEnv): StrangersRun | undefined {
  const { GITHUB_ACTIONS: actions, GITHUB_EVENT_NAME: event = '', GITHUB_SHA: commit = '' } = env;
  return actions === 'true' && startedByStrangers.has(event) ? { event, commit } : undefined;
}

/**
 * Throws a usage `Fault` if a file that the run reads is not as the commit has it. A workflow can check out the head of a
 * pull request, beside its own files or in place of them: a manifest from there may be written by anybody.
 * @param root the workspace, absolute
 */
export async function requireOwnFiles(
  { event, commit }: StrangersRun,
  root: string,
  { files }: { readonly files: readonly string[] },
): Promise<void> {
  for (const [top, paths] of byRepository(root, files)) {
    const head = top === undefined ? undefined : await headOf(top);
    if (top === undefined || head !== commit) throw gitFault('strangers-head', { event, commit, head });
    const blobs = await blobsOf(top);
    const file = paths.find((path) => !isBlob(join(top, path), blobs.get(path)));
    if (file !== undefined) throw gitFault('strangers-file', { event, commit, file });
  }
}

/** The files by the work tree that they lie in, links resolved. Undefined stands for no work tree. */
function byRepository(root: string, files: readonly string[]): ReadonlyMap<string | undefined, readonly string[]> {
  const tops = new Map<string, string | undefined>();
  const topOf = (folder: string): string | undefined => {
    if (!tops.has(folder)) {
      const above = dirname(folder);
      tops.set(folder, existsSync(join(folder, '.git')) ? folder : above === folder ? undefined : topOf(above));
    }
    return tops.get(folder);
  };
  const found = new Map<string | undefined, string[]>();
  for (const file of files) {
    const path = realpathSync.native(join(root, file));
    const top = topOf(dirname(path));
    const name = top === undefined ? path : relativeWithSlashes(top, path);
    found.set(top, [...(found.get(top) ?? []), name]);
  }
  return found;
}

async function headOf(top: string): Promise<string> {
  return (await runGit(top, ['rev-parse', 'HEAD'])).toString('utf8').trim();
}

/** Returns the blob of each file of the commit that is checked out. */
async function blobsOf(top: string): Promise<ReadonlyMap<string, string>> {
  const records = (await runGit(top, ['ls-tree', '-r', '-z', 'HEAD'])).toString('utf8').split('\0');
  return new Map(
    records.flatMap((record): [string, string][] => {
      const [, blob, path] = /^\d+ blob ([0-9a-f]+)\t(.*)$/s.exec(record) ?? [];
      return blob === undefined || path === undefined ? [] : [[path, blob]];
    }),
  );
}

/**
 * Tells whether a file of the work tree is the blob. `git diff` is not asked, because the attributes of the work tree could
 * hide what was changed. On Windows git writes lines with another end.
 */
function isBlob(path: string, blob: string | undefined): boolean {
  const bytes = readFileSync(path);
  const asWritten = Buffer.from(bytes.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  return blob !== undefined && [bytes, asWritten].some((content) => hashOf(content, blob.length) === blob);
}

/** https://git-scm.com/book/en/v2/Git-Internals-Git-Objects; a repository of SHA-256 has names of 64 digits. */
function hashOf(content: Buffer, digits: number): string {
  const hash = createHash(digits === 64 ? 'sha256' : 'sha1');
  return hash.update(`blob ${content.length}\0`).update(content).digest('hex');
}
