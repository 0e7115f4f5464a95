import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { ObstacleError } from './faults.ts';

/**
 * A folder with this file in it is ours to replace. Folders of devices never begin with a dot, so none has this name.
 */
export const marker = '.provision-iot-edge';

/** `next` is being built or removed, and can be lost. `previous` is a whole folder that was at the target before. */
type Kind = 'next' | 'previous';

/**
 * A new hidden name beside `target`, from the process id and the time:
 * `.device-bundles.4711-0199b2c3d4e5f6a7b8c9.next`.
 */
export function besideOf(target: string, kind: Kind): string {
  const moment = Date.now().toString(16).padStart(12, '0');
  const name = `${process.pid}-${moment}${randomBytes(4).toString('hex')}`;
  return join(dirname(target), `.${basename(target)}.${name}.${kind}`);
}

const attempts = 50;

/**
 * Puts the folder `next` at `target` and removes what was there, also if other runs replace `target` meanwhile. `check`
 * is called before each attempt; it throws if the target must not be replaced. Throws the error of the disk, or an
 * `ObstacleError`.
 */
export async function swapIn(next: string, target: string, check: () => void): Promise<void> {
  const taken: string[] = [];
  try {
    for (let attempt = 1; ; attempt += 1) {
      check();
      const previous = besideOf(target, 'previous');
      if (moved(target, previous)) taken.push(previous);
      if (moved(next, target)) break;
      if (!existsSync(next)) throw new ObstacleError({ kind: 'removed', path: next });
      if (attempt === attempts) throw new ObstacleError({ kind: 'contended' });
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
 * Removes the folders that dead runs left beside `target`. If `target` does not exist, a run died between its two
 * renames, and the newest folder that it renamed away is put back. Folders of runs that may still be working stay.
 */
export function settleLeftOvers(target: string): void {
  for (const { path, kind } of leftOvers(target)) {
    const whole = kind === 'previous' && existsSync(join(path, marker));
    if (whole && !existsSync(target) && moved(path, target)) continue;
    discard(path, target);
  }
}

/**
 * Removes a folder of ours. It is renamed first, so that only one run removes it and nobody puts a half-removed folder
 * back. Its marker is removed last.
 */
export function discard(folder: string, target: string): void {
  const doomed = besideOf(target, 'next');
  if (!moved(folder, doomed)) return;
  for (const name of readdirSync(doomed))
    if (name !== marker) rmSync(join(doomed, name), { recursive: true, force: true });
  rmSync(doomed, { recursive: true, force: true });
}

/**
 * Newest first. They are known by their names alone: a run that died while removing one may have removed its marker.
 */
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

/** In a container every run can have the same process id. A folder older than this process is of an earlier run. */
function isDead(owner: number, moment: number): boolean {
  if (owner === process.pid) return moment < Date.now() - process.uptime() * 1000;
  try {
    process.kill(owner, 0);
    return false;
  } catch (cause) {
    return codeOf(cause) === 'ESRCH';
  }
}

/** Renames. Returns `false` if another run was faster: `from` is gone, or `to` is taken (EPERM on Windows). */
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

/** The code of a system error, such as `ENOENT`; empty for anything else. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
