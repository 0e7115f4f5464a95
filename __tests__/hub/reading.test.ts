import { describe, expect, it } from 'vitest';
import { chooseReading, chunkQuery, planReading } from '../../src/hub/reading.ts';
import { fc, times } from '../support/property.ts';
import { deviceId } from './devices.ts';

const ids = (count: number, text = 'edge-') => Array.from({ length: count }, (_, n) => deviceId(`${text}${n}`));

describe('the cheapest way to read a fleet', () => {
  it.each([
    { fleet: 1, hub: 1, way: 'singly' },
    { fleet: 10, hub: 1_000_000, way: 'singly' },
    { fleet: 11, hub: 0, way: 'chunks' },
    { fleet: 11, hub: 1_000_000, way: 'chunks' },
    { fleet: 100, hub: 100, way: 'chunks' },
    { fleet: 101, hub: 101, way: 'scan' },
    { fleet: 200, hub: 1_000, way: 'scan' },
    { fleet: 200, hub: 1_001, way: 'chunks' },
    { fleet: 1_000, hub: 1_000, way: 'scan' },
    { fleet: 1_000, hub: 9_001, way: 'chunks' },
    { fleet: 100_000, hub: 120_000, way: 'scan' },
  ])('$fleet devices of a hub of $hub: $way', ({ fleet, hub, way }) => {
    expect(chooseReading(fleet, planReading(ids(fleet)), hub)).toBe(way);
  });

  it('counts ids with a quote as calls of their own', () => {
    const plan = planReading(ids(12, "it's-"));
    expect(plan).toMatchObject({ chunks: [], single: { length: 12 } });
    expect(chooseReading(12, plan, 11_000)).toBe('scan');
    expect(chooseReading(12, plan, 11_001)).toBe('chunks');
  });
});

describe('queries', () => {
  it('take 100 ids', () => {
    expect(planReading(ids(250)).chunks.map(({ length }) => length)).toEqual([100, 100, 50]);
  });

  it('read like this', () => {
    expect(chunkQuery(ids(2))).toBe("SELECT * FROM devices WHERE deviceId IN ['edge-0','edge-1']");
  });

  it('hold every id once, within 100 ids and 8,000 bytes, and no quote inside one', () => {
    const id = fc
      .string({ unit: fc.constantFrom('a', 'Z', '0', "'", '%', '$'), minLength: 1, maxLength: 128 })
      .map(deviceId);
    fc.assert(
      fc.property(fc.uniqueArray(id, { maxLength: 300 }), (all) => {
        const { chunks, single } = planReading(all);
        expect([...chunks.flat(), ...single].sort()).toEqual([...all].sort());
        for (const chunk of chunks) {
          expect(chunk.length).toBeLessThanOrEqual(100);
          expect(Buffer.byteLength(chunkQuery(chunk))).toBeLessThanOrEqual(8_000);
          expect(chunk.join('')).not.toContain("'");
        }
      }),
      times(50),
    );
  });
});
