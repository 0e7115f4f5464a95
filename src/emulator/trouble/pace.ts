import { setTimeout as delay } from 'node:timers/promises';

/** The time of everything that takes time at the hub: throttling, jobs, slow answers, queries that lag. */
export interface Pace {
  /** Milliseconds since some moment. */
  now(): number;
  readonly sleep: Sleep;
}

/** Waits for so long, or forever if `milliseconds` is Infinity. Rejects when the signal is aborted. */
export type Sleep = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

/** A pace at which `speed` seconds of the hub pass in one second of `clock` and `sleep`. */
export function pace(clock: () => number, sleep: Sleep, speed: number): Pace {
  if (speed === 1) return { now: clock, sleep };
  return {
    now: () => clock() * speed,
    sleep: (milliseconds, signal) => sleep(milliseconds / speed, signal),
  };
}

/** The longest time that a timer of Node can wait, in milliseconds. */
const longest = 2 ** 31 - 1;

/** Waits by the machine's clock. */
export const realSleep: Sleep = async (milliseconds, signal) => {
  for (let left = milliseconds; left > 0; left -= longest) {
    await delay(Math.min(left, longest), undefined, signal === undefined ? {} : { signal });
  }
};
