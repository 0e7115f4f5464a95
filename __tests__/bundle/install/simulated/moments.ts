import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScratchDevice } from '../scratch-device.ts';
import { run, type Shell, shim } from './device.ts';
import { copy, type Prepared } from './scenarios.ts';

/** A moment of a run: just before the installer starts this program for the `call`-th time. */
export interface Moment {
  readonly program: string;
  readonly call: number;
}

/** All moments of an undisturbed run in order, and which of them is the first that changes something. */
export async function momentsOf({ device: original }: Prepared, shell: Shell, place: string) {
  const device = copy(original, mkdtempSync(join(place, 'moments-')));
  const { folder } = device;
  shim(device, programsOf(device));
  writeFileSync(join(folder, 'control/record'), '');
  rmSync(join(folder, 'steps'), { force: true });
  await run(device, shell);
  const calls = new Map<string, number>();
  const names = readFileSync(join(folder, 'steps'), 'utf8').split('\n').slice(0, -1);
  const moments = names.map((program): Moment => {
    const call = (calls.get(program) ?? 0) + 1;
    calls.set(program, call);
    return { program, call };
  });
  rmSync(folder, { recursive: true });
  return { moments, firstChange: names.findIndex((name) => first.has(name)) };
}

/** Programs that change files or services, and those that only read. Between two changes one moment is like the other. */
export const isChange = ({ program }: Moment) => changing.has(program);
const changing = new Set(
  'mkdir mkfifo mktemp ln cp mv rm rmdir chmod chown cat sync iotedge systemctl sleep inner'.split(' '),
);

/** The lock is made before anything is read, and "cat" and "systemctl" read too. */
const first = new Set(['mktemp', 'ln', 'chown']);

/** Every word of the script that is a program of this machine or a stand-in. */
function programsOf({ bundle, folder }: ScratchDevice): readonly string[] {
  const words = new Set(readFileSync(join(bundle, 'install.sh'), 'utf8').match(/\b[a-z][a-z0-9_-]+\b/g));
  const folders = [join(folder, 'bin'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return ['inner', ...[...words].filter((word) => folders.some((path) => isProgram(join(path, word))))];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
