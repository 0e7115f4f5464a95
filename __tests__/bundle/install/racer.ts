import { closeSync, mkdirSync, openSync, readdirSync, renameSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A process of a service's user that wants more than it may have: node racer.ts FOLDER OUTSIDE [MILLISECONDS]. It owns FOLDER and swaps
 * every name in it, as fast as it can, for links into OUTSIDE, for a folder of its own and back, so that an installer that
 * works there fills, opens or gives away a file outside. It begins within so many
 * milliseconds of the first change. It prints a line when it is ready, and ends by SIGTERM.
 */
const [folder = '', outside = '', milliseconds = '150'] = process.argv.slice(2);
const patience = Number(milliseconds);
const attacks: readonly ((path: string) => void)[] = [
  (path) => symlinkSync(join(outside, 'shadow'), path),
  (path) => symlinkSync(outside, path),
  (path) => symlinkSync(join(outside, 'new'), path),
  (path) => mkdirSync(path, 0o777),
  (path) => closeSync(openSync(path, 'wx', 0o666)),
];

/** What the installer does in the meantime makes any of this fail, and the next one is tried. */
function trying(act: () => void): void {
  try {
    act();
  } catch {}
}

/** Puts back what it moved, so that the installer gets further the next time. */
function putBack(names: readonly string[]): void {
  for (const away of names.filter((name) => name.startsWith('away.'))) {
    const path = join(folder, away.slice('away.'.length));
    trying(() => rmSync(path, { recursive: true }));
    trying(() => renameSync(join(folder, away), path));
  }
}

/** What the installer checks at first is left alone: it shall come to where it changes something. */
function isAtWork(names: readonly string[]): boolean {
  if (names.some((name) => name.includes('installing'))) return true;
  return names.some((name) => !name.includes('.') && !name.startsWith('away') && isAtWork(namesIn(join(folder, name))));
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

process.umask(0);
writeSync(1, 'racing\n');
for (let [turn, begin] = [0, 0]; ; ) {
  const names = readdirSync(folder);
  if (Math.random() < 0.3) putBack(names);
  if (!isAtWork(names)) begin = 0;
  // Each time it begins at another moment: after the first swap the installer mostly gives up.
  else if (begin === 0) begin = Date.now() + Math.random() * patience;
  if (begin === 0 || Date.now() < begin) continue;
  turn++;
  for (const [index, name] of names.entries()) {
    if (name.startsWith('away.') || Math.random() < 0.7) continue;
    const path = join(folder, name);
    trying(() => renameSync(path, join(folder, `away.${name}`)));
    trying(() => attacks[(turn + index) % attacks.length]?.(path));
  }
}
