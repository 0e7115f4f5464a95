import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openEventHistory } from '../../../src/github/event-history.ts';
import { gitFault } from '../../../src/github/git/faults.ts';
import { openDefaultHistory, openHistory } from '../../../src/github/git/history.ts';
import type { Fault } from '../../../src/model/fault.ts';
import { faultOf, said } from '../../support/fault.ts';
import { folderWith } from '../../support/folder.ts';
import { commit, git, repositoryWith } from '../../support/git.ts';
import { describeNeeding } from '../../support/needing.ts';

async function textsOf(folder: string, patterns: readonly string[], head = 'HEAD'): Promise<readonly string[]> {
  const history = openHistory(folder, head);
  const versions = await history.versionsOf(patterns);
  const blobs = await history.read(versions);
  return [...new Set(versions.map(({ path }, index) => `${path}: ${blobs[index]}`))].sort();
}

describeNeeding(['git'], 'the history of the default branch', () => {
  it('has every version of a file, that of the head included, and those of no other file', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one', 'other.yaml': 'other' });
    commit(folder, 'second', { 'devices.yaml': 'two' });
    commit(folder, 'third', { 'devices.yaml': 'one', 'other.yaml': 'other 2' });
    expect(await textsOf(folder, ['devices.yaml'])).toEqual(['devices.yaml: one', 'devices.yaml: two']);
  });

  it('follows a file through its names, also when its contents change with the name', async () => {
    const lines = Array.from({ length: 20 }, (_, line) => `line ${line}`).join('\n');
    const folder = repositoryWith({ 'old.yaml': lines });
    git(folder, 'mv', 'old.yaml', 'between.yaml');
    commit(folder, 'renamed', { 'between.yaml': `${lines}\nmore` });
    git(folder, 'mv', 'between.yaml', 'devices.yaml');
    commit(folder, 'renamed again', {});
    const texts = await textsOf(folder, ['devices.yaml']);
    expect(texts.map((text) => text.split(':')[0])).toEqual(['between.yaml', 'devices.yaml', 'old.yaml']);
  });

  it('knows files that are gone, by glob and by name', async () => {
    const folder = repositoryWith({ 'fleet/a.yaml': 'a', 'fleet/deep/b.yaml': 'b', 'c.yaml': 'c' });
    git(folder, 'rm', '-q', '-r', 'fleet', 'c.yaml');
    commit(folder, 'removed', {});
    expect(await textsOf(folder, ['fleet/**/*.yaml'])).toEqual(['fleet/a.yaml: a', 'fleet/deep/b.yaml: b']);
    expect(await textsOf(folder, ['c.yaml'])).toEqual(['c.yaml: c']);
  });

  it('has the states of the branch alone, not what a merged branch had on the way', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    git(folder, 'switch', '-q', '-c', 'feature');
    commit(folder, 'on the way', { 'devices.yaml': 'never on main' });
    commit(folder, 'ready', { 'devices.yaml': 'two' });
    git(folder, 'switch', '-q', 'main');
    commit(folder, 'meanwhile', { unrelated: '' });
    git(folder, 'merge', '-q', '--no-ff', '-m', 'merge', 'feature');
    expect(await textsOf(folder, ['devices.yaml'])).toEqual(['devices.yaml: one', 'devices.yaml: two']);
  });

  it('can begin at any commit, and below the top of the repository', async () => {
    const folder = repositoryWith({ 'plant/devices.yaml': 'one' });
    commit(folder, 'second', { 'plant/devices.yaml': 'two' });
    expect(await textsOf(folder, ['plant/devices.yaml'], 'HEAD~1')).toEqual(['plant/devices.yaml: one']);
    expect(await textsOf(join(folder, 'plant'), ['*.yaml'])).toEqual(['devices.yaml: one', 'devices.yaml: two']);
  });

  it('keeps names and bytes of any kind', async () => {
    const name = 'gerät [1]*"\t.yaml';
    const folder = repositoryWith({ [name]: Buffer.from([0, 255, 10, 13]) });
    const history = openHistory(folder, 'HEAD');
    const versions = await history.versionsOf([name]);
    expect(versions.map(({ path }) => path)).toEqual([name]);
    expect(await history.read(versions)).toEqual([Buffer.from([0, 255, 10, 13])]);
  });

  it('tells from which state to which a version stood', async () => {
    const folder = repositoryWith({ 'other.yaml': 'x' });
    commit(folder, 'second', { 'devices.yaml': 'one' });
    commit(folder, 'third', { 'other.yaml': 'y' });
    commit(folder, 'fourth', { 'devices.yaml': 'two' });
    git(folder, 'rm', '-q', 'devices.yaml');
    commit(folder, 'fifth', {});
    const versions = await openHistory(folder, 'HEAD').versionsOf(['devices.yaml', 'other.yaml']);
    const spans = versions.map(({ path, from, until }) => `${path} ${from}-${until}`).sort();
    expect(spans).toEqual(['devices.yaml 1-3', 'devices.yaml 3-4', 'other.yaml 0-2', 'other.yaml 2-Infinity']);
  });

  it('goes where a link leads, and not into submodules', async () => {
    const folder = repositoryWith({ 'real/d.yaml': 'one' });
    symlinkSync('real/d.yaml', join(folder, 'devices.yaml'));
    commit(folder, 'a link', {});
    commit(folder, 'second', { 'real/d.yaml': 'two' });
    expect(await textsOf(folder, ['devices.yaml'])).toEqual(['real/d.yaml: one', 'real/d.yaml: two']);
    const inner = repositoryWith({ 'devices.yaml': 'three' });
    git(folder, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', inner, 'fleet/inner');
    commit(folder, 'a submodule', {});
    expect(await textsOf(folder, ['fleet/*'])).toEqual([]);
  });

  it('refuses a shallow clone, and says what to fetch', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    commit(folder, 'second', { 'devices.yaml': 'two' });
    const clone = join(folderWith(), 'clone');
    git(folder, 'clone', '-q', '--depth', '1', `file://${folder}`, clone);
    const fault = await faultOf(openHistory(clone, 'HEAD').versionsOf(['devices.yaml']));
    expect(said(fault)).toEqual(said(gitFault('shallow-clone', {})));
  });

  it('refuses a sparse checkout, where other manifests may lie outside', async () => {
    const folder = repositoryWith({ 'a/devices.yaml': 'one', 'b/devices.yaml': 'two' });
    git(folder, 'sparse-checkout', 'set', 'a');
    const fault = await faultOf(openHistory(folder, 'HEAD').versionsOf(['a/devices.yaml']));
    expect(said(fault)).toEqual(said(gitFault('sparse-checkout', {})));
    git(folder, 'sparse-checkout', 'disable');
    expect(await openHistory(folder, 'HEAD').versionsOf(['a/devices.yaml'])).toHaveLength(1);
  });

  it('says so where there is no repository, and no such commit', async () => {
    // git's own words differ from version to version.
    const wordsOf = ({ message }: Fault) => /fatal: .*$/.exec(message)?.[0] ?? '';
    const nowhere = await faultOf(openHistory(folderWith(), 'HEAD').versionsOf(['x']));
    expect(wordsOf(nowhere)).toContain('not a git repository');
    const noRepository = gitFault('git-failed', { command: 'rev-parse', code: 128, reason: wordsOf(nowhere) });
    expect(said(nowhere)).toEqual(said(noRepository));
    const unknown = await faultOf(openHistory(repositoryWith({ x: '' }), 'nowhere').versionsOf(['x']));
    expect(wordsOf(unknown)).toContain("'nowhere'");
    const noCommit = gitFault('git-failed', { command: 'log', code: 128, reason: wordsOf(unknown) });
    expect(said(unknown)).toEqual(said(noCommit));
  });
});

describeNeeding(['git'], 'the default branch at a terminal', () => {
  it('is the one that is checked out, as far as the clone knows', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    expect(await (await openDefaultHistory(folder)).versionsOf(['devices.yaml'])).toHaveLength(1);
    const clone = join(folderWith(), 'clone');
    git(folder, 'clone', '-q', `file://${folder}`, clone);
    expect(await (await openDefaultHistory(clone)).versionsOf(['devices.yaml'])).toHaveLength(1);
    git(clone, 'switch', '-q', '-c', 'feature');
    const fault = gitFault('other-branch-checked-out', { branch: 'feature', origin: 'origin/main' });
    expect(said(await faultOf(openDefaultHistory(clone)))).toEqual(said(fault));
  });

  it('has to be known to the clone, where there is an origin', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    git(folder, 'remote', 'add', 'origin', `file://${folder}`);
    git(folder, 'fetch', '-q', 'origin');
    git(folder, 'remote', 'set-head', 'origin', '--delete');
    expect(said(await faultOf(openDefaultHistory(folder)))).toEqual(said(gitFault('default-branch-unknown', {})));
    git(folder, 'remote', 'set-head', 'origin', '--auto');
    expect(await (await openDefaultHistory(folder)).versionsOf(['devices.yaml'])).toHaveLength(1);
  });
});

describeNeeding(['git'], 'the history for a run of the action', () => {
  const event = { link: () => '', run: '' };

  it('is that of the commit of the event, which has to be checked out', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    const head = git(folder, 'rev-parse', 'HEAD').trim();
    const history = await openEventHistory(folder, { ...event, commit: head }, 'apply');
    expect(await history.versionsOf(['devices.yaml'])).toHaveLength(1);
    commit(folder, 'meanwhile', {});
    const moved = git(folder, 'rev-parse', 'HEAD').trim();
    const fault = await faultOf(openEventHistory(folder, { ...event, commit: head }, 'apply'));
    expect(said(fault)).toEqual(said(gitFault('other-commit', { head: moved, commit: head })));
  });

  it('may be looked at by a pull request, which removes nothing', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    const ofPull = { ...event, commit: 'trial', base: 'base' };
    expect(await (await openEventHistory(folder, ofPull, 'plan')).versionsOf(['devices.yaml'])).toHaveLength(1);
    const applied = await faultOf(openEventHistory(folder, ofPull, 'apply'));
    expect(said(applied)).toEqual(said(gitFault('pull-request-not-merged', {})));
    const other = { ...ofPull, otherBranch: { branch: 'next', defaultBranch: 'main' } };
    const planned = await faultOf(openEventHistory(folder, other, 'plan'));
    expect(said(planned)).toEqual(said(gitFault('other-branch', { branch: 'next', defaultBranch: 'main' })));
  });
});
