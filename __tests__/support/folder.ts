import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** Where files are in memory, if there is such a place: the time of a disk is not that of the code, and differs tenfold. */
export const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** A temporary folder with the given files, removed when the test ends. */
export function folderWith(files: Readonly<Record<string, string | Buffer>> = {}, place = tmpdir()): string {
  const root = mkdtempSync(join(place, 'provision-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}
