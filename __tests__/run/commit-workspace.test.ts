import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import type { CommitFile, CommitFiles } from '../../src/model/commit-files.ts';
import { commitWorkspace, largestOf } from '../../src/run/commit-workspace.ts';
import { unread } from '../../src/run/unread.ts';
import { openWorkspace } from '../../src/run/workspace.ts';

/** A commit with these files; a text that begins with `->` is a link. */
function commitOf(texts: Readonly<Record<string, string>>): CommitFiles {
  const held = (text: string) => text.replace(/^->/, '');
  const kind = (text: string): CommitFile['kind'] =>
    text.startsWith('->') ? 'link' : text === 'module' ? 'other' : 'file';
  return {
    files: new Map(
      Object.entries(texts).map(([path, text]) => [path, { kind: kind(text), size: Buffer.byteLength(held(text)) }]),
    ),
    read: (path) => {
      const text = texts[path];
      if (text === undefined || text === 'lost') throw new Error(`git does not have ${path}`);
      return Buffer.from(held(text));
    },
  };
}

function workspaceOf(texts: Readonly<Record<string, string>>) {
  return commitWorkspace(commitOf(texts), openWorkspace(tmpdir()));
}

describe('reading a file of a commit', () => {
  const files = {
    'devices.yaml': 'devices',
    'certs/a.pem': 'a',
    'in.pem': '->certs/a.pem',
    'certs/up.yaml': '->../devices.yaml',
    store: '->certs',
    twice: '->store',
    'out.pem': '->../a.pem',
    'absolute.pem': '->/etc/passwd',
    'into-git': '->.git/config',
    '.git/config': 'x',
    circle: '->circle',
    'there.pem': '->back.pem',
    'back.pem': '->there.pem',
    dangling: '->nowhere',
    module: 'module',
    lost: 'lost',
  };
  const { read, root } = workspaceOf(files);

  it.each([
    ['by its path', 'certs/a.pem', 'a'],
    ['by a roundabout path', './certs/../certs/a.pem', 'a'],
    ['by an absolute path', `${root}/certs/a.pem`, 'a'],
    ['behind a link', 'in.pem', 'a'],
    ['behind a link to a folder', 'store/a.pem', 'a'],
    ['behind a link to a link', 'twice/a.pem', 'a'],
    ['behind a link that goes up', 'store/up.yaml', 'devices'],
  ])('%s', (_, path, text) => {
    expect(read(path, 100)).toEqual({ ok: true, bytes: Buffer.from(text) });
  });

  it.each([
    ['outside', '../a.pem', 'outside', unread.outside()],
    ['in .git', '.git/config', 'outside', unread.inGit()],
    ['behind a link that leads out', 'out.pem', 'outside', unread.link(unread.outside())],
    ['behind an absolute link', 'absolute.pem', 'outside', unread.link(unread.outside())],
    ['behind a link into .git', 'into-git', 'outside', unread.link(unread.inGit())],
    ['behind a link to itself', 'circle', 'unreadable', unread.linkLoop()],
    ['behind links in a circle', 'there.pem', 'unreadable', unread.linkLoop()],
    ['behind a link to nothing', 'dangling', 'missing', unread.missing()],
    ['that is not there', 'none', 'missing', unread.missing()],
    ['below a file', 'devices.yaml/x', 'missing', unread.missing()],
    ['that is a folder', 'certs', 'unreadable', unread.notAFile('folder')],
    ['that is a submodule', 'module', 'unreadable', unread.notAFile('folder')],
    ['that git does not have', 'lost', 'unreadable', 'git does not have lost'],
  ])('%s is refused', (_, path, why, detail) => {
    expect(read(path, 100)).toEqual({ ok: false, why, detail });
  });

  it('of more bytes than the limit is refused', () => {
    expect(read('devices.yaml', 6)).toEqual({ ok: false, why: 'too-large', detail: unread.tooLarge(7, 6) });
    expect(read('devices.yaml', 7).ok).toBe(true);
  });
});

describe('finding files of a commit', () => {
  it.each<[string, readonly string[], object]>([
    ['a name', ['devices.yaml'], { files: ['devices.yaml'], missing: [] }],
    ['a name that is not there', ['none.yaml'], { files: [], missing: ['none.yaml'] }],
    ['a glob', ['sites/*.yaml'], { files: ['sites/a.yaml', 'sites/b.yaml'], missing: [] }],
    ['a name like a glob', ['fleet[1].yaml'], { files: ['fleet[1].yaml'], missing: [] }],
    [
      'a glob over folders, links to folders among them',
      ['**/a.yaml'],
      { files: ['link/a.yaml', 'sites/a.yaml'], missing: [], linksOut: ['out'] },
    ],
    ['a glob that leads out', ['../*.yaml'], { files: [], missing: ['../*.yaml'] }],
  ])('by %s', async (_, patterns, found) => {
    const { find } = workspaceOf({
      'devices.yaml': '',
      'fleet[1].yaml': '',
      'sites/a.yaml': '',
      'sites/b.yaml': '',
      'sites/up': '->..',
      link: '->sites',
      out: '->../..',
      'node_modules/a.yaml': '',
    });
    expect(await find(patterns)).toEqual(found);
  });
});

it('a manifest of a commit may be larger than its other files', () => {
  expect(largestOf('fleet/Devices.YAML')).toBeGreaterThan(largestOf('certs/a.pem'));
});
