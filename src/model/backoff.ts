/** How long a hub wants to be left alone after a call in vain, in milliseconds. */
export interface Rest {
  /** What it asks for with Retry-After; a hub is not known to do so, what stands before it may. */
  readonly least: number;
  /** Upper bound of what chance adds the first time; it doubles with every try. */
  readonly upTo: number;
}

/** After a 429, whose text says "Wait 10 seconds". */
export const throttledRest: Rest = { least: 0, upTo: 10_000 };
/** After a fault of the service, a broken connection, or somebody else's write. */
export const brokenRest: Rest = { least: 0, upTo: 1_000 };

const longest = 60_000;

/** Milliseconds to wait before another try, with full jitter. `tries`: those that were in vain, from 1; `random` from 0 to 1. */
export function backoff({ least, upTo }: Rest, tries: number, random: () => number): number {
  return least + random() * Math.min(upTo * 2 ** (tries - 1), Math.max(upTo, longest));
}
