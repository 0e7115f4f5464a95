import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScratchDevice } from '../scratch-device.ts';
import { limitLife, run, type Shell, shim, unitsOf } from './device.ts';
import { alwaysFaults, type State, stateOf, wholeFaults } from './judge.ts';
import type { Moment } from './moments.ts';
import { copy, failWithNew, type Prepared } from './scenarios.ts';

/** What ends a run: a signal to the shell alone or to all that it started too, or a reader of its output that goes away. */
export const endings = [
  'KILL all',
  'KILL shell',
  'PIPE reader',
  'QUIT all',
  'QUIT shell',
  'HUP all',
  'HUP shell',
  'INT all',
  'TERM all',
  'TERM shell',
] as const;
export type Ending = (typeof endings)[number];

export interface Case {
  readonly moment: Moment;
  readonly ending: Ending;
  readonly shell: Shell;
  /** Whether the daemons stay up with the new configuration in the second run. */
  readonly second: 'succeeds' | 'fails';
}

/** Ends a run at a moment and runs again. Returns what is wrong then, each a sentence. */
export async function faultsOf(prepared: Prepared, tried: Case, place: string): Promise<readonly string[]> {
  const device = copy(prepared.device, mkdtempSync(join(place, 'case-')));
  const first = await endedRun(device, tried);
  const faults = first.killed
    ? alwaysFaults(device, prepared, first)
    : wholeFaults(device, prepared, first, ['old', 'new']);
  const { state } = stateOf(device, prepared);
  const more = await secondRun(device, prepared, { ...tried, state, killed: first.killed });
  rmSync(device.folder, { recursive: true });
  if (faults.length + more.length === 0) return [];
  const told = [
    ...faults.map((fault) => `after the first run: ${fault}`),
    ...more.map((fault) => `after the second run: ${fault}`),
  ];
  return [...told, `the first run said: ${first.output}`];
}

async function endedRun(device: ScratchDevice, { moment, ending, shell }: Case) {
  const fire = join(device.folder, 'control/fire');
  shim(device, [moment.program]);
  writeFileSync(fire, `${moment.call} ${ending}\n`);
  const ended = await run(device, shell);
  shim(device, []);
  rmSync(fire, { force: true });
  return { ...ended, killed: ending.startsWith('KILL') && ended.status === 137 };
}

async function secondRun(
  device: ScratchDevice,
  prepared: Prepared,
  { shell, second, state, killed }: Case & { readonly state: State; readonly killed: boolean },
): Promise<readonly string[]> {
  const fails = second === 'fails' || prepared.scenario === 'roll back';
  for (const unit of unitsOf[prepared.minor]) limitLife(device, unit, undefined);
  if (fails) failWithNew(device, prepared.minor);
  const again = await run(device, shell);
  // What was killed after it was installed stays so; what was killed before comes back when it cannot be installed.
  const allowed: readonly State[] = !fails ? ['new'] : killed || state === 'neither' ? ['old', 'new'] : [state];
  const faults = wholeFaults(device, prepared, again, allowed);
  return fails || again.status === 0 ? faults : [...faults, `it ends with ${again.status}: ${again.output}`];
}
