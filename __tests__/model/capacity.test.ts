import { describe, expect, it } from 'vitest';
import { operationsPerMinute, parseCapacity } from '../../src/model/capacity.ts';
import { Fault } from '../../src/model/fault.ts';
import { modelFault } from '../../src/model/faults.ts';
import { faultIn, said } from '../support/fault.ts';

describe('--capacity', () => {
  it.each([
    ['S1x1', { tier: 'S1', units: 1 }],
    ['s2X200', { tier: 'S2', units: 200 }],
    [' S3x10 ', { tier: 'S3', units: 10 }],
    ['F1x1', { tier: 'F1', units: 1 }],
  ])('%s is a size', (text, capacity) => {
    expect(parseCapacity(text, '--capacity')).toEqual(capacity);
  });

  it.each(['', 'S1', 'S1x0', 'S1x201', 'S3x11', 'F1x2', 'S4x1', 'B1x1', 'S1x1x1', 'S1x-1', 'S1x01x'])(
    '%j is none, and it says what is',
    (text) => {
      const fault = faultIn(() => parseCapacity(text, '--capacity'));
      const sizes = 'S1x1 to S1x200, S2x1 to S2x200, S3x1 to S3x10, or F1x1';
      expect(said(fault)).toEqual(
        said(modelFault('impossible-capacity', { option: '--capacity', given: text, sizes })),
      );
      expect(fault).toMatchObject({ kind: 'usage', constructor: Fault });
    },
  );

  it.each([
    ['F1x1', { registry: 100, query: 20, 'twin-read': 6000, 'twin-write': 3000, configuration: 20, job: 100 }],
    ['S1x3', { registry: 300, query: 60, 'twin-read': 6000, 'twin-write': 3000, configuration: 60, job: 300 }],
    ['S2x1', { registry: 100, query: 20, 'twin-read': 6000, 'twin-write': 3000, configuration: 20, job: 100 }],
    [
      'S2x200',
      { registry: 20_000, query: 4000, 'twin-read': 120_000, 'twin-write': 60_000, configuration: 4000, job: 20_000 },
    ],
    [
      'S3x10',
      { registry: 50_000, query: 10_000, 'twin-read': 300_000, 'twin-write': 150_000, configuration: 200, job: 50_000 },
    ],
  ])('of %s are so many operations a minute', (text, rates) => {
    expect(operationsPerMinute(parseCapacity(text, '--capacity'))).toEqual(rates);
  });
});
