import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { marker, writeBundles } from '../../src/bundle/directory.ts';
import { renderBundles } from '../../src/bundle/render.ts';
import type { Bundle } from '../../src/model/bundle.ts';
import { identityOf } from './material.ts';

let parent = '';
let target = '';
beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'bundles-'));
  target = join(parent, 'device-bundles');
});
afterEach(() => rmSync(parent, { recursive: true, force: true }));

const bundlesOf = (...ids: readonly string[]) =>
  renderBundles(ids.map((id) => identityOf({ id }, { primary: 'pem\n' }))).value;
const filesIn = (folder: string) => readdirSync(folder, { recursive: true }).map(String).toSorted();

describe('writing bundles', () => {
  it('makes the folder, with the files of each device and a mark of its own', async () => {
    await writeBundles(join(target, 'deeper'), bundlesOf('a', 'b'));
    expect(filesIn(join(target, 'deeper'))).toEqual([
      ...[marker, 'a', 'a/config.yaml', 'a/identity-certificate.pem'],
      ...['b', 'b/config.yaml', 'b/identity-certificate.pem'],
    ]);
    expect(readFileSync(join(target, 'deeper/a/config.yaml'), 'utf8')).toBe(bundlesOf('a')[0]?.files[0]?.text);
  });

  it.skipIf(process.platform === 'win32')('gives everybody the right to read, and nobody else to write', async () => {
    const umask = process.umask(0);
    try {
      await writeBundles(target, bundlesOf('a'));
    } finally {
      process.umask(umask);
    }
    const modes = ['', 'a', 'a/config.yaml'].map((path) => statSync(join(target, path)).mode & 0o777);
    expect(modes).toEqual([0o755, 0o755, 0o644]);
  });

  it('leaves nothing stale, and nothing beside it', async () => {
    await writeBundles(target, bundlesOf('a', 'b'));
    writeFileSync(join(target, 'a', 'stray.txt'), '');
    await writeBundles(target, bundlesOf('b', 'c'));
    expect(readdirSync(target).toSorted()).toEqual([marker, 'b', 'c']);
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('takes an empty folder, and folders of several hubs', async () => {
    mkdirSync(target);
    const fleet = ['x.net', 'y.net'].map((hub) => identityOf({ id: 'e', hub }));
    await writeBundles(target, renderBundles(fleet).value);
    expect(readdirSync(target).toSorted()).toEqual([marker, 'x', 'y']);
  });

  it('writes a thousand bundles', async () => {
    await writeBundles(target, bundlesOf(...Array.from({ length: 1000 }, (_, index) => `edge-${index}`)));
    expect(readdirSync(target)).toHaveLength(1001);
  });
});

describe('a run that died', () => {
  const beside = (name: string) => join(parent, `.device-bundles.${name}`);

  it('while building leaves the old folder, and the next run clears away the new one', async () => {
    await writeBundles(target, bundlesOf('a'));
    mkdirSync(join(beside('next'), 'half'), { recursive: true });
    writeFileSync(join(beside('next'), marker), '');
    await writeBundles(target, bundlesOf('b'));
    expect(readdirSync(target).toSorted()).toEqual([marker, 'b']);
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('between the renames leaves the old folder whole, and the next run takes it back even if it then fails', async () => {
    await writeBundles(beside('previous'), bundlesOf('a'));
    await expect(writeBundles(target, [unsafe('..')])).rejects.toThrow('unsafe name');
    expect(filesIn(target)).toContain('a/config.yaml');
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it('after the renames leaves the new folder, and the next run clears away the old one', async () => {
    await writeBundles(beside('previous'), bundlesOf('a'));
    await writeBundles(target, bundlesOf('b'));
    await writeBundles(target, bundlesOf('c'));
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });
});

function unsafe(directory: string, name = 'config.yaml'): Bundle {
  const [bundle] = bundlesOf('a');
  if (bundle === undefined) throw new Error('no bundle');
  return { ...bundle, directory, files: [{ name, text: '' }] };
}

describe('writing bundles is refused', () => {
  const usage = { name: 'Fault', kind: 'usage' };

  it('into a folder that is not empty and not ours, which stays as it is', async () => {
    mkdirSync(target);
    writeFileSync(join(target, 'thesis.txt'), 'years of work');
    await expect(writeBundles(target, bundlesOf('a'))).rejects.toMatchObject(usage);
    await expect(writeBundles(target, bundlesOf('a'))).rejects.toThrow('is not empty and was not made here');
    expect(readFileSync(join(target, 'thesis.txt'), 'utf8')).toBe('years of work');
    expect(readdirSync(parent)).toEqual(['device-bundles']);
  });

  it.each(['next', 'previous'])('where %s beside it is somebody else’s', async (name) => {
    mkdirSync(join(parent, `.device-bundles.${name}`));
    writeFileSync(join(parent, `.device-bundles.${name}`, 'mine'), '');
    await expect(writeBundles(target, bundlesOf('a'))).rejects.toMatchObject(usage);
    expect(existsSync(join(parent, `.device-bundles.${name}`, 'mine'))).toBe(true);
  });

  it('in place of a file', async () => {
    writeFileSync(target, '');
    await expect(writeBundles(target, bundlesOf('a'))).rejects.toThrow('is not a folder');
  });

  it.skipIf(process.platform === 'win32')('in place of a link', async () => {
    mkdirSync(join(parent, 'elsewhere'));
    symlinkSync(join(parent, 'elsewhere'), target);
    await expect(writeBundles(target, bundlesOf('a'))).rejects.toThrow('is a link');
  });

  it('at the root of the file system, and by a relative path', async () => {
    await expect(writeBundles('/', bundlesOf('a'))).rejects.toThrow('root of the file system');
    await expect(writeBundles('device-bundles', bundlesOf('a'))).rejects.toThrow('not absolute');
  });

  it('at the workspace and above it, even if it is marked as ours, but not beside it', async () => {
    await writeBundles(target, []);
    await expect(writeBundles(target, [], { workspace: target })).rejects.toThrow('is the workspace itself');
    await expect(writeBundles(target, [], { workspace: join(target, 'repo') })).rejects.toThrow(
      'the workspace lies in it',
    );
    await writeBundles(target, [], { workspace: parent });
    await writeBundles(target, [], { workspace: join(parent, 'device-bundles-of-others') });
  });

  it.each([
    ['../a', 'config.yaml'],
    ['a//b', 'config.yaml'],
    ['a', '../config.yaml'],
    ['a', '.'],
  ])('under the unsafe name %s/%s', async (directory, name) => {
    await expect(writeBundles(target, [unsafe(directory, name)])).rejects.toThrow('unsafe name');
    expect(readdirSync(parent)).toEqual([]);
  });

  it('by the disk, with the reason and what to do', async () => {
    writeFileSync(join(parent, 'file'), '');
    const place = join(parent, 'file', 'device-bundles');
    await expect(writeBundles(place, bundlesOf('a'))).rejects.toMatchObject({ name: 'Fault', kind: 'world' });
    await expect(writeBundles(place, bundlesOf('a'))).rejects.toThrow(place);
  });
});
