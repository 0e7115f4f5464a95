import { expect, it } from 'vitest';
import { importedPerMinute } from '../../../src/emulator/jobs/capacity.ts';

it('S3 lets a job import a million lines an hour, the others a fiftieth of it', () => {
  expect(60 * importedPerMinute({ tier: 'S3', units: 1 })).toBeCloseTo(1_000_000);
  expect(60 * importedPerMinute({ tier: 'S1', units: 9 })).toBeCloseTo(20_000);
});
