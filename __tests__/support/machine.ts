import { spawnSync } from 'node:child_process';

/** Milliseconds that `node -e 0` took on the machine on which the bars in seconds were set (Node 24, median of 15). */
const quietMachine = 25;

/** Up to this factor, a slower machine counts as one that nobody else uses. */
const uncrowded = 1.2;

/** `npm run coverage` counts which parts of our code ran. That makes the code so many times slower, and not the start of Node. */
const counting = 1.3;
const isCounted = process.env.COVERAGE !== undefined;

/**
 * The factor by which a bar in seconds is stretched on this machine now. It is 1 on a machine as fast as the one on
 * which the bars were set. A shared machine may be three times slower from one hour to the next, and a bar should
 * measure only our code.
 */
export function slowness(): number {
  const times = Array.from({ length: 9 }, () => {
    const begun = performance.now();
    spawnSync(process.execPath, ['-e', '0'], { env: {} });
    return performance.now() - begun;
  });
  const slower = median(times) / quietMachine;
  // On a machine that others use too, their load changes while something is measured.
  return (slower < uncrowded ? 1 : slower * 1.5) * (isCounted ? counting : 1);
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
