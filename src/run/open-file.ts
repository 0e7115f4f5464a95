import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { messageOf } from '../model/fault.ts';
import type { ReadResult } from '../model/workspace.ts';
import { unread } from './unread.ts';

/**
 * Reads a regular file of at most `limit` bytes. It is opened once. Its kind and size are those of what was opened, also if
 * somebody changes the path meanwhile. Devices and pipes are not opened: that may wait for ever, or set something going.
 * @param path absolute, with links resolved
 */
export function readRegular(path: string, limit: number): ReadResult {
  let file: number | undefined;
  try {
    const seen = statSync(path);
    if (!seen.isFile()) return notAFile(seen);
    file = openSync(path, readOnly);
    const opened = fstatSync(file);
    if (!opened.isFile() || !isSame(seen, opened)) return notAFile(opened);
    if (opened.size > limit) return tooLarge(opened.size, limit);
    const bytes = readAtMost(file, opened.size, limit);
    return bytes === undefined ? tooLarge(limit + 1, limit) : { ok: true, bytes };
  } catch (cause) {
    return unreadable(cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Without `O_NONBLOCK`, opening a pipe waits for its other end. Windows has neither flag. */
const notWaiting = (constants.O_NONBLOCK ?? 0) | (constants.O_NOFOLLOW ?? 0);
const readOnly = constants.O_RDONLY | notWaiting;

/** Tells whether two looks were at one file. */
export function isSame(one: Stats, other: Stats): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

/** Files of /proc say that they are empty, and a file may grow while it is read: one byte more than the size is asked for. */
function readAtMost(file: number, size: number, limit: number): Buffer | undefined {
  const parts: Buffer[] = [];
  let length = 0;
  for (let part = Buffer.allocUnsafeSlow(size + 1); ; part = Buffer.allocUnsafeSlow(64 * 1024)) {
    const count = readSync(file, part, 0, part.length, null);
    if (count === 0) return parts.length === 1 ? parts[0] : Buffer.concat(parts);
    parts.push(part.subarray(0, count));
    length += count;
    if (length > limit) return undefined;
  }
}

/** Says why a path cannot be read, from what the file system threw. */
export function unreadable(cause: unknown): ReadResult & { readonly ok: false } {
  const code = codeOf(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return { ok: false, why: 'missing', detail: unread.missing() };
  const detail = code === 'EACCES' || code === 'EPERM' ? unread.denied() : messageOf(cause);
  return { ok: false, why: 'unreadable', detail };
}

function notAFile(stats: Stats): ReadResult {
  return { ok: false, why: 'unreadable', detail: unread.notAFile(stats.isDirectory() ? 'folder' : 'device') };
}

function tooLarge(size: number, limit: number): ReadResult {
  return { ok: false, why: 'too-large', detail: unread.tooLarge(size, limit) };
}

/** The code of a system error, such as `ENOENT`; empty for anything else. */
export function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
