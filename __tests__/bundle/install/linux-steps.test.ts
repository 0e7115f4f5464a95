import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inFlight } from '../../../src/model/in-flight.ts';
import { describeNeeding } from '../../support/needing.ts';
import { faultsOf } from './simulated/case.ts';
import { casesOf, titleOf } from './simulated/matrix.ts';
import { dash, makePairs, type Pairs, prepare, scratchFolder } from './simulated/scenarios.ts';
import { busybox } from './simulated/shells.ts';

/** Some of the matrix of steps and signals. `npm run soak -- installer` tries more of it. */
const tried = [
  { minor: 1, scenario: 'rotate', cases: 3 },
  { minor: 5, scenario: 'install', cases: 2 },
] as const;

describeNeeding(['openssl', 'busybox', 'Linux'], 'whatever ends a run at a step', () => {
  let place: string;
  let pairs: Pairs;
  beforeAll(() => {
    place = scratchFolder();
    pairs = makePairs(place);
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it.each(tried)(
    '1.$minor: $scenario: the device is whole after the next run',
    async ({ minor, scenario, cases: count }) => {
      const prepared = await prepare(scenario, minor, pairs, place);
      const cases = await casesOf(prepared, [dash, busybox(place)], place);
      // Not the same ending in the same shell each time.
      const some = cases.filter((_, n) => n % Math.floor(cases.length / count - 7) === 100);
      const faults = await inFlight(some, 2, async (each) =>
        (await faultsOf(prepared, each, place)).map((fault) => `${titleOf(prepared, each)}: ${fault}`),
      );
      expect(faults.flat()).toEqual([]);
    },
  );
});
