import { spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from '../fleet.ts';
import type { Bar, Rounds } from './bar.ts';

interface Results {
  readonly numTotalTests: number;
  readonly numPassedTests: number;
}

/**
 * Runs all tests that have properties with fresh seeds, as many times as often as usual. The other runs use one seed, so that a test
 * that turns red was broken by a change. A property that fails prints its seed: `PROPERTY_SEED=… npx vitest run FILE` repeats it.
 */
export async function properties({ times }: Rounds): Promise<readonly Bar[]> {
  const files = globSync('__tests__/**/*.test.ts').filter((file) => {
    return readFileSync(file, 'utf8').includes('/support/property.ts');
  });
  const results = join(scratch(), 'properties.json');
  spawnSync(
    process.execPath,
    [
      'node_modules/vitest/vitest.mjs',
      'run',
      ...files,
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${results}`,
    ],
    {
      env: { ...process.env, PROPERTY_SEED: 'fresh', PROPERTY_RUNS: String(times) },
      // The report of the soak has standard output for itself.
      stdio: ['ignore', 2, 2],
    },
  );
  const { numTotalTests, numPassedTests }: Results = JSON.parse(readFileSync(results, 'utf8'));
  return [
    {
      what: `properties in ${files.length} files, fresh seeds, ${times} times the usual number of tries`,
      found: `${numPassedTests} of ${numTotalTests} tests hold`,
      bar: 'all',
      holds: numTotalTests > 0 && numPassedTests === numTotalTests,
    },
  ];
}
