import { join, posix, relative, sep } from 'node:path';
import { warning } from '@actions/core';
import { Fault, messageOf } from '../model/fault.ts';
import type { FilesRead } from '../run/request.ts';
import { type Client, openClient } from './client.ts';
import { runGit } from './git/run-git.ts';

/** A run that somebody started once more; it keeps the commit that it had the first time. */
export interface Rerun {
  /** The workspace, absolute. */
  readonly root: string;
  readonly branch: string;
  /** The commit of the event. */
  readonly commit: string;
  readonly token: string;
}

/**
 * Throws a usage `Fault` where the branch has gone on since the commit of a re-run, and with it a file that the run reads: to apply the
 * old one would take back what a newer run wrote. First runs come in the order of their commits and are right to apply each.
 * Where GitHub cannot be asked, a warning says so.
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
    warning(
      `This is a re-run, and GitHub does not tell whether ${branch} has gone on since ${short(commit)}: ${messageOf(thrown)}. The job needs permissions: { contents: read }.`,
      { title: 're-run' },
    );
    return;
  }
  if (since.status === 'identical') return;
  if (since.status !== 'ahead') {
    throw outdated(`this is a re-run at ${short(commit)}, which is not on ${branch} any more`, branch, since.head);
  }
  const isRead = await matcher(read, inRepository);
  const file = since.files.find(isRead);
  if (file === undefined && !since.cut) return;
  const what =
    file === undefined
      ? `so many files have changed on ${branch} since that GitHub does not name them all`
      : `${file} has changed on ${branch} since`;
  const newer = file === undefined ? since.head : await lastChange(client, { owner, repo }, branch, file);
  throw outdated(`this is a re-run at ${short(commit)}, and ${what}`, branch, newer ?? since.head);
}

function outdated(what: string, branch: string, newer: string | undefined): Fault {
  const [by, of] = newer === undefined ? ['', 'the newest commit'] : [` (${short(newer)})`, `commit ${short(newer)}`];
  return new Fault(
    `${what}${by}: to apply it would take the hub back`,
    `Re-run the job of ${of} instead, or of a later one. To go back on purpose, revert the commit on ${branch}.`,
    { kind: 'usage' },
  );
}

interface Repository {
  readonly owner: string;
  readonly repo: string;
}

/** GitHub names at most so many files: https://docs.github.com/rest/commits/commits#compare-two-commits */
const mostFiles = 300;

async function compared(client: Client, repository: Repository, basehead: string) {
  const { data } = await client.rest.repos.compareCommitsWithBasehead({ ...repository, basehead });
  const { status, commits, files = [] } = data;
  return {
    status,
    /** Without pages the last one is the newest. */
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

/** What is really checked out, and how its repository calls a path of the workspace; without git, the event is believed. */
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

function short(commit: string): string {
  return commit.slice(0, 12);
}
