import { describe, expect, it, test } from 'vitest';
import { makeCertificates } from '../../bench/fuzz/certificates.ts';
import { places, Reached } from '../../bench/fuzz/coverage.ts';
import { withOtherValues } from '../../bench/fuzz/mutate-tree.ts';
import { notations } from '../../bench/fuzz/notations.ts';
import { seeds } from '../../bench/fuzz/seeds.ts';
import { readersWith, type TargetName } from '../../bench/fuzz/targets.ts';
import { words } from '../../bench/fuzz/words.ts';
import { seeded } from '../../bench/soak/bar.ts';

const certificates = await makeCertificates();
const readers = readersWith(certificates);

const names: readonly TargetName[] = Object.keys(seeds).filter((name): name is TargetName => name in readers);

describe('what fuzzing begins with', () => {
  test.each(names)('%s is accepted whole', async (name) => {
    for (const seed of seeds[name](certificates)) {
      const result = await readers[name](Buffer.from(seed));
      const errors = Array.isArray(result) ? result.filter(({ severity }) => severity === 'error') : [];
      expect(errors).toEqual([]);
      expect(result).not.toBe('refused');
    }
  });
});

describe('what an input reaches', () => {
  it('is new the first time, and when it is reached much more often', () => {
    const counts = new Uint8Array(places);
    const reached = new Reached(counts);
    const isNewWith = (place: number, count: number) => {
      reached.clear();
      counts[place] = count;
      return reached.isNew();
    };
    expect(isNewWith(7, 0)).toBe(false);
    expect([1, 1, 2, 2, 3, 4, 60, 33, places - 1].map((count) => isNewWith(7, count))).toEqual([
      true,
      false,
      true,
      false,
      true,
      true,
      true,
      false,
      true,
    ]);
    expect(isNewWith(places - 1, 1)).toBe(true);
  });
});

describe('changed values', () => {
  it.each(Object.entries(notations))('can be read again: %s', (name, notation) => {
    const target = names.find((one) => one === name)!;
    const [seed = ''] = seeds[target](certificates);
    const random = seeded(1);
    const changed = Array.from({ length: 40 }, () =>
      withOtherValues(Buffer.from(seed), notation, words[target], random),
    );
    const readable = changed.flatMap((input) => input ?? []).filter((input) => canBeRead(() => notation.read(input)));
    expect(new Set(readable.map(String)).size).toBeGreaterThan(10);
    expect(Reflect.ownKeys(Object.prototype)).not.toContain('x');
  });
});

function canBeRead(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
