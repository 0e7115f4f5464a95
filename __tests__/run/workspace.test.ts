import { once } from 'node:events';
import { mkdirSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runFault } from '../../src/run/faults.ts';
import { unread } from '../../src/run/unread.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { faultIn, said } from '../support/fault.ts';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';

describe('opening', () => {
  test('a folder that is not there is a fault that names it', () => {
    const fault = faultIn(() => openWorkspace('/no/such/folder'));
    const why = "ENOENT: no such file or directory, realpath '/no/such/folder'";
    expect(said(fault)).toEqual(said(runFault('root-unreadable', { root: '/no/such/folder', why })));
    expect(fault.kind).toBe('world');
  });

  test('a file is no workspace', () => {
    const root = join(folderWith({ a: '' }), 'a');
    expect(said(faultIn(() => openWorkspace(root)))).toEqual(said(runFault('root-not-a-folder', { root })));
  });

  test('the root is told with links resolved', () => {
    const folder = folderWith({ 'real/a.txt': 'a' });
    symlinkSync(join(folder, 'real'), join(folder, 'link'));
    expect(openWorkspace(join(folder, 'link')).root).toBe(openWorkspace(join(folder, 'real')).root);
    expect(openWorkspace(join(folder, 'link')).read('a.txt', 10).ok).toBe(true);
  });
});

describe('reading', () => {
  test('gives the bytes of a file up to the limit, and refuses one byte more', () => {
    const workspace = openWorkspace(folderWith({ 'certs/a.pem': '12345' }));
    expect(workspace.read('certs/a.pem', 5)).toEqual({ ok: true, bytes: Buffer.from('12345') });
    expect(workspace.read('certs/a.pem', 4)).toMatchObject({
      why: 'too-large',
      detail: unread.tooLarge(5, 4),
    });
  });

  // Without blocks on the disk. NTFS would write them.
  itNeeding(['links and modes of POSIX'], 'refuses a file of a terabyte by its size, before it is read', () => {
    const folder = folderWith({ 'a.pem': '' });
    truncateSync(join(folder, 'a.pem'), 2 ** 40);
    const detail = unread.tooLarge(2 ** 40, 5);
    expect(openWorkspace(folder).read('a.pem', 5)).toEqual({ ok: false, why: 'too-large', detail });
  });

  test.each([
    ['above the root', '../a.pem', 'outside', unread.outside()],
    ['above the root, although nothing is there', '../../nothing', 'outside', unread.outside()],
    ['an absolute path elsewhere', '/etc/passwd', 'outside', unread.outside()],
    ['a path that leaves and comes back by another name', 'certs/../../x', 'outside', unread.outside()],
    ['the git folder', '.git/config', 'outside', unread.inGit()],
    ['a git folder further down, in capitals', 'modules/.GIT/config', 'outside', unread.inGit()],
    ['nothing there', 'certs/none.pem', 'missing', unread.missing()],
    ['a file taken for a folder', 'certs/a.pem/b', 'missing', unread.missing()],
    ['a folder', 'certs', 'unreadable', unread.notAFile('folder')],
    ['a name that no file system has', 'a\0b', 'unreadable', expect.stringContaining('null bytes')],
  ])('%s', (_, path, why, detail) => {
    const workspace = openWorkspace(folderWith({ 'certs/a.pem': 'x', '.git/config': 'x', 'modules/.GIT/config': 'x' }));
    expect(workspace.read(path, 100)).toMatchObject({ ok: false, why, detail });
  });

  test('names that only look like a way out are fine', () => {
    const workspace = openWorkspace(folderWith({ '..a.pem': 'x', '.github/a.pem': 'y', 'b.git/c': 'z' }));
    for (const path of ['..a.pem', '.github/a.pem', 'b.git/c', './b.git/../..a.pem']) {
      expect(workspace.read(path, 100).ok, path).toBe(true);
    }
  });

  itNeeding(
    ['links and modes of POSIX'],
    'links are followed inside the root, and refused when they lead out or into .git',
    () => {
      const folder = folderWith({ 'root/a.pem': 'x', 'root/.git/config': 'x', 'secret.pem': 'x' });
      const root = join(folder, 'root');
      symlinkSync('a.pem', join(root, 'inside.pem'));
      symlinkSync('../secret.pem', join(root, 'out.pem'));
      symlinkSync('..', join(root, 'up'));
      symlinkSync('.git', join(root, 'store'));
      symlinkSync('nothing', join(root, 'dangling.pem'));
      const workspace = openWorkspace(root);
      expect(workspace.read('inside.pem', 100).ok).toBe(true);
      expect(workspace.read('out.pem', 100)).toMatchObject({ why: 'outside', detail: unread.link(unread.outside()) });
      expect(workspace.read('up/secret.pem', 100)).toMatchObject({ why: 'outside' });
      expect(workspace.read('store/config', 100)).toMatchObject({
        why: 'outside',
        detail: unread.link(unread.inGit()),
      });
      expect(workspace.read('dangling.pem', 100)).toMatchObject({ why: 'missing' });
    },
  );

  itNeeding(
    ['links and modes of POSIX'],
    'what is neither file nor folder is refused without being opened',
    async () => {
      const folder = folderWith();
      const server = createServer().listen(join(folder, 'socket.pem'));
      await once(server, 'listening');
      expect(openWorkspace(folder).read('socket.pem', 100)).toMatchObject({
        why: 'unreadable',
        detail: unread.notAFile('device'),
      });
      server.close();
    },
  );

  itNeeding(['links and modes of POSIX'], 'a link to itself is refused with the reason', () => {
    const folder = folderWith();
    symlinkSync('a.pem', join(folder, 'a.pem'));
    const read = openWorkspace(folder).read('a.pem', 100);
    expect(read).toMatchObject({ why: 'unreadable', detail: expect.stringContaining('ELOOP') });
  });
});

describe('finding', () => {
  const files = {
    'devices.yaml': '',
    'fleet[1].yaml': '',
    'sites/b.yaml': '',
    'sites/a.yaml': '',
    'sites/north/c.yaml': '',
    'node_modules/x/d.yaml': '',
    '.git/e.yaml': '',
  };

  test.each<[string, string[], string[], string[]]>([
    ['a plain name', ['devices.yaml'], ['devices.yaml'], []],
    ['a plain name written roundabout', ['./sites/../devices.yaml'], ['devices.yaml'], []],
    ['the same file twice', ['devices.yaml', '*vices.yaml'], ['devices.yaml'], []],
    ['a plain name that is not there', ['none.yaml'], [], ['none.yaml']],
    ['globs, sorted', ['sites/*.yaml'], ['sites/a.yaml', 'sites/b.yaml'], []],
    [
      'globs over folders, without git and node_modules',
      ['**/*.yaml'],
      ['devices.yaml', 'fleet[1].yaml', 'sites/a.yaml', 'sites/b.yaml', 'sites/north/c.yaml'],
      [],
    ],
    ['braces and exceptions', ['sites/{a,b}.yaml', '!sites/b.yaml'], ['sites/a.yaml'], []],
    ['a glob without a match is empty, not missing', ['x/*.yaml'], [], []],
    ['a name that looks like a glob', ['fleet[1].yaml'], ['fleet[1].yaml'], []],
    ['a folder is not a glob of its files', ['sites'], ['sites'], []],
    ['a glob that leads out', ['../*.yaml'], [], ['../*.yaml']],
    ['a file outside is left for reading to refuse', ['../devices.yaml'], ['../devices.yaml'], []],
  ])('%s', async (_, patterns, expected, missing) => {
    const workspace = openWorkspace(folderWith(files));
    expect(await workspace.find(patterns)).toEqual({ files: expected, missing });
  });

  test('an absolute path inside the root is told relative to it', async () => {
    const workspace = openWorkspace(folderWith(files));
    expect((await workspace.find([join(workspace.root, 'sites', 'a.yaml')])).files).toEqual(['sites/a.yaml']);
  });
});

describe('files below folders', () => {
  const files = {
    'a.pem': '',
    'certs/b.PEM': '',
    'certs/deep/c.key': '',
    'certs/d.txt': '',
    'other/e.pem': '',
    '.git/f.pem': '',
    'certs/node_modules/g.pem': '',
    '.hidden/h.pem': '',
  };

  test.each<[string, string[], string[]]>([
    ['one folder and what is in it', ['certs'], ['certs/b.PEM', 'certs/deep/c.key']],
    ['the root, by any name', ['', '.'], ['.hidden/h.pem', 'a.pem', 'certs/b.PEM', 'certs/deep/c.key', 'other/e.pem']],
    ['folders within each other, each file once', ['certs/deep', 'certs'], ['certs/b.PEM', 'certs/deep/c.key']],
    ['a folder that is not there, or is a file', ['none', 'a.pem'], []],
    ['outside, and in .git', ['..', '.git', '../..'], []],
  ])('%s', (_, folders, expected) => {
    expect(openWorkspace(folderWith(files)).filesBelow(folders, ['.pem', '.key'])).toEqual({ files: expected });
  });

  test.each([
    ['folders', { folders: 2, files: 100, seconds: 100 }],
    ['files', { folders: 100, files: 3, seconds: 100 }],
    ['seconds', { folders: 100, files: 100, seconds: -1 }],
  ] as const)('end after so many %s, and say so', (of, bounds) => {
    const { files: found, bound } = openWorkspace(folderWith(files), { bounds }).filesBelow(['.'], ['.pem', '.key']);
    expect(bound).toEqual({ most: bounds[of], of });
    expect(found.length).toBeLessThan(4);
  });

  itNeeding(['links and modes of POSIX'], 'links are not walked, so that a circle ends', () => {
    const folder = folderWith({ 'certs/a.pem': '' });
    symlinkSync('..', join(folder, 'certs', 'up'));
    expect(openWorkspace(folder).filesBelow(['certs'], ['.pem'])).toEqual({ files: ['certs/a.pem'] });
  });
});

describe('what git ignores', () => {
  test('is asked of whoever knows, with the root', async () => {
    const folder = folderWith();
    const asked: unknown[] = [];
    const workspace = openWorkspace(folder, {
      checkIgnored: async (root, paths) => {
        asked.push([root, paths]);
        return new Set(['a']);
      },
    });
    expect(await workspace.ignored(['a', 'b'])).toEqual(new Set(['a']));
    expect(await workspace.ignored([])).toEqual(new Set());
    expect(asked).toEqual([[workspace.root, ['a', 'b']]]);
  });

  test('is nothing where there is no git', async () => {
    expect(await openWorkspace(folderWith()).ignored(['a'])).toEqual(new Set());
  });
});

test('2,000 small files are read in a moment', () => {
  const folder = folderWith();
  mkdirSync(join(folder, 'certs'));
  const names = Array.from({ length: 2000 }, (_, i) => `certs/${i}.pem`);
  for (const name of names) writeFileSync(join(folder, name), 'x'.repeat(800));
  const workspace = openWorkspace(folder);
  const start = performance.now();
  expect(names.every((name) => workspace.read(name, 1000).ok)).toBe(true);
  // Takes about 40 ms; the bound leaves room for a busy machine, and none for a slip of two orders.
  expect(performance.now() - start).toBeLessThan(2000);
  rmSync(join(folder, 'certs'), { recursive: true });
});
