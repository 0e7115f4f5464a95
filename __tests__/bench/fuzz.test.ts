import { describe, expect, test } from 'vitest';
import { makeCertificates } from '../../bench/fuzz/certificates.ts';
import { seeds } from '../../bench/fuzz/seeds.ts';
import { readersWith, type TargetName } from '../../bench/fuzz/targets.ts';

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
