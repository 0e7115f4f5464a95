import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ignoredByGit } from '../../../src/github/git/ignored.ts';
import { folderWith } from '../../support/folder.ts';
import { describeNeeding } from '../../support/needing.ts';

function git(folder: string, ...args: readonly string[]): void {
  execFileSync('git', args, { cwd: folder, stdio: 'ignore' });
}

// Ignore the user's own settings of git, such as a global list of ignored files.
beforeEach(() => {
  vi.stubEnv('GIT_CONFIG_GLOBAL', join(folderWith({ config: '' }), 'config'));
  vi.stubEnv('GIT_CONFIG_NOSYSTEM', '1');
});
afterEach(() => vi.unstubAllEnvs());

/** A repository that ignores keys. */
function repository(files: Readonly<Record<string, string>> = {}): string {
  const folder = folderWith({ '.gitignore': '*.key\n/device-keys/\n!kept.key\n', ...files });
  git(folder, 'init', '-q');
  return folder;
}

describeNeeding(['git'], 'what git ignores', () => {
  it('is told of files and folders, there or not', async () => {
    const folder = repository({ 'a.key': '', 'device-keys/b.pem': '' });
    const paths = ['a.key', 'device-keys/b.pem', 'c.pem', 'kept.key', 'not/there.key'];
    expect(await ignoredByGit(folder, paths)).toEqual(new Set(['a.key', 'device-keys/b.pem', 'not/there.key']));
  });

  it('is not what it tracks all the same', async () => {
    const folder = repository({ 'tracked.key': '', 'untracked.key': '' });
    git(folder, 'add', '--force', 'tracked.key');
    expect(await ignoredByGit(folder, ['tracked.key', 'untracked.key'])).toEqual(new Set(['untracked.key']));
  });

  it('is relative to the folder, also below the root of the work tree', async () => {
    const folder = repository({ 'fleet/a.key': '' });
    expect(await ignoredByGit(join(folder, 'fleet'), ['a.key'])).toEqual(new Set(['a.key']));
  });

  it.each([
    'with space.key',
    'gerät-日本.key',
    'new\nline.key',
    '"quoted".key',
    '-n.key',
    ':colon.key',
    ':(glob)x.key',
    '*.key',
  ])('may be called %j', async (name) => {
    expect(await ignoredByGit(repository(), [name, 'b.pem'])).toEqual(new Set([name]));
  });

  it('is nothing where git refuses a path: then every file counts', async () => {
    const folder = repository();
    expect(await ignoredByGit(folder, ['../outside.key'])).toEqual(new Set());
  });

  it('is nothing outside a work tree', async () => {
    expect(await ignoredByGit(folderWith({ '.gitignore': '*.key\n', 'a.key': '' }), ['a.key'])).toEqual(new Set());
  });

  it('is found for thousands of files at once', async () => {
    const paths = Array.from({ length: 5000 }, (_, n) => `folder-${n % 50}/device-${n}.key`);
    expect(await ignoredByGit(repository(), paths)).toEqual(new Set(paths));
  });
});

describe('without git', () => {
  it('nothing is ignored in a repository: what its .gitignore names may have been committed all the same', async () => {
    vi.stubEnv('PATH', folderWith());
    const folder = folderWith({ '.git/HEAD': '', '.gitignore': '*\n', 'below/.gitignore': '*\n' });
    expect(await ignoredByGit(folder, ['a.key', 'below/b.key'])).toEqual(new Set());
    expect(await ignoredByGit(join(folder, 'below'), ['b.key'])).toEqual(new Set());
  });

  it('and without a repository, folders whose .gitignore ignores all are ignored, with those below them', async () => {
    const folder = folderWith({
      'device-keys/.gitignore': '*\n',
      'hub/.gitignore': '*',
      'some/.gitignore': '*.key\n',
      'but/.gitignore': '*\n!a.key\n',
      'large/.gitignore': `*${' '.repeat(2000)}`,
    });
    mkdirSync(join(folder, 'odd/.gitignore'), { recursive: true });
    const ours = ['device-keys/a.key.pem', 'hub/server.pem', 'hub/deep/er/b.pem'];
    const others = ['a.key', 'some/a.key', 'but/a.key', 'large/a.key', 'odd/a.key', 'device-keys-2/a.key'];
    expect(await ignoredByGit(folder, [...ours, ...others])).toEqual(new Set(ours));
    vi.stubEnv('PATH', folderWith());
    expect(await ignoredByGit(folder, [...ours, ...others])).toEqual(new Set(ours));
  });

  it('nothing is asked about no files', async () => {
    expect(await ignoredByGit('/nowhere', [])).toEqual(new Set());
  });
});
