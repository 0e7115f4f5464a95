/** A bar and the measured result. */
export interface Bar {
  readonly what: string;
  readonly found: string;
  readonly bar: string;
  readonly holds: boolean;
}

export interface Rounds {
  /** Number of seeds for faults, and of moments for a SIGKILL. */
  readonly seeds: number;
  readonly moments: number;
  /** Number of devices of the fleets that run under faults. */
  readonly devices: number;
  /** The first seed. The others are the numbers after it. */
  readonly first: number;
  /** How many times as often as usual a property is tried. */
  readonly times: number;
  /** How many inputs are fuzzed, all targets together, and the seconds for each target at most. */
  readonly executions: number;
  readonly seconds: number;
  /** How many targets are fuzzed at a time. */
  readonly lanes: number;
  /** Of the installer's matrix of steps and signals, one case in so many is tried. */
  readonly each: number;
  /** Of its offsets, lifetimes and power cuts, one in so many. */
  readonly few: number;
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
