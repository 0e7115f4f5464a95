import { setTimeout as delay } from 'node:timers/promises';

/** How time passes for what takes time at the hub: throttling, jobs, slow answers, queries that lag. */
export interface Pace {
  /** Milliseconds since some moment. */
  now(): number;
  readonly sleep: Sleep;
}

/** Waits; for ever, where `milliseconds` is Infinity. Rejects when the signal is aborted. */
export type Sleep = (milliseconds: number, signal?: AbortSignal) => Promise<void>;

/** `speed` seconds of the hub pass in one second of `clock` and `sleep`. */
export function pace(clock: () => number, sleep: Sleep, speed: number): Pace {
  if (speed === 1) return { now: clock, sleep };
  return {
    now: () => clock() * speed,
    sleep: (milliseconds, signal) => sleep(milliseconds / speed, signal),
  };
}

/** The longest that a timer of Node can wait. */
const longest = 2 ** 31 - 1;

/** By the machine's clock. */
export const realSleep: Sleep = async (milliseconds, signal) => {
  for (let left = milliseconds; left > 0; left -= longest) {
    await delay(Math.min(left, longest), undefined, signal === undefined ? {} : { signal });
  }
};
