import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Writes a file aside and moves it into its place, so that whoever reads it finds the old text or the new, never a part. */
export function replaceFile(path: string, pieces: Iterable<string>, mode: number): void {
  const aside = `${path}.new`;
  rmSync(aside, { force: true });
  const file = openSync(aside, 'wx', mode);
  try {
    for (const piece of pieces) writeAll(file, piece);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
}

/** Writes the whole text to an open file; the system may take it in parts. */
export function writeAll(file: number, text: string): void {
  const bytes = Buffer.from(text);
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
}
