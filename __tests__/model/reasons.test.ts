import { describe, expect, it } from 'vitest';
import { describeReason, describeReasons, reasonNotes } from '../../src/model/reasons.ts';

describe('a reason', () => {
  it.each([
    [{ field: 'status', before: 'enabled', after: 'disabled' }, 'status enabled → disabled'],
    [{ field: 'statusReason', before: null, after: 'lent' }, 'statusReason (none) → lent'],
    [{ field: 'statusReason', before: 'lent', after: '' }, 'statusReason lent → (none)'],
    [
      { field: 'primaryThumbprint', before: 'AB12cd34'.repeat(5), after: '0'.repeat(64) },
      'primaryThumbprint AB12cd34… → 00000000…',
    ],
  ])('is told by its field and both values: %j', (reason, text) => {
    expect(describeReason(reason)).toBe(text);
  });

  it.each(['other-digest', 'declared-again', 'tag-mark'] as const)('carries its note: %s', (note) => {
    const reason = { field: 'status', before: 'disabled', after: 'enabled', note } as const;
    expect(describeReason(reason)).toBe(`status disabled → enabled (${reasonNotes[note]})`);
    expect(new Set(Object.values(reasonNotes)).size, 'each note says something else').toBe(3);
  });

  it('stands beside the others', () => {
    const fields = [
      { field: 'edge', before: 'false', after: 'true' },
      { field: 'status', before: 'enabled', after: 'disabled' },
    ] as const;
    expect(describeReasons(fields)).toBe('edge false → true, status enabled → disabled');
  });
});
