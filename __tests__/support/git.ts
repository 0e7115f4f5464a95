import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { folderWith } from './folder.ts';

/** Runs git in a folder, under a made-up name and without the user's own settings. Returns what git prints. */
export function git(folder: string, ...args: readonly string[]): string {
  const who = ['-c', 'user.name=somebody', '-c', 'user.email=somebody@example.com', '-c', 'commit.gpgSign=false'];
  return execFileSync('git', [...who, ...args], {
    cwd: folder,
    encoding: 'utf8',
    env: { ...process.env, GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Makes a repository with the branch `main` and one commit of these files. */
export function repositoryWith(files: Readonly<Record<string, string | Buffer>>): string {
  const folder = folderWith(files);
  git(folder, 'init', '-q', '-b', 'main');
  commitAll(folder, 'first');
  return folder;
}

/** Writes files and commits all changes. */
export function commit(folder: string, message: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  commitAll(folder, message);
}

export function commitAll(folder: string, message: string): void {
  git(folder, 'add', '-A');
  git(folder, 'commit', '-q', '--allow-empty', '-m', message);
}
