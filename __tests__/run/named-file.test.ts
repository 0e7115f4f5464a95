import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readNamed, writeNamed } from '../../src/run/named-file.ts';
import { unread } from '../../src/run/unread.ts';
import { folderWith } from '../support/folder.ts';
import { describeNeeding, itNeeding } from '../support/needing.ts';

/** A workspace with a file, and a file beside it. */
function place() {
  const folder = folderWith({ 'repository/plan.txt': 'plan', 'repository/.git/config': 'git', victim: 'victim' });
  return { folder, root: join(folder, 'repository') };
}

const out = unread.link(unread.outside());
const intoGit = unread.link(unread.inGit());

describe('a file that a setting names', () => {
  it('is read and written in the workspace and wherever else the caller says', () => {
    const { folder, root } = place();
    expect(readNamed(join(root, 'plan.txt'), root, 10)).toEqual({ ok: true, bytes: Buffer.from('plan') });
    expect(readNamed(join(folder, 'victim'), root, 10)).toEqual({ ok: true, bytes: Buffer.from('victim') });
    for (const path of [
      join(root, 'plan.txt'),
      join(root, 'new/deep/plan'),
      join(folder, 'victim'),
      join(folder, 'a/b'),
    ]) {
      expect(writeNamed(path, root, 'now')).toBeUndefined();
      expect(readFileSync(path, 'utf8')).toBe('now');
    }
  });

  it('in .git is refused', () => {
    const { root } = place();
    const path = join(root, '.git/config');
    expect(readNamed(path, root, 10)).toEqual({ ok: false, why: 'outside', detail: unread.inGit() });
    expect(writeNamed(path, root, 'x')).toBe(unread.inGit());
    expect(readFileSync(path, 'utf8')).toBe('git');
  });

  it('of more bytes than the limit is refused', () => {
    const { root } = place();
    const path = join(root, 'plan.txt');
    expect(readNamed(path, root, 3)).toEqual({ ok: false, why: 'too-large', detail: unread.tooLarge(4, 3) });
  });

  it('that is not there is told without an error of the system', () => {
    const { root } = place();
    const missing = { ok: false, why: 'missing', detail: unread.missing() };
    expect(readNamed(join(root, 'none'), root, 3)).toEqual(missing);
    expect(readNamed(join(root, 'plan.txt/below'), root, 3)).toEqual(missing);
  });
});

describeNeeding(['links and modes of POSIX'], 'a link of the repository', () => {
  it.each([
    ['out of the workspace', 'plan.json', '../victim', out],
    ['out of it by an absolute path', 'plan.json', '/etc/hostname', out],
    ['into .git', 'plan.json', '.git/config', intoGit],
    ['to a folder outside', 'folder', '..', out],
  ])('that leads %s is neither read nor written', (_, name, target, why) => {
    const { folder, root } = place();
    symlinkSync(target, join(root, name));
    const path = join(root, name === 'folder' ? 'folder/victim' : name);
    expect(readNamed(path, root, 1000)).toEqual({ ok: false, why: 'outside', detail: why });
    expect(writeNamed(path, root, 'x')).toBe(why);
    expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('victim');
    expect(readFileSync(join(root, '.git/config'), 'utf8')).toBe('git');
  });

  it('to nothing is not written: what it names would be made', () => {
    const { folder, root } = place();
    symlinkSync('../made', join(root, 'plan.json'));
    symlinkSync('../folder', join(root, 'dangling'));
    expect(writeNamed(join(root, 'plan.json'), root, 'x')).toBe(unread.brokenLink());
    expect(() => writeNamed(join(root, 'dangling/plan.json'), root, 'x')).toThrow();
    for (const name of ['made', 'folder']) expect(existsSync(join(folder, name))).toBe(false);
  });

  it('inside the workspace is followed', () => {
    const { root } = place();
    symlinkSync('plan.txt', join(root, 'link'));
    expect(writeNamed(join(root, 'link'), root, 'now')).toBeUndefined();
    expect(readFileSync(join(root, 'plan.txt'), 'utf8')).toBe('now');
  });

  it('is refused too where the workspace itself is named through a link', () => {
    const { folder, root } = place();
    symlinkSync('repository', join(folder, 'current'));
    symlinkSync('../victim', join(root, 'plan.json'));
    for (const workspace of [root, join(folder, 'current')]) {
      const path = join(folder, 'current/plan.json');
      expect(readNamed(path, workspace, 1000)).toMatchObject({ ok: false, why: 'outside' });
      expect(writeNamed(path, workspace, 'x')).toBe(out);
    }
  });

  it('elsewhere is the caller’s own', () => {
    const { folder, root } = place();
    symlinkSync('victim', join(folder, 'mine'));
    expect(readNamed(join(folder, 'mine'), root, 10)).toMatchObject({ ok: true });
    expect(writeNamed(join(folder, 'mine'), root, 'now')).toBeUndefined();
    expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('now');
  });

  it('elsewhere that leads into .git of the workspace is refused', () => {
    const { folder, root } = place();
    symlinkSync('repository/.git/config', join(folder, 'mine'));
    expect(writeNamed(join(folder, 'mine'), root, 'x')).toBe(intoGit);
  });
});

describeNeeding(['links and modes of POSIX'], 'what is no regular file', () => {
  it.each(['/dev/zero', '/dev/stdin'])('%s is not read, and nobody waits for it', (path) => {
    expect(readNamed(path, place().root, 1000)).toMatchObject({ ok: false, why: 'unreadable' });
  });

  it('a pipe is neither read nor written in the workspace, and nobody waits for its other end', () => {
    const { root } = place();
    const path = join(root, 'pipe');
    execFileSync('sh', ['-c', 'mkfifo "$0"', path]);
    const device = unread.notAFile('device');
    expect(readNamed(path, root, 1000)).toEqual({ ok: false, why: 'unreadable', detail: device });
    expect(writeNamed(path, root, 'x')).toBe(device);
  });

  it('a folder is refused', () => {
    const { root } = place();
    mkdirSync(join(root, 'folder'));
    const folder = unread.notAFile('folder');
    expect(readNamed(join(root, 'folder'), root, 9)).toEqual({ ok: false, why: 'unreadable', detail: folder });
    expect(writeNamed(join(root, 'folder'), root, 'x')).toBe(folder);
  });

  itNeeding(['Linux'], 'a file of /proc, which says that it is empty, is bounded by what it gives', () => {
    const { root } = place();
    expect(readNamed('/proc/self/maps', root, 100)).toMatchObject({ ok: false, why: 'too-large' });
    expect(readNamed('/proc/self/maps', root, 10_000_000)).toMatchObject({ ok: true });
  });
});

it('a longer file is emptied before a shorter text is written', () => {
  const { root } = place();
  writeFileSync(join(root, 'plan.txt'), 'a long text');
  writeNamed(join(root, 'plan.txt'), root, 'x');
  expect(readFileSync(join(root, 'plan.txt'), 'utf8')).toBe('x');
});
