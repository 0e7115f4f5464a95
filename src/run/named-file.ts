import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  realpathSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { ReadResult } from '../model/workspace.ts';
import { isSame, readRegular, unreadable } from './open-file.ts';
import { isInside } from './paths.ts';
import { unread } from './unread.ts';
import { refusalOf } from './workspace.ts';

// Who starts a run may name any file, also one outside of the workspace. But the files of the repository must not decide
// where a path leads: what lies in the workspace, as written or with links resolved, leads neither out of it nor into `.git`.

/**
 * Reads a regular file that a setting names.
 * @param path absolute
 * @param workspace the root of the workspace, absolute
 * @param limit in bytes
 */
export function readNamed(path: string, workspace: string, limit: number): ReadResult {
  try {
    const real = realpathSync.native(path);
    const refusal = refusalOfReal(path, real, workspace);
    return refusal === undefined ? readRegular(real, limit) : { ok: false, why: 'outside', detail: refusal };
  } catch (cause) {
    // A pipe of a shell, /dev/fd/63, is there, although the link that it is leads to no path.
    if (isPipe(path)) return { ok: false, why: 'unreadable', detail: unread.notAFile('device') };
    return unreadable(cause);
  }
}

function isPipe(path: string): boolean {
  try {
    return !statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * Writes a text to a file that a setting names, and makes the folders above it. A file in the workspace is emptied only
 * after a look at what was opened. Returns why the path is refused, or nothing. Throws what the file system throws.
 */
export function writeNamed(path: string, workspace: string, text: string): string | undefined {
  const refusal = refusalToWrite(path, workspace);
  if (refusal !== undefined) return refusal;
  mkdirSync(dirname(path), { recursive: true });
  const real = realOf(path);
  if (!isGuarded(path, workspace)) {
    writeFileSync(real, text);
    return undefined;
  }
  const file = openSync(real, writeOnly, 0o666);
  try {
    const opened = fstatSync(file);
    const again = refusalToWrite(path, workspace);
    if (again !== undefined || !isSame(opened, statSync(real))) return again ?? unread.changed();
    ftruncateSync(file);
    writeFileSync(file, text);
    return undefined;
  } finally {
    closeSync(file);
  }
}

// Windows does not have the last two flags.
const writeOnly = constants.O_WRONLY | constants.O_CREAT | (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);

/**
 * Why a file or folder that a setting names may not be made, or nothing.
 * @param path absolute
 */
export function refusalToMake(path: string, workspace: string): string | undefined {
  return refusalOfReal(path, realOf(path), workspace);
}

/** The same for a folder whose files are read and written: no link in it may lead them elsewhere. */
export function refusalToFill(folder: string, workspace: string): string | undefined {
  const refusal = refusalToMake(folder, workspace);
  if (refusal !== undefined || !isGuarded(folder, workspace) || !existsSync(folder)) return refusal;
  const links = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
  for (const { name } of links) {
    const why = refusalToWrite(join(folder, name), workspace);
    if (why !== undefined) return unread.linkIn(name, why);
  }
  return undefined;
}

/** Why a file may not be written, or nothing. */
function refusalToWrite(path: string, workspace: string): string | undefined {
  if (!isGuarded(path, workspace)) return undefined;
  const real = realOf(path);
  const refusal = refusalOfReal(path, real, workspace);
  if (refusal !== undefined) return refusal;
  const there = lstatSync(real, { throwIfNoEntry: false });
  if (there === undefined || there.isFile()) return undefined;
  return there.isSymbolicLink() ? unread.brokenLink() : unread.notAFile(there.isDirectory() ? 'folder' : 'device');
}

/** Why the repository may not lead a path to this place, or nothing. */
function refusalOfReal(path: string, real: string, workspace: string): string | undefined {
  if (!isGuarded(path, workspace)) return undefined;
  const refusal = refusalOf(realpathSync.native(workspace), real);
  return refusal === undefined || path === real ? refusal : unread.link(refusal);
}

/** Tells whether files of the repository could decide where a path leads: it goes through the workspace. */
function isGuarded(path: string, workspace: string): boolean {
  const root = realpathSync.native(workspace);
  for (let here = path; ; here = dirname(here)) {
    if (isInside(root, realOf(here))) return true;
    if (here === dirname(here)) return false;
  }
}

/** The path with links resolved. The part that does not exist is kept as written, and a broken link too. */
function realOf(path: string): string {
  const missing: string[] = [];
  for (let here = path; ; here = dirname(here)) {
    try {
      return join(realpathSync.native(here), ...missing);
    } catch (cause) {
      if (here === dirname(here)) throw cause;
      missing.unshift(basename(here));
    }
  }
}
