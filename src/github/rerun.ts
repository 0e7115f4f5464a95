import { join, posix, relative, sep } from 'node:path';
import { warning } from '@actions/core';
import { messageOf } from '../model/fault.ts';
import type { FilesRead } from '../run/request.ts';
import { type Client, openClient } from './client.ts';
import { githubFault } from './faults.ts';
import { runGit } from './git/run-git.ts';
import { githubLines } from './lines.ts';

/** A run that somebody started again. It keeps the commit of its first attempt. */
export interface Rerun {
  /** The workspace, absolute. */
  readonly root: string;
  readonly branch: string;
  /** The commit of the event. */
  readonly commit: string;
  readonly token: string;
}

/**
 * Throws a usage `Fault` if the branch has changed a file that the run reads since the commit of the re-run: applying
 * the old commit would undo what a newer run wrote. First attempts run in the order of their commits, so each of them
 * may apply. If GitHub cannot be asked, a warning says so.
 */
export async function requireCurrent(rerun: Rerun, read: FilesRead): Promise<void> {
  const { branch } = rerun;
  const [owner = '', repo = ''] = (process.env.GITHUB_REPOSITORY ?? '').split('/');
  const { commit, inRepository } = await checkedOut(rerun, read);
  let client: Client;
  let since: Awaited<ReturnType<typeof compared>>;
  try {
    client = await openClient(rerun.token);
    since = await compared(client, { owner, repo }, `${commit}...${branch}`);
  } catch (thrown) {
    warning(githubLines['rerun-unknown']({ branch, commit, reason: messageOf(thrown) }), { title: 're-run' });
    return;
  }
  if (since.status === 'identical') return;
  if (since.status !== 'ahead') throw githubFault('rerun-off-branch', { commit, branch, newer: since.head });
  const isRead = await matcher(read, inRepository);
  const file = since.files.find(isRead);
  if (file !== undefined) {
    const newer = (await lastChange(client, { owner, repo }, branch, file)) ?? since.head;
    throw githubFault('rerun-file-changed', { commit, branch, file, newer });
  }
  if (since.cut) throw githubFault('rerun-too-many-changed', { commit, branch, newer: since.head });
}

interface Repository {
  readonly owner: string;
  readonly repo: string;
}

/** GitHub names at most 300 files: https://docs.github.com/rest/commits/commits#compare-two-commits */
const mostFiles = 300;

async function compared(client: Client, repository: Repository, basehead: string) {
  const { data } = await client.rest.repos.compareCommitsWithBasehead({ ...repository, basehead });
  const { status, commits, files = [] } = data;
  return {
    status,
    /** When no page is asked for, the last commit is the newest. */
    head: commits.at(-1)?.sha,
    files: files.flatMap(({ filename, previous_filename: before }) => [
      filename,
      ...(before === undefined ? [] : [before]),
    ]),
    cut: files.length >= mostFiles,
  };
}

async function lastChange(
  client: Client,
  repository: Repository,
  sha: string,
  path: string,
): Promise<string | undefined> {
  const { data } = await client.rest.repos
    .listCommits({ ...repository, sha, path, per_page: 1 })
    .catch(() => ({ data: [] }));
  return data[0]?.sha;
}

/**
 * Returns the commit that is checked out, and how its repository calls a path of the workspace. Without git, the commit
 * of the event.
 */
async function checkedOut(
  { root, commit }: Rerun,
  { files }: FilesRead,
): Promise<{ readonly commit: string; readonly inRepository: (path: string) => string }> {
  const folder = join(root, posix.dirname(files[0] ?? '.'));
  const answer = await runGit(folder, ['rev-parse', '--show-toplevel', '--show-prefix', 'HEAD']).catch(() => undefined);
  if (answer === undefined) return { commit, inRepository: (path) => path };
  const [top = '', , head = commit] = answer.toString('utf8').split('\n');
  const below = relative(root, top).split(sep).join('/');
  return { commit: head, inRepository: (path) => posix.relative(below, path) };
}

async function matcher(
  { files, manifests }: FilesRead,
  inRepository: (path: string) => string,
): Promise<(path: string) => boolean> {
  const { default: picomatch } = await import('picomatch');
  const names = new Set([...files, ...manifests].map(inRepository));
  const isGlobbed = picomatch(manifests.map(inRepository), { dot: true });
  return (path) => names.has(path) || isGlobbed(path);
}
