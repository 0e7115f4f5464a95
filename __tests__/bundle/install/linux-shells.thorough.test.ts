import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect } from 'vitest';
import { describeNeeding, itNeeding } from '../../support/needing.ts';
import type { Shell } from './simulated/device.ts';
import { dash, makePairs, type Prepared, preparing, scratchFolder } from './simulated/scenarios.ts';
import { resultOf, shells } from './simulated/shells.ts';

/** `npm run soak -- installer` compares what the other scenarios lead to. */
describeNeeding(['openssl', 'Linux'], 'whatever shell and tools a device has', () => {
  let place: string;
  let prepared: Prepared;
  let wanted: unknown;
  beforeAll(async () => {
    place = scratchFolder();
    prepared = await preparing(makePairs(place), place)('rotate', 5);
    wanted = await resultIn(dash);
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  for (const { name, needs, make } of shells)
    itNeeding(needs, `${name}: installs as dash does`, async () => {
      expect(await resultIn(make(place))).toEqual(wanted);
    });

  itNeeding(['mksh'], 'mksh, which does not put files back, is refused', async () => {
    const { output } = await resultIn({ name: 'mksh', command: ['mksh', '-o', 'posix'] });
    expect(output).toMatch(/^install\.sh: mksh cannot run this script, .*\n$/);
  });

  async function resultIn(shell: Shell) {
    return resultOf(prepared, shell, place);
  }
});
