import { describe, expect, it } from 'vitest';
import { readDuration } from '../../../src/bundle/judge/duration.ts';
import type { DeviceConfig } from '../../../src/model/fleet.ts';
import type { RefusedValue } from '../../../src/rules/refused-value.ts';
import { told } from '../../support/finding.ts';
import { fc, times } from '../../support/property.ts';
import { columnOf, findingsOf } from '../material.ts';
import { versionOf } from './real-parsers/facts.ts';

const collection = 'config.imageGarbageCollection';

describe('config/refused-value', () => {
  it.each<[string, Partial<DeviceConfig>, RefusedValue]>([
    [
      '1.4',
      { imageGarbageCollection: { cleanupRecurrence: '36h' } },
      { key: `${collection}.cleanupRecurrence`, problem: 'no-whole-days', found: '36h' },
    ],
    [
      '1.5',
      { imageGarbageCollection: { imageAgeCleanupThreshold: '1.5d' } },
      { key: `${collection}.imageAgeCleanupThreshold`, problem: 'no-duration', found: '1.5d' },
    ],
    [
      '1.6',
      { imageGarbageCollection: { cleanupTime: '24:00' } },
      { key: `${collection}.cleanupTime`, problem: 'no-time', found: '24:00' },
    ],
    ['1.2', { edgeCa: { lifetimeDays: 0 } }, { key: 'config.edgeCa.lifetimeDays', problem: 'lifetime-zero' }],
    [
      '1.1',
      { edgeCa: { lifetimeDays: 65_536 } },
      { key: 'config.edgeCa.lifetimeDays', problem: 'lifetime-too-long', found: 65_536 },
    ],
  ])('tells IoT Edge %s of %j', (version, config, value) => {
    const finding = { ...told('config/refused-value', { ...value, version }), severity: 'error' };
    expect(findingsOf({ version, config })).toMatchObject([{ ...finding, place: { column: columnOf(value.key) } }]);
  });

  it('says nothing of values that the runtime reads', () => {
    const imageGarbageCollection = {
      cleanupRecurrence: '1day 24hours',
      imageAgeCleanupThreshold: '36h',
      cleanupTime: '3:05',
    };
    expect(findingsOf({ version: '1.4', config: { imageGarbageCollection } })).toEqual([]);
    expect(findingsOf({ version: '1.5', config: { edgeCa: { lifetimeDays: 65_536 } } })).toEqual([]);
    expect(findingsOf({ version: '1.1', config: { edgeCa: { lifetimeDays: 65_535 } } })).toEqual([]);
  });

  it('says nothing of a section that the version does not know: the key is refused', () => {
    const imageGarbageCollection = { cleanupRecurrence: 'soon' };
    expect(findingsOf({ version: '1.3', config: { imageGarbageCollection } })).toMatchObject([
      { rule: 'config/unsupported-by-version' },
    ]);
  });
});

describe('config/edge-ca-of-no-days', () => {
  it('warns up to 1.1, where 0 is taken', () => {
    const details = { key: 'config.edgeCa.lifetimeDays' };
    expect(findingsOf({ version: '1.1', config: { edgeCa: { lifetimeDays: 0 } } })).toMatchObject([
      { ...told('config/edge-ca-of-no-days', details), severity: 'warning', place: { column: columnOf(details.key) } },
    ]);
    expect(findingsOf({ version: '1.1', config: { edgeCa: { lifetimeDays: 1 } } })).toEqual([]);
  });
});

describe('a duration', () => {
  it('is the sum of its parts, however they are spaced', () => {
    const part = fc.record({ count: fc.nat({ max: 10_000 }), unit: fc.constantFrom('d', 'hours', 'min', 's', 'ms') });
    const lengths = { d: 86_400_000, hours: 3_600_000, min: 60_000, s: 1000, ms: 1 } as const;
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), fc.constantFrom('', ' ', '\t'), (parts, space) => {
        const text = parts.map(({ count, unit }) => `${count}${space}${unit}`).join(space);
        const sum = parts.reduce((all, { count, unit }) => all + BigInt(count * lengths[unit]) * 1_000_000n, 0n);
        expect(readDuration(text, versionOf('1.5'))).toBe(sum);
      }),
      times(100),
    );
  });

  it('has as many seconds as the runtime counts, and each part as much', () => {
    expect(readDuration('18446744073709551615ns', versionOf('1.5'))).toBe(18_446_744_073_709_551_615n);
    expect(readDuration('18446744073709551616ns', versionOf('1.5'))).toBeUndefined();
    expect(readDuration('18446744073709551615s', versionOf('1.5'))).toBeDefined();
    expect(readDuration('18446744073709551615s 1s', versionOf('1.5'))).toBeUndefined();
  });

  it('is read in no time, however long the text', () => {
    expect(readDuration(`${'9'.repeat(1_000_000)}d`, versionOf('1.6'))).toBeUndefined();
    expect(readDuration(`${'1d'.repeat(500_000)},`, versionOf('1.6'))).toBeUndefined();
  });
});
