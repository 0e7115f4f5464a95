import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import type { Finding, Severity } from '../../src/model/finding.ts';
import { annotations } from '../../src/report/annotations.ts';
import { leftOut } from '../../src/report/left-out.ts';
import { findingOf } from './reports.ts';

function many(count: number, severity: Severity): readonly Finding[] {
  return Array.from({ length: count }, (_, n) => findingOf({ severity, message: `message ${n + 1}` }));
}

const faults = (count: number) => Array.from({ length: count }, (_, n) => new Fault(`fault ${n + 1}`, 'Mend it.'));

describe('annotations', () => {
  it('stand on the line of the manifest, and hold message and remedy', () => {
    expect(annotations({ findings: [findingOf()], faults: [] })).toEqual([
      {
        severity: 'error',
        title: 'certificate/cn-mismatch',
        message: 'certs/a.pem has the common name "b", expected "a"\n→ Rename it.',
        file: 'fleet/devices.yaml',
        line: 12,
        column: 5,
      },
    ]);
  });

  it('of a finding without a place have none', () => {
    const [annotation] = annotations({ findings: [findingOf({ place: undefined })], faults: [] });
    expect(annotation).not.toHaveProperty('file');
    expect(annotation).not.toHaveProperty('line');
  });

  it.each([
    ['error', 9, 9, undefined],
    ['error', 10, 10, undefined],
    ['error', 11, 10, 2],
    ['error', 1000, 10, 991],
    // One warning and two notices are left free for the action itself.
    ['warning', 9, 9, undefined],
    ['warning', 10, 9, 2],
    ['notice', 8, 8, undefined],
    ['notice', 9, 8, 2],
    ['notice', 1000, 8, 993],
  ] as const)('of %s: %i findings give %i', (severity, count, shown, more) => {
    const all = annotations({ findings: many(count, severity), faults: [] });
    expect(all).toHaveLength(shown);
    const told = all.filter(({ message }) => /message \d+\n/.test(message));
    expect(told).toHaveLength(more === undefined ? count : shown - 1);
    if (more !== undefined) {
      expect(all.at(-1)).toEqual({
        severity,
        title: `${count} ${severity}s`,
        message: leftOut.annotations(more),
      });
    }
  });

  it('are counted for each kind alone', () => {
    const findings = [...many(10, 'error'), ...many(9, 'warning'), ...many(8, 'notice')];
    expect(annotations({ findings, faults: [] })).toHaveLength(27);
  });

  it('of faults come first, and count as errors', () => {
    const all = annotations({ findings: many(10, 'error'), faults: faults(2) });
    expect(all).toHaveLength(10);
    expect(all[0]).toEqual({ severity: 'error', message: 'fault 1\n→ Mend it.' });
    expect(all.at(-1)).toMatchObject({ title: '12 errors', message: leftOut.annotations(3) });
  });

  it('have at most the 4096 characters that the runner shows', () => {
    const [annotation] = annotations({ findings: [findingOf({ message: 'x'.repeat(10_000) })], faults: [] });
    expect(annotation?.message).toHaveLength(4096);
  });

  it('show what is hidden in a name', () => {
    const [annotation] = annotations({ findings: [findingOf({ message: 'a\nb\u202ec' })], faults: [] });
    expect(annotation?.message).toBe('a\\nb\\u{202e}c\n→ Rename it.');
  });
});
