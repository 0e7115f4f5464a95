import { posix, win32 } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fixedPart, isInside, refusedPlace, relativeWithSlashes, spelledIn, withSlashes } from '../../src/run/paths.ts';

const root = 'D:\\a\\fleet';
/** As `workspace.read` does: the path of a manifest, seen from the root. */
const refused = (path: string) => refusedPlace(root, win32.resolve(root, path), win32);

describe('paths on Windows', () => {
  it.each([
    ['a path with slashes', 'certs/a.pem'],
    ['a path with backslashes', 'certs\\a.pem'],
    ['the root in other case', 'd:\\A\\Fleet\\certs\\a.pem'],
    ['a way out and in again', 'certs\\..\\a.pem'],
    ['a name that begins with two dots', '..a.pem'],
    ['names that look like .git', 'b.git\\.github\\.gitignore'],
  ])('%s lies in the workspace', (_, path) => {
    expect(refused(path)).toBe(undefined);
  });

  it.each([
    ['the folder above', '..\\other\\a.pem'],
    ['the folder above, with slashes', '../a.pem'],
    ['a folder beside it whose name begins like it', 'D:\\a\\fleet2\\a.pem'],
    ['another drive', 'E:\\a\\fleet\\a.pem'],
    ['another drive, relative to its current folder', 'E:a.pem'],
    ['the root of the drive', '\\a.pem'],
    ['a share of another host', '\\\\host\\share\\a.pem'],
    ['a share of another host, with slashes', '//host/share/a.pem'],
    ['a path past all rules', '\\\\?\\C:\\a.pem'],
    ['a device', '\\\\.\\PhysicalDrive0'],
  ])('%s lies outside', (_, path) => {
    expect(refused(path)).toBe('outside');
  });

  it.each([
    '.git\\config',
    '.GIT/config',
    'modules\\.Git\\config',
    '.git.\\config',
    '.git \\config',
    '.git. .\\config',
    'git~1\\config',
    'GIT~1\\config',
    '.git::$INDEX_ALLOCATION\\config',
  ])('%s lies in the git folder', (path) => {
    expect(refused(path)).toBe('in-git');
  });

  it('paths are written with slashes, as git and manifests write them', () => {
    expect(withSlashes('fleet\\north\\a.yaml', win32)).toBe('fleet/north/a.yaml');
    expect(relativeWithSlashes(root, 'd:/a/fleet/north/a.yaml', win32)).toBe('north/a.yaml');
    expect(relativeWithSlashes(root, 'E:\\b\\a.yaml', win32)).toBe('E:/b/a.yaml');
    // On POSIX it is a part of the name.
    expect(withSlashes('a\\b', posix)).toBe('a\\b');
  });

  it.each([
    ['fleet\\*.yaml', 'fleet/*.yaml'],
    ['.\\fleet\\..\\a.yaml', 'a.yaml'],
    ['D:\\a\\fleet\\north\\*.yaml', 'north/*.yaml'],
    ['d:\\A\\FLEET\\north\\*.yaml', 'north/*.yaml'],
    ['E:\\other\\a.yaml', 'E:/other/a.yaml'],
    ['..\\other\\a.yaml', '../other/a.yaml'],
    ['D:\\a\\other\\a.yaml', '../other/a.yaml'],
  ])('the pattern %s is %s in the workspace', (pattern, expected) => {
    expect(spelledIn({ real: root, named: root }, pattern, win32)).toBe(expected);
  });

  it('an absolute pattern reaches the workspace through a link, and not from another drive', () => {
    const roots = { real: 'D:\\real', named: 'C:\\link' };
    expect(spelledIn(roots, 'C:\\link\\a.yaml', win32)).toBe('a.yaml');
    expect(spelledIn(roots, 'D:\\real\\a.yaml', win32)).toBe('a.yaml');
    expect(spelledIn(roots, 'E:\\a.yaml', win32)).toBe('E:/a.yaml');
  });

  it.each([
    ['fleet\\north\\*.yaml', 'fleet/north/x'],
    ['fleet\\{a,b}\\devices.yaml', 'fleet/x'],
    ['fleet\\devices.yaml', 'fleet/devices.yaml'],
  ])('the folders of the glob %s end in %s', (pattern, expected) => {
    expect(fixedPart(pattern, win32)).toBe(expected);
  });
});

describe('the same on POSIX', () => {
  it('a folder whose name begins with two dots lies inside', () => {
    expect(isInside('/a', '/a/..b/c', posix)).toBe(true);
    expect(spelledIn({ real: '/real', named: '/link' }, '/link/..b/c', posix)).toBe('..b/c');
  });
});
