import { spawnSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import type { ScratchDevice } from '../scratch-device.ts';
import { isProgram, run, type Shell, shim } from './device.ts';
import { copy, type Prepared } from './scenarios.ts';
import { everything, seen } from './state.ts';

/** A moment of a run: just before the installer starts this program for the `call`-th time. */
export interface Moment {
  readonly program: string;
  readonly call: number;
  /** How far the run is: what the mark says, and which services run with which configuration. */
  readonly phase: string;
  /** All that is on the device then. It is left out for programs that only read. */
  readonly device: string | undefined;
}

/** All moments of an undisturbed run in order, and which of them is the first that changes something. */
export async function momentsOf({ device: original, minor }: Prepared, shell: Shell, place: string) {
  const device = copy(original, mkdtempSync(join(place, 'moments-')));
  const calls = new Map<string, number>();
  const moments: Moment[] = [];
  const stop = atEachMoment(device, (program) => {
    const call = (calls.get(program) ?? 0) + 1;
    calls.set(program, call);
    const looked = changing.has(program) ? everything(device, minor) : undefined;
    moments.push({ program, call, phase: phaseOf(device, minor), device: looked });
  });
  const { hung } = await run(device, shell);
  stop();
  if (hung) throw new Error('the run that is recorded hangs');
  rmSync(device.folder, { recursive: true });
  const firstChange = moments.findIndex(({ program }) => first.has(program));
  if (firstChange === -1)
    throw new Error(`no step changes anything: ${moments.map(({ program }) => program).join(' ')}`);
  return { moments, firstChange };
}

/** Calls `see` with the name of each program just before the installer starts it. The installer waits meanwhile. */
function atEachMoment(device: ScratchDevice, see: (program: string) => void): () => void {
  const [names, go] = ['record', 'go'].map((name) => join(device.folder, 'control', name)) as [string, string];
  spawnSync('mkfifo', [names, go]);
  shim(device, programsOf(device));
  const answer = openSync(go, constants.O_RDWR);
  const asked = new Socket({ fd: openSync(names, constants.O_RDWR | constants.O_NONBLOCK), writable: false });
  asked.setEncoding('utf8').on('data', (text: string) => {
    for (const name of text.split('\n').slice(0, -1)) {
      see(name);
      writeSync(answer, '\n');
    }
  });
  return () => {
    asked.destroy();
    closeSync(answer);
  };
}

function phaseOf(device: ScratchDevice, minor: Prepared['minor']): string {
  const { tree, units } = seen(device, minor);
  const mark = Object.entries(tree).find(([path]) => /config\.(yaml|toml)\.installing$/.test(path))?.[1];
  const [, says = mark] = /now:([a-z]*)/.exec(mark ?? '') ?? [];
  return JSON.stringify([says, [...new Set(Object.values(units))]]);
}

/**
 * The moments that differ: just before something changes, or is synced, or time passes. Between two changes one moment is like the
 * other, so of those at which the installer reads there is one for each phase that has no other.
 */
export function stepsOf(moments: readonly Moment[]): readonly Moment[] {
  const known = moments.filter(({ device }) => device !== undefined);
  const steps = known.filter(({ program, device }, n) => always.has(program) || device !== known[n + 1]?.device);
  const met = new Set(steps.map(({ phase }) => phase));
  const others = moments.filter(
    ({ phase }, n) => !met.has(phase) && moments.findIndex((each) => each.phase === phase) === n,
  );
  return [...steps, ...others];
}

/** Programs that change files or services. */
const changing = new Set(
  'mkdir mkfifo ln cp mv rm rmdir chmod chown cat sync iotedge systemctl sleep inner'.split(' '),
);
const always = new Set(['sync', 'sleep']);

/** The lock is made before anything is read, and "cat" and "systemctl" read too. */
const first = new Set(['ln', 'chown']);

/** Every word of the script that is a program of this machine or a stand-in. */
function programsOf({ bundle, folder }: ScratchDevice): readonly string[] {
  const words = new Set(readFileSync(join(bundle, 'install.sh'), 'utf8').match(/\b[a-z][a-z0-9_-]+\b/g));
  const folders = [join(folder, 'bin'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
  return ['inner', ...[...words].filter((word) => folders.some((path) => isProgram(join(path, word))))];
}
