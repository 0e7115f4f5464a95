import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A folder in memory, if there is one. Tests that measure time use it, because the speed of disks differs by a factor of ten. */
export const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();

/** Makes a temporary folder with the given files. It is removed when the test ends. */
export function folderWith(files: Readonly<Record<string, string | Buffer>> = {}, place = tmpdir()): string {
  const root = mkdtempSync(join(place, 'provision-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
  return root;
}
