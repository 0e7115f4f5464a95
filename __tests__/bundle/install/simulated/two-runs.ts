import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { type Ended, run } from './device.ts';
import { alwaysFaults, sameContent } from './judge.ts';
import { copy, dash, oldBundleOf, type Pairs, type Prepared } from './scenarios.ts';
import { running, type Seen, seen } from './state.ts';

/**
 * Installs the new bundle, and after some milliseconds the old one too, which may wait or be refused. Returns what is wrong:
 * an "installed" that is lost, a mixture, what is left over, services that do not run.
 */
export async function twoRuns(prepared: Prepared, milliseconds: number, place: string) {
  const device = copy(prepared.device, mkdtempSync(join(place, 'two-')));
  const records = join(device.folder, 'second');
  mkdirSync(records);
  const installed: (keyof Pairs)[] = [];
  const ended = async (which: keyof Pairs, result: Promise<Ended>) => {
    if ((await result).status === 0) installed.push(which);
    return result;
  };
  const first = ended('new', run(device, dash));
  await after(milliseconds);
  const second = await ended('old', run(device, dash, { bundle: oldBundleOf(device), records }));
  const results = [await first, second];
  const faults = faultsOf(seen(device, prepared.minor), prepared, installed, results).map((fault) =>
    [`after ${milliseconds} ms: ${fault}`, ...results.map(({ status, output }) => `${status}: ${output}`)].join('\n'),
  );
  rmSync(device.folder, { recursive: true });
  return { faults, refused: second.status !== 0 };
}

/** `installed` are the bundles whose runs said that they installed, in the order in which they ended. */
function faultsOf(
  now: Seen,
  prepared: Prepared,
  installed: readonly (keyof Pairs)[],
  results: readonly Ended[],
): readonly string[] {
  const last = installed.at(-1);
  const faults = results.flatMap((ended) => alwaysFaults(now, prepared, ended));
  if (last === undefined) faults.push('neither is installed');
  else if (!sameContent(now, prepared, last))
    faults.push(`${installed.join(', then ')} said "installed", and the files are not ${last}`);
  if (running(now, prepared.minor) !== 'all') faults.push('not all services run');
  const left = Object.keys(now.tree).filter((path) => path.includes('installing'));
  return [...new Set([...faults, ...left.map((path) => `${path} is left over`)])];
}
