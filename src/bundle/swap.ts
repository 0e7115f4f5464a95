import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

/** The file that says a folder is ours to replace. No folder of a device has this name: theirs begin with no dot. */
export const marker = '.provision-iot-edge';

/** `next` is being built or thrown away, and worth nothing; `previous` is a whole folder that stood at the target. */
type Kind = 'next' | 'previous';

/** A fresh hidden name beside `target`: `.device-bundles.4711-0199b2c3d4e5f6a7b8c9.next`, of this process and moment. */
export function besideOf(target: string, kind: Kind): string {
  const moment = Date.now().toString(16).padStart(12, '0');
  const name = `${process.pid}-${moment}${randomBytes(4).toString('hex')}`;
  return join(dirname(target), `.${basename(target)}.${name}.${kind}`);
}

const attempts = 50;

/**
 * Puts the folder `next` at `target`, whatever other runs put there meanwhile; what stood there is removed. `check` looks
 * at the target before each attempt, and throws if it must not be replaced. Throws what the disk says.
 */
export async function swapIn(next: string, target: string, check: () => void): Promise<void> {
  const taken: string[] = [];
  try {
    for (let attempt = 1; ; attempt += 1) {
      check();
      const previous = besideOf(target, 'previous');
      if (moved(target, previous)) taken.push(previous);
      if (moved(next, target)) break;
      if (!existsSync(next)) throw new Error(`${next} was removed while it was written`);
      if (attempt === attempts) throw new Error('other runs keep replacing it');
      await setTimeout(Math.min(attempt, 10));
    }
  } catch (cause) {
    const last = taken.pop();
    if (last !== undefined) moved(last, target);
    throw cause;
  }
  for (const previous of taken) discard(previous, target);
}

/**
 * Clears what runs that died left beside `target`. Where nothing stands there, a run died between its two renames: the
 * newest folder it took away is put back. Left-overs of runs that may still be at work stay.
 */
export function settleLeftOvers(target: string): void {
  for (const { path, kind } of leftOvers(target)) {
    const whole = kind === 'previous' && existsSync(join(path, marker));
    if (whole && !existsSync(target) && moved(path, target)) continue;
    discard(path, target);
  }
}

/**
 * Removes a folder of ours. It is renamed first, so that only one run removes it and a half-removed one is never taken
 * back; its marker goes last.
 */
export function discard(folder: string, target: string): void {
  const doomed = besideOf(target, 'next');
  if (!moved(folder, doomed)) return;
  for (const name of readdirSync(doomed))
    if (name !== marker) rmSync(join(doomed, name), { recursive: true, force: true });
  rmSync(doomed, { recursive: true, force: true });
}

/** Newest first. The name alone says that they are ours: one that died while removing may have left no marker. */
function leftOvers(target: string): readonly { readonly path: string; readonly kind: Kind }[] {
  const start = `.${basename(target)}.`;
  return readdirSync(dirname(target), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.startsWith(start))
    .flatMap(({ name }) => {
      const parts = /^(\d{1,10})-([\da-f]{12})[\da-f]{8}\.(next|previous)$/.exec(name.slice(start.length));
      if (parts === null) return [];
      const [, owner = '', moment = '', kind] = parts;
      if (!isDead(Number(owner), Number.parseInt(moment, 16))) return [];
      const path = join(dirname(target), name);
      return [{ path, moment, kind: kind === 'previous' ? ('previous' as const) : ('next' as const) }];
    })
    .toSorted((one, other) => (one.moment < other.moment ? 1 : -1));
}

/** In a container every run may have the same process id: what was made before this process began is not its own. */
function isDead(owner: number, moment: number): boolean {
  if (owner === process.pid) return moment < Date.now() - process.uptime() * 1000;
  try {
    process.kill(owner, 0);
    return false;
  } catch (cause) {
    return codeOf(cause) === 'ESRCH';
  }
}

/** Renames; `false` where another run was faster: nothing to take, or the place is taken (on Windows that is EPERM). */
function moved(from: string, to: string): boolean {
  const races = ['ENOENT', 'ENOTEMPTY', 'EEXIST', ...(process.platform === 'win32' ? ['EPERM'] : [])];
  try {
    renameSync(from, to);
    return true;
  } catch (cause) {
    if (races.includes(codeOf(cause))) return false;
    throw cause;
  }
}

/** The code of an error of the system, such as `ENOENT`. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
