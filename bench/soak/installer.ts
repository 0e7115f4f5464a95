import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { judgeIn } from '../../__tests__/bundle/install/simulated/case.ts';
import { run } from '../../__tests__/bundle/install/simulated/device.ts';
import { canCutDisks } from '../../__tests__/bundle/install/simulated/disk.ts';
import { mortals, saysRunning } from '../../__tests__/bundle/install/simulated/lifetimes.ts';
import { allPrepared, everyCase, stepsOfAll, titleOf } from '../../__tests__/bundle/install/simulated/matrix.ts';
import { momentsOf } from '../../__tests__/bundle/install/simulated/moments.ts';
import { powerCutFaults, written } from '../../__tests__/bundle/install/simulated/power-cut.ts';
import {
  copy,
  dash,
  type Prepared,
  scenarios,
  scratchFolder,
} from '../../__tests__/bundle/install/simulated/scenarios.ts';
import { busybox, resultOf, shells } from '../../__tests__/bundle/install/simulated/shells.ts';
import { twoRuns } from '../../__tests__/bundle/install/simulated/two-runs.ts';
import { isThere } from '../../__tests__/support/tools.ts';
import { inFlight } from '../../src/model/in-flight.ts';
import { whole } from '../page.ts';
import type { Bar, Rounds } from './bar.ts';

/** A device's installer on simulated devices: what ends it, a second one beside it, daemons that die, and power cuts. */
export async function installer({ each, few }: Rounds): Promise<readonly Bar[]> {
  const place = scratchFolder();
  try {
    const prepared = await allPrepared(scenarios, place);
    const rotations = prepared.filter(({ scenario }) => scenario === 'rotate');
    return [
      await steps(prepared, each, place),
      await shellTable(prepared, place),
      await secondRuns(rotations, few, place),
      await lifetimes(rotations, few, place),
      await powerCuts(rotations, few, place),
    ];
  } finally {
    rmSync(place, { recursive: true });
  }
}

/** Cases at the same time. The gate has two cores. */
const width = 2;

/** One in `each` cases of the matrix of steps, endings and shells. */
async function steps(all: readonly Prepared[], each: number, place: string): Promise<Bar> {
  const shells = [dash, busybox(place)];
  const judge = judgeIn(place);
  let tried = 0;
  let broken = 0;
  for (const { prepared, steps } of await stepsOfAll(all, place)) {
    const cases = everyCase(steps, shells).filter((_, n) => n % each === 0);
    tried += cases.length;
    await inFlight(cases, width, async (one) => {
      const faults = await judge(prepared, one);
      if (faults.length > 0) broken += 1;
      if (faults.length > 0) console.error([titleOf(prepared, one), ...faults].join('\n  '));
    });
  }
  return none(
    `install.sh ended at a step, by a signal or a reader that goes away, and run again (${whole(tried)} cases): devices that are not whole`,
    broken,
  );
}

/** Every scenario in each shell and with the tools that this machine has. */
async function shellTable(all: readonly Prepared[], place: string): Promise<Bar> {
  const there = shells.filter(({ needs }) => needs.every(isThere));
  let different = 0;
  for (const prepared of all) {
    const wanted = await resultOf(prepared, dash, place);
    await inFlight(there, width, async ({ name, make }) => {
      if (isDeepStrictEqual(await resultOf(prepared, make(place), place), wanted)) return;
      different += 1;
      console.error(`1.${prepared.minor} ${prepared.scenario}: ${name} does not do what dash does`);
    });
  }
  return none(`install.sh under ${there.map(({ name }) => name).join(', ')}: other results than under dash`, different);
}

const offsets = 50;

async function secondRuns(rotations: readonly Prepared[], few: number, place: string): Promise<Bar> {
  let lost = 0;
  for (const prepared of rotations) {
    const milliseconds = await timeOf(prepared, place);
    const count = Math.ceil(offsets / few);
    const all = Array.from({ length: count }, (_, n) => (1.1 * milliseconds * n) / count);
    await inFlight(all, width, async (offset) => {
      const { faults } = await twoRuns(prepared, offset, place);
      if (faults.length > 0) lost += 1;
      for (const fault of faults) console.error(`1.${prepared.minor}: ${fault}`);
    });
  }
  return none(
    `two runs of install.sh at ${Math.ceil(offsets / few)} offsets: devices where one's "installed" is lost, or that are not whole`,
    lost,
  );
}

/** Milliseconds of an undisturbed run beside another one. */
async function timeOf({ device }: Prepared, place: string): Promise<number> {
  const begun = performance.now();
  await inFlight([1, 2], width, () => run(copy(device, mkdtempSync(join(place, 'timed-'))), dash));
  return performance.now() - begun;
}

async function lifetimes(rotations: readonly Prepared[], few: number, place: string): Promise<Bar> {
  const lives = Array.from({ length: 60 }, (_, n) => (n + 1) * 100).filter((_, n) => n % few === 0);
  let lies = 0;
  for (const { minor, unit, delay } of mortals) {
    const prepared = rotations.find((each) => each.minor === minor);
    if (prepared === undefined) throw new Error(`no rotation of 1.${minor}`);
    await inFlight(lives, width, async (milliseconds) => {
      if (!(await saysRunning(prepared, unit, { milliseconds, delay }, place))) return;
      lies += 1;
      console.error(`1.${minor}: ${unit} lives ${milliseconds} ms at a time and is called running`);
    });
  }
  return none(`a daemon that lives 0.1 to 6 s at a time, in steps of ${few / 10} s: called running`, lies);
}

const cuts = 30;

async function powerCuts(rotations: readonly Prepared[], few: number, place: string): Promise<Bar> {
  const count = Math.ceil(cuts / few);
  const what = `power cut at ${count} moments of an installation on ext4, /etc and /var apart: devices that are not whole`;
  if (!canCutDisks()) return { what, found: 'not tried: no loop devices', bar: '0', holds: true };
  let broken = 0;
  for (const prepared of rotations) {
    const { moments, firstChange } = await momentsOf(prepared, dash, place);
    const from = moments.slice(firstChange);
    const all = [
      ...Array.from({ length: count }, (_, n) => ({
        moment: from[Math.floor((n * from.length) / count)],
        written: written[n % written.length] ?? 'nothing',
      })),
      ...written.map((each) => ({ moment: undefined, written: each })),
    ];
    await inFlight(all, width, async (cut) => {
      const faults = await powerCutFaults(prepared, cut, place);
      if (faults.length > 0) broken += 1;
      for (const fault of faults) console.error(`1.${prepared.minor}, ${JSON.stringify(cut)}: ${fault}`);
    });
  }
  return none(what, broken);
}

const none = (what: string, found: number): Bar => ({ what, found: whole(found), bar: '0', holds: found === 0 });
