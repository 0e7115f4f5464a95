import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inFlight } from '../../../src/model/in-flight.ts';
import { describeNeeding } from '../../support/needing.ts';
import { type Judge, judgeIn } from './simulated/case.ts';
import { minors } from './simulated/device.ts';
import { allPrepared, eachStep, type Stepped, stepsOfAll, titleOf } from './simulated/matrix.ts';
import { dash, scratchFolder } from './simulated/scenarios.ts';
import { busybox } from './simulated/shells.ts';

/** KILL, PIPE, QUIT, HUP and TERM. `npm run soak -- installer` has more endings, and each at each step in both shells. */
const signals = 5;
/** Milliseconds. There are up to 120 cases in a test. */
const limit = 600_000;
const scenarios = ['install', 'rotate', 'roll back'] as const;
/** The gate takes one step in three. `STEPS=all npm run test:thorough` takes each. */
const oneIn = process.env.STEPS === 'all' ? 1 : 3;

describeNeeding(['openssl', 'busybox', 'Linux'], 'whatever ends a run at a step', () => {
  let place: string;
  let stepped: readonly Stepped[];
  let judge: Judge;
  beforeAll(async () => {
    place = scratchFolder();
    stepped = await stepsOfAll(await allPrepared(scenarios, place), place);
    judge = judgeIn(place);
  }, limit);
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it.each(minors.flatMap((minor) => scenarios.map((scenario) => ({ minor, scenario }))))(
    '1.$minor: $scenario: the device is whole after the next run',
    async ({ minor, scenario }) => {
      const [one] = stepped.filter(({ prepared }) => prepared.minor === minor && prepared.scenario === scenario);
      const { prepared, steps } = one!;
      const cases = eachStep(steps, [dash, busybox(place)], signals).filter((_, n) => n % oneIn === 0);
      const faults = await inFlight(cases, 6, async (each) =>
        (await judge(prepared, each)).map((fault) => `${titleOf(prepared, each)}: ${fault}`),
      );
      expect(faults.flat()).toEqual([]);
    },
    limit,
  );
});
