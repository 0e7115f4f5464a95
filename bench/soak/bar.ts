/** One bar, and what was found. */
export interface Bar {
  readonly what: string;
  readonly found: string;
  readonly bar: string;
  readonly holds: boolean;
}

export interface Rounds {
  /** Seeds of faults, and moments of a SIGKILL. */
  readonly seeds: number;
  readonly moments: number;
  /** Of the fleets that meet faults. */
  readonly devices: number;
  /** The first seed; the others follow it. */
  readonly first: number;
}

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
