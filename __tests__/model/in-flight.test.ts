import { expect, it } from 'vitest';
import { inFlight } from '../../src/model/in-flight.ts';

const soon = () => new Promise((resolve) => setImmediate(resolve));

it('so many go at once and no more, and the results are in the order of the items', async () => {
  let now = 0;
  let most = 0;
  const results = await inFlight([5, 1, 3, 2, 4], 2, async (item) => {
    most = Math.max(most, ++now);
    for (let n = 0; n < item; n++) await soon();
    now--;
    return 10 * item;
  });
  expect([results, most]).toEqual([[50, 10, 30, 20, 40], 2]);
});

it('the first error ends it', async () => {
  const begun: number[] = [];
  const work = inFlight([1, 2, 3, 4, 5], 2, async (item) => {
    begun.push(item);
    await soon();
    if (item === 2) throw new Error('no');
  });
  await expect(work).rejects.toThrow('no');
  await soon();
  expect(begun.length).toBeLessThan(5);
});
