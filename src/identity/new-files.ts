import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { type Fault, messageOf } from '../model/fault.ts';
import { identityFault } from './faults.ts';

/** A file that must not be there yet. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
  /** 0o644 if absent. */
  readonly mode?: number;
}

/**
 * Writes all files, or none: if one cannot be written, those before it are removed. No signal comes in between, since nothing is
 * awaited. Throws a `Fault` that names the file.
 */
export function writeAll(files: readonly NewFile[]): void {
  const written: string[] = [];
  try {
    for (const file of files) {
      writeNew(file, () => written.push(file.path));
    }
  } catch (thrown) {
    for (const path of written) rmSync(path, { force: true });
    throw thrown;
  }
}

export function refuseToOverwrite(path: string): void {
  if (existsSync(path)) throw overwriting(path);
}

export async function makeFolder(path: string, mode = 0o755): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/** @param opened is called as soon as the file is there, before its text is. A full disk leaves half of it. */
function writeNew({ path, text, mode = 0o644 }: NewFile, opened: () => void): void {
  let file: number | undefined;
  try {
    file = openSync(path, 'wx', mode);
    opened();
    writeFileSync(file, text);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') throw overwriting(path, cause);
    throw unwritable(path, cause);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function overwriting(path: string, cause?: unknown): Fault {
  return identityFault('exists', { path }, { cause });
}

function unwritable(path: string, cause: unknown): Fault {
  return identityFault('unwritable', { path, message: messageOf(cause) }, { cause });
}
