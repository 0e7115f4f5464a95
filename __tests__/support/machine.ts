import { spawnSync } from 'node:child_process';

/** On which the bars in seconds were set: `node -e 0` took so many milliseconds there, Node 24, the median of 15. */
const quietMachine = 25;

/**
 * How many times slower this machine is now than the one on which the bars in seconds were set; at least 1. One that others share
 * may be three times slower from one hour to the next, and a bar is about our code.
 */
export function slowness(): number {
  const times = Array.from({ length: 9 }, () => {
    const begun = performance.now();
    spawnSync(process.execPath, ['-e', '0'], { env: {} });
    return performance.now() - begun;
  });
  return Math.max(1, median(times) / quietMachine);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
