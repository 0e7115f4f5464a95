import { expect, it } from 'vitest';
import { fc } from '../support/property.ts';
import { hubInProcess } from './in-process.ts';
import { follow } from './model.ts';
import { sequences } from './steps.ts';

it('after any of 1,000 sequences of 200 calls the hub is as a simple model says', { timeout: 900_000 }, async () => {
  let followed = 0;
  await fc.assert(
    fc.asyncProperty(sequences, async (steps) => {
      await follow(steps, hubInProcess().send);
      followed += 1;
    }),
    // Other sequences than those of model.test.ts.
    { numRuns: 1000, seed: 16 },
  );
  expect(followed).toBe(1000);
});
