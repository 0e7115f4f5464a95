import { expect, it } from 'vitest';
import { writingLine } from '../../src/report/writing.ts';
import { hub } from '../plan/devices.ts';

const noon = Date.UTC(2026, 0, 1, 12);

it.each([
  [
    { total: 10_000, done: 1_200, failed: 3, operations: 1_300, elapsed: 60_000 },
    '1,200 of 10,000 done, 3 failed, 8,800 left; 1,300 operations a minute, ends about 12:07 UTC',
  ],
  [{ total: 9, done: 3, failed: 0, operations: 3, elapsed: 4_999 }, '3 of 9 done, 6 left; 3 operations so far'],
  [{ total: 9, done: 0, failed: 0, operations: 9, elapsed: 0 }, '0 of 9 done, 9 left; 9 operations so far'],
])('says how far it is, how fast, and until when', (standing, line) => {
  expect(writingLine({ hub, ...standing }, noon)).toBe(`${hub}: ${line}`);
});
