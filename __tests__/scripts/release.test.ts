import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parser } from 'keep-a-changelog';
import { describe, expect, it } from 'vitest';
import { folderWith } from '../support/folder.ts';

const changelog = `# Changelog

## [Unreleased]

## [1.1.0] - 2026-12-01

### Fixed

- The release after the first.

## [1.0.0] - 2026-11-30

### Added

- The first release.
`;

describe('node scripts/release.ts check', () => {
  it('lets a tag pass that is on the default branch, and names its version and its major version', () => {
    const folder = repository('1.1.0');
    tag(folder, 'v1.1.0');
    expect(check(folder, 'v1.1.0')).toEqual({ status: 0, stdout: 'version=1.1.0\nmajor=v1\n', stderr: '' });
  });

  it('prints the notes of the release alone', () => {
    const folder = repository('1.1.0');
    const notes = run(folder, 'notes', 'v1.1.0');
    expect(notes).toEqual({ status: 0, stdout: '### Fixed\n- The release after the first.\n', stderr: '' });
  });

  it.each([
    ['the form of the tag', 'v1.1', '1.1.0', (folder: string) => tag(folder, 'v1.1')],
    ['another version in package.json', 'v1.1.0', '1.0.0', (folder: string) => tag(folder, 'v1.1.0')],
    ['no section in the changelog', 'v1.2.0', '1.2.0', (folder: string) => tag(folder, 'v1.2.0')],
    [
      'a commit that is not on the default branch',
      'v1.1.0',
      '1.1.0',
      (folder: string) => {
        commit(folder, 'work');
        tag(folder, 'v1.1.0');
      },
    ],
    [
      'a tag of another commit than the one checked out',
      'v1.1.0',
      '1.1.0',
      (folder: string) => {
        tag(folder, 'v1.1.0');
        commit(folder, 'later');
        git(folder, 'branch', '--force', 'main');
      },
    ],
    ['a tag that is not there', 'v1.1.0', '1.1.0', () => {}],
    [
      'a newer version of the same major',
      'v1.1.0',
      '1.1.0',
      (folder: string) => {
        tag(folder, 'v1.1.0');
        tag(folder, 'v1.10.0');
      },
    ],
  ])('refuses %s', (_, name, version, prepare) => {
    const folder = repository(version);
    prepare(folder);
    const { status, stdout, stderr } = check(folder, name);
    expect({ status, stdout, faults: stderr.split('\n').length - 1 }).toEqual({ status: 1, stdout: '', faults: 1 });
    expect(stderr).toContain(`${name} cannot be released: `);
  });

  it('does not mind a newer version of another major', () => {
    const folder = repository('1.1.0');
    tag(folder, 'v1.1.0');
    tag(folder, 'v2.0.0');
    tag(folder, 'v1');
    expect(check(folder, 'v1.1.0')).toMatchObject({ status: 0 });
  });
});

it('CHANGELOG.md is in the format, and says what is not released yet', () => {
  const { releases } = parser(readFileSync('CHANGELOG.md', 'utf8'));
  expect(releases.length).toBeGreaterThan(0);
  expect(releases.some((release) => !release.isEmpty())).toBe(true);
});

/** A repository whose `main` holds this version. Its working tree is a branch of its own at the same commit. */
function repository(version: string): string {
  const folder = folderWith({ 'package.json': JSON.stringify({ version }), 'CHANGELOG.md': changelog });
  git(folder, 'init', '--quiet', '--initial-branch=main');
  git(folder, 'add', '--all');
  commit(folder, 'Release');
  git(folder, 'checkout', '--quiet', '-b', 'work');
  return folder;
}

function commit(folder: string, message: string): void {
  writeFileSync(join(folder, 'change'), message);
  git(folder, 'add', '--all');
  const author = ['-c', 'user.name=Octo', '-c', 'user.email=octo@example.com', '-c', 'commit.gpgsign=false'];
  git(folder, ...author, 'commit', '--quiet', `--message=${message}`);
}

const tag = (folder: string, name: string) => git(folder, '-c', 'tag.gpgsign=false', 'tag', name);

function git(folder: string, ...args: readonly string[]): void {
  execFileSync('git', args, { cwd: folder });
}

const check = (folder: string, name: string) => run(folder, 'check', name, 'main');

function run(cwd: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [resolve('scripts/release.ts'), ...args], {
    cwd,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}
