import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { committedAt } from '../../../src/github/git/committed.ts';
import { gitFault } from '../../../src/github/git/faults.ts';
import { faultOf } from '../../support/fault.ts';
import { folderWith } from '../../support/folder.ts';
import { git, repositoryWith } from '../../support/git.ts';
import { describeNeeding } from '../../support/needing.ts';

/** Commits all files at a time, in seconds since 1970. */
function commitAt(folder: string, seconds: number, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  git(folder, 'add', '-A');
  const script = `GIT_COMMITTER_DATE='${seconds} +0000' git commit -q --allow-empty -m x`;
  git(folder, '-c', `alias.at=!${script}`, 'at');
}

function blob(folder: string, text: string): string {
  writeFileSync(join(folder, '.git', 'one'), text);
  return git(folder, 'hash-object', '.git/one').trim();
}

async function timesOf(folder: string, ...texts: readonly string[]): Promise<readonly (number | undefined)[]> {
  const blobs = texts.map((text) => blob(folder, text));
  const times = await committedAt(folder, new Set(blobs));
  return blobs.map((id) => times.get(id));
}

describeNeeding(['git'], 'when contents came onto the branch', () => {
  it('is when the branch first had them, under whatever name', async () => {
    const folder = repositoryWith({ 'a.pem': 'old' });
    commitAt(folder, 2_000_000_000, { 'b.pem': 'new' });
    commitAt(folder, 2_000_000_100, { 'a.pem': 'new', 'b.pem': 'newest' });
    expect(await timesOf(folder, 'new', 'newest', 'never')).toEqual([2e12, 2_000_000_100_000, undefined]);
  });

  it('is when the pull request was merged', async () => {
    const folder = repositoryWith({ 'a.pem': 'old' });
    git(folder, 'switch', '-q', '-c', 'topic');
    commitAt(folder, 1_500_000_000, { 'b.pem': 'new' });
    git(folder, 'switch', '-q', 'main');
    commitAt(folder, 2_000_000_000, {});
    git(folder, '-c', "alias.at=!GIT_COMMITTER_DATE='2000000050 +0000' git merge -q --no-ff -m merge topic", 'at');
    expect(await timesOf(folder, 'new')).toEqual([2_000_000_050_000]);
  });

  it('is not known for what the oldest commit of a shallow clone has', async () => {
    const folder = repositoryWith({ 'a.pem': 'old' });
    commitAt(folder, 2_000_000_000, { 'b.pem': 'new' });
    const clone = join(folderWith(), 'clone');
    git(folder, 'clone', '-q', '--depth', '1', `file://${folder}`, clone);
    expect(await timesOf(clone, 'old', 'new')).toEqual([undefined, undefined]);
    git(clone, 'fetch', '-q', '--unshallow');
    expect((await timesOf(clone, 'new'))[0]).toBe(2e12);
  });

  it('cannot be told outside of a repository', async () => {
    const { kind } = await faultOf(committedAt(folderWith(), new Set()));
    expect(kind).toBe(gitFault('git-failed', { command: 'log', code: 128, reason: '' }).kind);
  });
});
