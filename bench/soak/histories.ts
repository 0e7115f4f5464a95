import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { Bar } from './bar.ts';

/** Two repositories on one hub go through 5,000 random histories: a hundred times what the tests do, with another seed each time. */
export async function histories(): Promise<readonly Bar[]> {
  const vitest = join('node_modules', 'vitest', 'vitest.mjs');
  const env = { ...process.env, PROPERTY_RUNS: '100', PROPERTY_SEED: 'fresh' };
  const test = [vitest, 'run', '__tests__/removal/histories.test.ts'];
  const { status } = spawnSync(process.execPath, test, { env, stdio: ['ignore', 2, 2] });
  return [
    {
      what: '5,000 random histories of two repositories on one hub: devices removed that were not ours',
      found: status === 0 ? '0' : 'some, or the test broke off',
      bar: '0',
      holds: status === 0,
    },
  ];
}
