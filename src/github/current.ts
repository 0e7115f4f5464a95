import { realpathSync } from 'node:fs';
import { join, posix } from 'node:path';
import { warning } from '@actions/core';
import { messageOf } from '../model/fault.ts';
import { cutShort } from '../model/stop.ts';
import { relativeWithSlashes } from '../run/paths.ts';
import type { FilesRead } from '../run/request.ts';
import type { EventRef } from './event.ts';
import { githubFault } from './faults.ts';
import { type FileVersions, filesOfHead, type Newest, newestAt } from './git/newest.ts';
import { originUrl } from './git/origin.ts';
import { runGit } from './git/run-git.ts';
import { githubLines } from './lines.ts';

/** A run that applies the commit of its event. It keeps this commit while it waits, and when somebody starts it again. */
export interface EventRun extends EventRef {
  /** The workspace, absolute. */
  readonly root: string;
  /** The commit of the event. */
  readonly commit: string;
  /** Whether the run carries out a plan file. Such a run may have waited for days, so it must not go on in doubt. */
  readonly hasPlan: boolean;
  readonly token: string;
}

/**
 * Throws a usage `Fault` if a file that the run reads is different in the newest commit of its branch or tag: applying the
 * older commit would bring back an old state. If the server does not tell, a run with a plan file is refused, and a warning
 * says so for any other run.
 */
export async function requireCurrent(run: EventRun, read: FilesRead): Promise<void> {
  const { ref } = run;
  let compared: Compared | undefined;
  try {
    compared = await cutShort(AbortSignal.timeout(patience), compare(run, read), () => {
      throw new Error(githubLines['no-answer']({ seconds: patience / 1000 }));
    });
  } catch (thrown) {
    const unknown = { ref, commit: run.commit, reason: messageOf(thrown) };
    if (run.hasPlan) throw githubFault('newest-unknown', unknown, { cause: thrown });
    warning(githubLines['newest-unknown'](unknown), { title: githubLines['newest-unknown-title']() });
    return;
  }
  if (compared === undefined || compared.newest.kind === 'same') return;
  const { commit, newest } = compared;
  if (newest.kind === 'gone') throw githubFault('ref-gone', { ref, commit });
  const file = await changedFile(await filesOfHead(compared.top), newest.files, compared);
  if (file !== undefined) throw githubFault('commit-outdated', { ref, commit, file, newer: newest.commit });
}

/** In milliseconds, for all questions to the server together. */
const patience = 90_000;

interface Checkout {
  /** The top of the work tree, absolute. */
  readonly top: string;
  /** The commit that is checked out. */
  readonly commit: string;
  /** The files that the run reads, by the names that their repository gives them, and the globs of manifests. */
  readonly names: ReadonlySet<string>;
  readonly globs: readonly string[];
}

interface Compared extends Checkout {
  readonly newest: Newest;
}

/** Undefined if the workflow chose what it checks out by itself, so that the newest commit says nothing about it. */
async function compare(run: EventRun, read: FilesRead): Promise<Compared | undefined> {
  const checkout = await checkedOut(run.root, read);
  if (checkout.commit !== run.commit && !(run.isRerun && (await isOfRepository(checkout.top, run.repository)))) {
    return undefined;
  }
  const remote = { url: `${run.server}/${run.repository}`, token: run.token };
  return { ...checkout, newest: await newestAt(remote, run.ref, checkout.commit) };
}

/** Throws a `Fault` if the files lie in no work tree, or git is missing. */
async function checkedOut(root: string, { files, manifests }: FilesRead): Promise<Checkout> {
  const folder = join(root, posix.dirname(files[0] ?? '.'));
  const answer = await runGit(folder, ['rev-parse', '--show-toplevel', '--verify', 'HEAD']);
  const [top = '', commit = ''] = answer.toString('utf8').split('\n');
  const below = relativeWithSlashes(realpathSync.native(root), top);
  const inRepository = (path: string) => posix.relative(below, path);
  const behindLinks = files.map((file) => relativeWithSlashes(top, realpathSync.native(join(root, file))));
  const globs = manifests.map(inRepository);
  return { top, commit, globs, names: new Set([...files.map(inRepository), ...behindLinks, ...globs]) };
}

async function isOfRepository(top: string, repository: string): Promise<boolean> {
  const url = (await originUrl(top)) ?? '';
  return url
    .toLowerCase()
    .replace(/(\.git)?\/*$/, '')
    .endsWith(`/${repository.toLowerCase()}`);
}

/** The first file of the run that differs between two commits. Also a file that a glob of manifests would newly match. */
async function changedFile(
  ours: FileVersions,
  newest: FileVersions,
  { names, globs }: Checkout,
): Promise<string | undefined> {
  const { default: picomatch } = await import('picomatch');
  const isGlobbed = picomatch([...globs], { dot: true });
  // A link to a folder and a submodule are one path of the commit; files that the run reads lie below it.
  const isAbove = (path: string) => [...names].some((name) => name.startsWith(`${path}/`));
  const differing = [...new Set([...ours.keys(), ...newest.keys()])].filter(
    (path) => ours.get(path) !== newest.get(path),
  );
  return differing.find((path) => names.has(path) || isGlobbed(path) || isAbove(path));
}
