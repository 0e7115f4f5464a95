import { chmodSync, existsSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { baseCommit, type OpenedCommit, openCommit } from '../../../src/github/git/base.ts';
import { runGit } from '../../../src/github/git/run-git.ts';
import { faultOf } from '../../support/fault.ts';
import { folderWith } from '../../support/folder.ts';
import { commit, git, repositoryWith } from '../../support/git.ts';
import { describeNeeding } from '../../support/needing.ts';

async function opened(root: string, commit = 'HEAD', most = 1000): Promise<OpenedCommit | undefined> {
  const base = await openCommit(root, commit, () => most);
  if (base !== undefined) onTestFinished(() => base.remove());
  return base;
}

/** The files that are kept, with what they hold. */
function textsOf(base: OpenedCommit | undefined): Readonly<Record<string, string>> {
  const names = [...(base?.files.keys() ?? [])];
  return Object.fromEntries(names.map((name) => [name, base?.read(name).toString('utf8') ?? '']));
}

/** A program that leaves a file behind when somebody runs it. */
function trap(): { readonly command: string; readonly ran: () => boolean } {
  const folder = folderWith();
  const command = join(folder, 'trap.sh');
  writeFileSync(command, `#!/bin/sh\ntouch '${join(folder, 'ran')}'\ncat 2>/dev/null\n`);
  chmodSync(command, 0o755);
  return { command, ran: () => existsSync(join(folder, 'ran')) };
}

describeNeeding(['git'], 'the files of a commit', () => {
  it('are those of that commit, and work tree and index stay as they are', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one', 'certs/a.pem': 'a' });
    commit(folder, 'second', { 'devices.yaml': 'two' });
    writeFileSync(join(folder, 'devices.yaml'), 'being edited');
    git(folder, 'add', '-A');
    const before = git(folder, 'status', '--porcelain');
    expect(textsOf(await opened(folder, 'HEAD^1'))).toEqual({ 'devices.yaml': 'one', 'certs/a.pem': 'a' });
    expect(git(folder, 'status', '--porcelain')).toBe(before);
  });

  it('leave nothing behind', async () => {
    const left = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`provision-base-`));
    const before = new Set(left());
    const base = await openCommit(repositoryWith({ a: 'a' }), 'HEAD', () => 1000);
    const own = left().filter((name) => !before.has(name));
    expect(own.length).toBeGreaterThan(0);
    await base?.remove();
    expect(own.filter((name) => existsSync(join(tmpdir(), name, 'blobs'))).length).toBeLessThan(own.length);
  });

  it('begin where the workspace begins, also below the top of the repository', async () => {
    const folder = repositoryWith({ 'plant/devices.yaml': 'one', 'plant 2/x': 'x', 'shared/a.pem': 'a' });
    expect(textsOf(await opened(join(folder, 'plant')))).toEqual({ 'devices.yaml': 'one' });
  });

  it('are not there where the repository does not have the commit', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    commit(folder, 'second', { 'devices.yaml': 'two' });
    const clone = join(folderWith(), 'clone');
    git(folder, 'clone', '-q', '--depth', '1', `file://${folder}`, clone);
    expect(await opened(clone, 'HEAD^1')).toBeUndefined();
    expect(await opened(folderWith())).toBeUndefined();
  });

  it('keep any name and any bytes, and equal files are kept once', async () => {
    const name = 'gerät [1]*"\t\n.yaml';
    const bytes = Buffer.from([0, 255, 10, 13, 10]);
    const base = await opened(repositoryWith({ [name]: bytes, copy: bytes, empty: '' }));
    expect([name, 'copy', 'empty'].map((path) => base?.read(path))).toEqual([bytes, bytes, Buffer.alloc(0)]);
  });

  it('that are too large are known by their size alone', async () => {
    const base = await opened(repositoryWith({ a: '1234', b: '12345' }), 'HEAD', 4);
    expect(base?.files.get('b')).toMatchObject({ kind: 'file', size: 5 });
    expect(base?.read('a').toString()).toBe('1234');
    expect(() => base?.read('b')).toThrow('b');
  });

  it('are told from links and submodules', async () => {
    const folder = repositoryWith({ a: 'a' });
    symlinkSync('/etc/passwd', join(folder, 'link'));
    git(folder, 'update-index', '--add', '--cacheinfo', `160000,${git(folder, 'rev-parse', 'HEAD').trim()},module`);
    git(folder, 'add', 'link');
    git(folder, 'commit', '-q', '-m', 'second');
    const base = await opened(folder);
    expect([...(base?.files ?? [])].map(([path, { kind }]) => `${path}: ${kind}`)).toEqual([
      'a: file',
      'link: link',
      'module: other',
    ]);
    expect(base?.read('link').toString()).toBe('/etc/passwd');
  });

  it.each([
    ['working-tree-encoding', '*.yaml working-tree-encoding=UTF-16LE\n'],
    ['a filter', '* filter=evil\n'],
    ['line ends', '* text eol=crlf\n'],
    ['ident', '* ident\n'],
  ])('are not changed by attributes of the pull request: %s', async (_, attributes) => {
    const text = 'devices: []\n# $Id$\n';
    const folder = repositoryWith({ 'devices.yaml': text });
    const { command, ran } = trap();
    git(folder, 'config', 'filter.evil.smudge', `${command} %f`);
    git(folder, 'config', 'filter.evil.clean', 'cat');
    writeFileSync(join(folder, '.gitattributes'), attributes);
    git(folder, 'add', '.gitattributes');
    git(folder, 'commit', '-q', '-m', 'pull request');
    expect(textsOf(await opened(folder, 'HEAD^1'))).toEqual({ 'devices.yaml': text });
    expect(textsOf(await opened(folder, 'HEAD'))).toMatchObject({ 'devices.yaml': text });
    expect(ran()).toBe(false);
  });
});

describeNeeding(['git', 'links and modes of POSIX'], 'git in the work tree of a stranger', () => {
  it('takes no folder of the tree for a repository, whose settings would name a program to run', async () => {
    const { command, ran } = trap();
    const plant = folderWith({
      HEAD: 'ref: refs/heads/main\n',
      'objects/info/x': '',
      'refs/heads/x': '',
      'tree/x': '',
      config: `[core]\n\trepositoryformatversion = 0\n\tworktree = tree\n\tfsmonitor = ${command}\n`,
    });
    // A git without the setting takes it for one, and runs the program.
    git(plant, 'status');
    expect(ran()).toBe(true);
    await faultOf(runGit(plant, ['rev-parse', '--show-toplevel']));
    await faultOf(runGit(plant, ['ls-files']));
  });

  it('runs neither fsmonitor nor hooks, also where its own settings name some', async () => {
    const { command, ran } = trap();
    const folder = repositoryWith({ a: 'a' });
    git(folder, 'config', 'core.fsmonitor', command);
    await runGit(folder, ['status']);
    await runGit(folder, ['check-ignore', 'a']).catch(() => {});
    symlinkSync(command, join(folder, '.git/hooks/post-checkout'));
    await runGit(folder, ['checkout', '--detach']);
    expect(ran()).toBe(false);
  });

  it('checks no signature by a program that the settings name', async () => {
    const { command, ran } = trap();
    const folder = repositoryWith({ a: 'a' });
    const signature = 'gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n';
    writeFileSync(
      join(folder, '.git/signed'),
      git(folder, 'cat-file', 'commit', 'HEAD').replace('\n\n', `\n${signature}`),
    );
    git(folder, 'update-ref', 'HEAD', git(folder, 'hash-object', '-t', 'commit', '-w', '.git/signed').trim());
    git(folder, 'config', 'gpg.program', command);
    git(folder, 'config', 'log.showSignature', 'true');
    await runGit(folder, ['log', '-1']);
    expect(ran()).toBe(false);
    git(folder, 'log', '-1');
    expect(ran(), 'a git without the setting runs it').toBe(true);
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
    const base = await opened(join(folder, 'plant'), 'HEAD^1');
    expect(base?.renamed).toEqual(new Map([['fleet.yaml', 'devices.yaml']]));
  });
});

describeNeeding(['git'], 'the base of a pull request', () => {
  const hashOf = (folder: string, name: string) => git(folder, 'rev-parse', name).trim();

  it('is the first parent of the trial merge, else what the event names', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    git(folder, 'switch', '-q', '-c', 'feature');
    commit(folder, 'change', { 'devices.yaml': 'two' });
    expect(await baseCommit(folder, 'main', hashOf(folder, 'HEAD'))).toBe('main');
    git(folder, 'switch', '-q', '--detach', 'main');
    git(folder, 'merge', '-q', '--no-ff', '-m', 'trial', 'feature');
    expect(await baseCommit(folder, 'long-ago', hashOf(folder, 'HEAD'))).toBe('HEAD^1');
    expect(textsOf(await opened(folder, 'HEAD^1'))).toEqual({ 'devices.yaml': 'one' });
  });

  it('is what the event names where the head is checked out, also if that is a merge of its author', async () => {
    const folder = repositoryWith({ 'devices.yaml': 'one' });
    git(folder, 'switch', '-q', '-c', 'feature');
    commit(folder, 'change', { 'devices.yaml': 'two' });
    git(folder, 'switch', '-q', '-c', 'other', 'main');
    commit(folder, 'unrelated', { other: '' });
    git(folder, 'switch', '-q', 'feature');
    git(folder, 'merge', '-q', '--no-ff', '-m', 'merge', 'other');
    // HEAD^1 has what the pull request wants to have, so the comparison would show nothing.
    expect(await baseCommit(folder, 'main', 'f'.repeat(40))).toBe('main');
  });
});
