import { join, win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import { terminalFault } from '../../src/terminal/faults.ts';
import { findRoot, fromRoot } from '../../src/terminal/root.ts';
import { faultIn, said } from '../support/fault.ts';
import { folderWith } from '../support/folder.ts';

/** Two repositories beside one another, one of them with another one in it, and a folder of none. */
function folders(): string {
  return folderWith({
    'one/.git/HEAD': '',
    'one/fleet/north/devices.yaml': '',
    'one/inner/.git': 'gitdir: elsewhere',
    'one/inner/devices.yaml': '',
    'two/.git/HEAD': '',
    'two/devices.yaml': '',
    'none/deep/devices.yaml': '',
  });
}

describe('the workspace of a command line', () => {
  it.each([
    ['the work tree of the current folder', 'one', ['devices.yaml'], 'one'],
    ['the work tree, from deep inside', 'one/fleet/north', ['devices.yaml'], 'one'],
    ['the work tree of the manifest, not of the current folder', 'one', ['../two/devices.yaml'], 'two'],
    ['the nearest work tree, as a submodule is one', 'one', ['inner/devices.yaml'], 'one/inner'],
    ['the folder of the manifest, outside any', 'none', ['deep/devices.yaml'], 'none/deep'],
    ['the current folder, of a manifest in it', 'none/deep', ['devices.yaml'], 'none/deep'],
    ['the fixed part of a glob', 'none', ['deep/**/*.yaml'], 'none/deep'],
    ['the current folder, of a glob', 'none', ['*.yaml'], 'none'],
    ['the folder before braces', 'none', ['deep/{a,b}/devices.yaml'], 'none/deep'],
    ['a folder with parentheses', 'none', ['deep (1)/devices.yaml'], 'none/deep (1)'],
    ['the work tree, of a glob', 'one/fleet', ['../**/*.yaml'], 'one'],
    ['the folder of the first of several manifests', 'none', ['deep/a.yaml', 'b.yaml'], 'none/deep'],
    ['the current folder, of no manifest', 'none', [], 'none'],
  ])('is %s', (_, from, manifests, expected) => {
    const base = folders();
    expect(findRoot(join(base, from), manifests)).toBe(join(base, expected));
  });

  it('is that of an absolute manifest', () => {
    const base = folders();
    expect(findRoot('/', [join(base, 'two/devices.yaml')])).toBe(join(base, 'two'));
  });
});

describe('manifests from the workspace', () => {
  it.each([
    ['devices.yaml', 'fleet/north/devices.yaml'],
    ['../*.yaml', 'fleet/*.yaml'],
    ['./../../**/{a,b}.yaml', '**/{a,b}.yaml'],
    ['../..', '.'],
  ])('%s is %s', (manifest, expected) => {
    expect(fromRoot('/srv/one', '/srv/one/fleet/north', [manifest])).toEqual([expected]);
  });

  it('may begin with two dots in their name', () => {
    expect(fromRoot('/srv', '/srv', ['..devices.yaml'])).toEqual(['..devices.yaml']);
  });

  it.each([
    ['devices.yaml', 'north/devices.yaml'],
    ['..\\*.yaml', '*.yaml'],
    ['c:\\FLEET\\north\\a.yaml', 'north/a.yaml'],
    ['..', '.'],
  ])('on Windows, %s is %s', (manifest, expected) => {
    expect(fromRoot('C:\\fleet', 'C:\\fleet\\north', [manifest], win32)).toEqual([expected]);
  });

  it.each([
    'D:\\devices.yaml',
    'D:devices.yaml',
    '\\devices.yaml',
    '..\\..\\devices.yaml',
    '//host/fleet/devices.yaml',
  ])('on Windows, may not lie outside: %s', (manifest) => {
    expect(said(faultIn(() => fromRoot('C:\\fleet', 'C:\\fleet', [manifest], win32)))).toEqual(
      said(terminalFault('manifest-outside', { manifest, root: 'C:\\fleet' })),
    );
  });

  it.each(['../two/devices.yaml', '..', '/srv/two/devices.yaml', '../../*.yaml'])(
    'may not lie outside: %s',
    (outside) => {
      const fault = faultIn(() => fromRoot('/srv/one', '/srv/one', ['devices.yaml', outside]));
      expect(said(fault)).toEqual(said(terminalFault('manifest-outside', { manifest: outside, root: '/srv/one' })));
      expect(fault.kind).toBe('usage');
      expect(fault.message).toContain(`${outside} `);
    },
  );
});
