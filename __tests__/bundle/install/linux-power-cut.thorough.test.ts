import { rmSync } from 'node:fs';
import { expect } from 'vitest';
import { itNeeding } from '../../support/needing.ts';
import { powerCutFaults, written } from './simulated/power-cut.ts';
import { makePairs, preparing, scratchFolder } from './simulated/scenarios.ts';

/** `npm run soak -- installer` cuts the power at more moments. */
itNeeding(
  ['openssl', 'root with loop devices'],
  '1.5: what was said to be installed is so after a power cut, with /etc and /var on disks of their own',
  async () => {
    const place = scratchFolder();
    const prepared = await preparing(makePairs(place), place)('rotate', 5);
    for (const each of written)
      expect(await powerCutFaults(prepared, { moment: undefined, written: each }, place)).toEqual([]);
    rmSync(place, { recursive: true });
  },
);
