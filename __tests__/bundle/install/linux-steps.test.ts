import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { inFlight } from '../../../src/model/in-flight.ts';
import { describeNeeding } from '../../support/needing.ts';
import { faultsOf } from './simulated/case.ts';
import { minors } from './simulated/device.ts';
import { casesOf, titleOf } from './simulated/matrix.ts';
import { dash, makePairs, type Pairs, prepare, scenarios, scratchFolder } from './simulated/scenarios.ts';
import { busybox } from './simulated/shells.ts';

/** Of the matrix of steps and signals, one case in so many. `npm run soak -- installer` tries more of them. */
const one = 331;

describeNeeding(['openssl', 'busybox', 'Linux'], 'whatever ends a run at a step', () => {
  let place: string;
  let pairs: Pairs;
  beforeAll(() => {
    place = scratchFolder();
    pairs = makePairs(place);
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it.each(minors.flatMap((minor) => scenarios.map((scenario) => ({ minor, scenario }))))(
    '1.$minor: $scenario: the device is whole after the next run',
    async ({ minor, scenario }) => {
      const prepared = await prepare(scenario, minor, pairs, place);
      const cases = await casesOf(prepared, [dash, busybox(place)], place);
      const some = cases.filter((_, n) => n % one === (minor * 50) % one);
      const faults = await inFlight(some, 2, async (tried) =>
        (await faultsOf(prepared, tried, place)).map((fault) => `${titleOf(prepared, tried)}: ${fault}`),
      );
      expect(faults.flat()).toEqual([]);
    },
  );
});
