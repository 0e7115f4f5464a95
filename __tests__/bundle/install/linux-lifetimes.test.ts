import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import { type Minor, unitsOf } from './simulated/device.ts';
import { mortals, saysRunning } from './simulated/lifetimes.ts';
import { makePairs, type Prepared, prepare, scratchFolder } from './simulated/scenarios.ts';

/** Milliseconds. `npm run soak -- installer` tries all from 100 to 6000. */
const lives = [100, 900, 4_900, 6_000] as const;

describeNeeding(['openssl', 'Linux'], 'a daemon that does not stay up', () => {
  let place: string;
  const prepared = {} as Record<Minor, Prepared>;
  beforeAll(async () => {
    place = scratchFolder();
    const pairs = makePairs(place);
    for (const minor of [1, 5] as const) prepared[minor] = await prepare('rotate', minor, pairs, place);
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it.each(mortals)('1.$minor: $unit dies again and again: never called running', async ({ minor, unit, delay }) => {
    for (const milliseconds of lives)
      expect(await saysRunning(prepared[minor], unit, { milliseconds, delay }, place)).toBe(false);
  });

  it.each(unitsOf[5].filter((unit) => unit !== 'aziot-tpmd'))(
    '1.5: %s ends and systemd leaves it so (exit status 153): not called running',
    async (unit) =>
      expect(await saysRunning(prepared[5], unit, { milliseconds: 1_000, delay: 'never' }, place)).toBe(false),
  );

  it.each([1, 5] as const)('1.%i: one that stays up is called so', async (minor) => {
    expect(await saysRunning(prepared[minor], 'another', { milliseconds: 100, delay: 'never' }, place)).toBe(true);
  });
});
