import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScratchDevice } from '../scratch-device.ts';
import { type Ended, limitLife, run, type Shell, shim, unitsOf } from './device.ts';
import { alwaysFaults, type State, stateOf, wholeFaults } from './judge.ts';
import type { Moment } from './moments.ts';
import { copy, failWithNew, type Prepared } from './scenarios.ts';
import { everything, type Seen, seen } from './state.ts';

/** What ends a run: a signal to the shell alone or to all that it started too, or a reader of its output that goes away. */
export const endings = [
  'KILL all',
  'PIPE reader',
  'QUIT all',
  'HUP all',
  'TERM all',
  'KILL shell',
  'INT all',
  'QUIT shell',
  'HUP shell',
  'TERM shell',
] as const;
export type Ending = (typeof endings)[number];

/** Whether the daemons stay up with the new configuration in the second run. */
export const secondRuns = ['succeeds', 'fails'] as const;
export type SecondRun = (typeof secondRuns)[number];

/** A run that ends at a moment. Then the installer runs again, in each of these ways. */
export interface Case {
  readonly moment: Moment;
  readonly ending: Ending;
  readonly shell: Shell;
  readonly seconds: readonly SecondRun[];
}

/** Returns what is wrong after a case, each a sentence. */
export type Judge = (prepared: Prepared, tried: Case) => Promise<readonly string[]>;

/** Judges cases with devices in this folder. */
export function judgeIn(place: string): Judge {
  const again = runsAgain(place);
  return async (prepared, tried) => {
    const { minor } = prepared;
    const device = copy(prepared.device, mkdtempSync(join(place, 'case-')));
    const first = await endedRun(device, tried);
    const left = seen(device, minor);
    const faults = [
      ...(first.missed ? ['it does not come to this step'] : []),
      ...(first.killed
        ? alwaysFaults(left, prepared, first)
        : wholeFaults(left, prepared, first, ['old', 'new', 'as found'])),
    ];
    const told = faults.map((fault) => `after the first run: ${fault}`);
    for (const second of tried.seconds) {
      const ended = await again(device, minor, tried.shell, second);
      const { state } = stateOf(left, prepared);
      const more = secondFaults(prepared, ended, { second, state, killed: first.killed });
      told.push(...more.map((fault) => `after a second run that ${second}: ${fault}`));
    }
    rmSync(device.folder, { recursive: true });
    return told.length === 0 ? [] : [...told, `the first run said: ${first.output}`];
  };
}

async function endedRun(device: ScratchDevice, { moment, ending, shell }: Case) {
  const fire = join(device.folder, 'control/fire');
  shim(device, [moment.program]);
  // A run that was cut off before has left its count.
  rmSync(join(device.folder, 'count'), { force: true });
  writeFileSync(fire, `${moment.call} ${ending}\n`);
  const ended = await run(device, shell);
  shim(device, []);
  const missed = existsSync(fire);
  rmSync(fire, { force: true });
  return { ...ended, missed, killed: ending.startsWith('KILL') && ended.status === 137 };
}

/** How a second run ends, and the device then. */
interface Second {
  readonly ended: Ended;
  readonly now: Seen;
}

/** Runs again on a copy. Most of the runs that were ended leave the same device, and the same happens on it: that is tried once. */
function runsAgain(place: string) {
  const known = new Map<string, Promise<Second>>();
  return (device: ScratchDevice, minor: Prepared['minor'], shell: Shell, how: SecondRun): Promise<Second> => {
    const what = JSON.stringify([minor, shell.name, how, everything(device, minor)]);
    const ran = known.get(what) ?? secondRun(copy(device, mkdtempSync(join(place, 'again-'))), minor, shell, how);
    known.set(what, ran);
    return ran;
  };
}

async function secondRun(
  device: ScratchDevice,
  minor: Prepared['minor'],
  shell: Shell,
  how: SecondRun,
): Promise<Second> {
  for (const unit of unitsOf[minor]) limitLife(device, unit, undefined);
  if (how === 'fails') failWithNew(device, minor);
  const ended = await run(device, shell);
  const now = seen(device, minor);
  rmSync(device.folder, { recursive: true });
  return { ended, now };
}

interface First {
  readonly second: SecondRun;
  readonly state: State;
  readonly killed: boolean;
}

function secondFaults(prepared: Prepared, { ended, now }: Second, { second, state, killed }: First): readonly string[] {
  // What was killed after it was installed stays so; what was killed before comes back when it cannot be installed.
  const allowed: readonly State[] =
    second === 'succeeds' ? ['new'] : killed || state === 'neither' || state === 'as found' ? ['old', 'new'] : [state];
  const faults = wholeFaults(now, prepared, ended, allowed);
  return second === 'fails' || ended.status === 0
    ? faults
    : [...faults, `it ends with ${ended.status}: ${ended.output}`];
}
