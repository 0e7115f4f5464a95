import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Ended, limitLife, run, type Shell, shim, unitsOf } from './device.ts';
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
export async function faultsOf(
  prepared: Prepared,
  { moment, ending, shell, second }: Case,
  place: string,
): Promise<readonly string[]> {
  const folder = mkdtempSync(join(place, 'case-'));
  const device = copy(prepared.device, folder);
  shim(device, [moment.program]);
  writeFileSync(join(folder, 'control/fire'), `${moment.call} ${ending}\n`);
  const first = await run(device, shell);
  const killed = ending.startsWith('KILL') && first.status === 137;
  const faults = (killed ? alwaysFaults : ended)(device, prepared, first).map(
    (fault) => `after the first run: ${fault}`,
  );
  const { state } = stateOf(device, prepared);
  shim(device, []);
  rmSync(join(folder, 'control/fire'), { force: true });
  faults.push(...(await secondRun(device, prepared, { shell, second, state, killed })));
  rmSync(folder, { recursive: true });
  return faults.map(
    (fault) => `${fault}${first.output === '' ? '' : `\n      ${first.output.trim().replaceAll('\n', '\n      ')}`}`,
  );
}

const ended = (device: Parameters<typeof wholeFaults>[0], prepared: Prepared, first: Ended) =>
  wholeFaults(device, prepared, first, ['old', 'new']);

async function secondRun(
  device: Parameters<typeof wholeFaults>[0],
  prepared: Prepared,
  {
    shell,
    second,
    state,
    killed,
  }: Pick<Case, 'shell' | 'second'> & { readonly state: State; readonly killed: boolean },
): Promise<string[]> {
  const fails = second === 'fails' || prepared.scenario === 'roll back';
  for (const unit of unitsOf[prepared.minor]) limitLife(device, unit, undefined);
  if (fails) failWithNew(device, prepared.minor);
  const again = await run(device, shell);
  // What was killed after it was installed stays so; what was killed before comes back when it cannot be installed.
  const allowed: readonly State[] = !fails ? ['new'] : killed || state === 'neither' ? ['old', 'new'] : [state];
  const faults = wholeFaults(device, prepared, again, allowed);
  if (!fails && again.status !== 0) faults.push(`it ends with ${again.status}: ${again.output}`);
  return faults.map((fault) => `after the second run: ${fault}`);
}
