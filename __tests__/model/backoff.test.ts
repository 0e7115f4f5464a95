import { expect, it } from 'vitest';
import { backoff, brokenRest, throttledRest } from '../../src/model/backoff.ts';

it.each([
  ['a 429', throttledRest, [10_000, 20_000, 40_000, 60_000, 60_000]],
  ['a broken connection', brokenRest, [1_000, 2_000, 4_000, 8_000, 16_000]],
  ['an hour that the hub asks for', { least: 0, upTo: 600_000 }, [600_000, 600_000, 600_000, 600_000, 600_000]],
  ['Retry-After', { least: 30_000, upTo: 1_000 }, [31_000, 32_000, 34_000, 38_000, 46_000]],
])('after %s the longest wait doubles, up to a minute', (_, rest, waits) => {
  expect([1, 2, 3, 4, 5].map((tries) => backoff(rest, tries, () => 1))).toEqual(waits);
  expect(backoff(rest, 9, () => 0)).toBe(rest.least);
});
