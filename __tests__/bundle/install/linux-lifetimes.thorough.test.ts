import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import type { Minor } from './simulated/device.ts';
import { mortals, saysRunning } from './simulated/lifetimes.ts';
import { makePairs, type Prepared, preparing, scratchFolder } from './simulated/scenarios.ts';

/** Milliseconds. `npm run soak -- installer` tries all from 100 to 6000. */
const lives = [900] as const;

describeNeeding(['openssl', 'Linux'], 'a daemon that does not stay up', () => {
  let place: string;
  const prepared = {} as Record<Minor, Prepared>;
  beforeAll(async () => {
    place = scratchFolder();
    const prepare = preparing(makePairs(place), place);
    for (const minor of [1, 5] as const) prepared[minor] = await prepare('rotate', minor);
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  it.each(mortals)('1.$minor: $unit dies again and again: never called running', async ({ minor, unit, delay }) => {
    for (const milliseconds of lives)
      expect(await saysRunning(prepared[minor], unit, { milliseconds, delay }, place)).toBe(false);
  });

  it('1.5: one that ends and that systemd leaves so (exit status 153) is not called running', async () => {
    const life = { milliseconds: 1_000, delay: 'never' } as const;
    expect(await saysRunning(prepared[5], 'aziot-edged', life, place)).toBe(false);
  });

  it.each([1, 5] as const)('1.%i: one that stays up is called so', async (minor) => {
    expect(await saysRunning(prepared[minor], 'another', { milliseconds: 100, delay: 'never' }, place)).toBe(true);
  });
});
