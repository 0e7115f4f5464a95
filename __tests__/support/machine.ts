import { spawnSync } from 'node:child_process';

/** On which the bars in seconds were set: `node -e 0` took so many milliseconds there, Node 24, the median of 15. */
const quietMachine = 25;

/** So much slower a machine may be that nobody crowds. */
const uncrowded = 1.2;

/**
 * By how much a bar in seconds has to be stretched on this machine now; 1 on one as quick as that on which the bars were set. One that
 * others share may be three times slower from one hour to the next, and a bar is about our code.
 */
export function slowness(): number {
  const times = Array.from({ length: 9 }, () => {
    const begun = performance.now();
    spawnSync(process.execPath, ['-e', '0'], { env: {} });
    return performance.now() - begun;
  });
  const slower = median(times) / quietMachine;
  // Where others crowd the machine, their load comes and goes while something is measured.
  return slower < uncrowded ? 1 : slower * 1.5;
}

export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
}
