import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { baseCommit, checkOut } from '../../../src/github/git/base.ts';
import { folderWith } from '../../support/folder.ts';
import { commit, git, repositoryWith } from '../../support/git.ts';
import { describeNeeding } from '../../support/needing.ts';

describeNeeding(['git'], 'the files of a commit', () => {
  it('come in a folder of their own, and leave work tree and index as they are', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one', 'certs/a.pem': 'a' });
    commit(folder, 'second', { 'devices.yaml': 'two' });
    writeFileSync(join(folder, 'devices.yaml'), 'being edited');
    git(folder, 'add', '-A');
    const before = git(folder, 'status', '--porcelain');
    const base = await checkOut(folder, 'HEAD^1');
    expect(readFileSync(join(base?.folder ?? '', 'devices.yaml'), 'utf8')).toBe('one');
    expect(readFileSync(join(base?.folder ?? '', 'certs/a.pem'), 'utf8')).toBe('a');
    expect(git(folder, 'status', '--porcelain')).toBe(before);
    await base?.remove();
    expect(existsSync(base?.folder ?? '')).toBe(false);
  });

  it('begin where the workspace begins, also below the top of the repository', async () => {
    const folder = repositoryWith({ 'plant/devices.yaml': 'one', 'shared/a.pem': 'a' });
    const base = await checkOut(join(folder, 'plant'), 'HEAD');
    expect(readFileSync(join(base?.folder ?? '', 'devices.yaml'), 'utf8')).toBe('one');
    await base?.remove();
  });

  it('are not there where the repository does not have the commit', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    commit(folder, 'second', { 'devices.yaml': 'two' });
    const clone = join(folderWith(), 'clone');
    git(folder, 'clone', '-q', '--depth', '1', `file://${folder}`, clone);
    expect(await checkOut(clone, 'HEAD^1')).toBeUndefined();
    expect(await checkOut(folderWith(), 'HEAD')).toBeUndefined();
  });
});

describeNeeding(['git'], 'the names that manifests had in a commit', () => {
  it('are those before they were renamed, also where a little was changed, below the workspace alone', async () => {
    const lines = (last: string) => `${Array.from({ length: 20 }, (_, line) => `line ${line}`).join('\n')}\n${last}\n`;
    const folder = repositoryWith({
      'plant/devices.yaml': lines('one'),
      'plant/a.csv': 'id\na\n',
      'other/b.json': '{}',
    });
    git(folder, 'mv', 'plant/devices.yaml', 'plant/fleet.yaml');
    git(folder, 'mv', 'other/b.json', 'other/c.json');
    commit(folder, 'renamed', { 'plant/fleet.yaml': lines('two'), 'plant/a.csv': 'id\nb\n' });
    const base = await checkOut(join(folder, 'plant'), 'HEAD^1');
    expect(base?.renamed).toEqual(new Map([['fleet.yaml', 'devices.yaml']]));
    await base?.remove();
  });
});

describeNeeding(['git'], 'the base of a pull request', () => {
  it('is the first parent of the trial merge, else what the event names', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    git(folder, 'switch', '-q', '-c', 'feature');
    commit(folder, 'change', { 'devices.yaml': 'two' });
    expect(await baseCommit(folder, 'main')).toBe('main');
    git(folder, 'switch', '-q', '--detach', 'main');
    git(folder, 'merge', '-q', '--no-ff', '-m', 'trial', 'feature');
    expect(await baseCommit(folder, 'long-ago')).toBe('HEAD^1');
    const base = await checkOut(folder, await baseCommit(folder, 'long-ago'));
    expect(readFileSync(join(base?.folder ?? '', 'devices.yaml'), 'utf8')).toBe('one');
    await base?.remove();
  });
});
