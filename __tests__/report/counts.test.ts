import { describe, expect, it } from 'vitest';
import { counts, outcomeCounts } from '../../src/report/counts.ts';
import { changeOf, outcomeOf, reportOf } from './reports.ts';

const none = { created: 0, updated: 0, claimed: 0, unchanged: 0, removed: 0, failed: 0, unknown: 0 };
const changes = [
  changeOf('create', 'a'),
  changeOf('update', 'b'),
  changeOf('update', 'c'),
  changeOf('unchanged', 'd'),
  changeOf('conflict', 'e'),
  changeOf('blocked', 'f'),
  changeOf('claim', 'g'),
];

describe('counts', () => {
  it.each(['plan', 'verify'] as const)(
    'of %s are what would be; what may not be changed counts as failed',
    (command) => {
      expect(counts(reportOf({ command, changes }))).toEqual({
        ...none,
        created: 1,
        updated: 2,
        claimed: 1,
        unchanged: 1,
        failed: 2,
      });
    },
  );

  it('of an apply are what was done, not what was planned', () => {
    const outcomes = [
      outcomeOf('created', 'a'),
      outcomeOf('failed', 'b'),
      outcomeOf('unknown', 'c'),
      { ...outcomeOf('updated', 'e'), owner: 'claimed' as const },
      { ...outcomeOf('claimed', 'g'), owner: 'claimed' as const },
      outcomeOf('unchanged', 'd'),
    ];
    const expected = { created: 1, updated: 1, claimed: 2, unchanged: 1, removed: 0, failed: 1, unknown: 1 };
    expect(counts(reportOf({ command: 'apply', changes, outcomes }))).toEqual(expected);
  });

  it('of an apply that was refused are zero: nothing was created, whatever the plan held', () => {
    expect(counts(reportOf({ command: 'apply', result: 'invalid', changes }))).toEqual(none);
  });

  it('of outcomes are zero for a plan', () => {
    expect(outcomeCounts(reportOf({ changes }))).toEqual(none);
  });
});
