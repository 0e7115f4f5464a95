/** How long to leave a hub alone after a failed call, in milliseconds. */
export interface Rest {
  /** The least wait, from Retry-After. IoT Hub is not known to send this header, but a proxy or gateway in front of it may. */
  readonly least: number;
  /** The upper bound of the random wait before the second try; it doubles with every further try. */
  readonly upTo: number;
}

/** After a 429, whose text says "Wait 10 seconds". */
export const throttledRest: Rest = { least: 0, upTo: 10_000 };
/** After a server error, a broken connection, or a write by another client. */
export const brokenRest: Rest = { least: 0, upTo: 1_000 };

const longest = 60_000;

/**
 * Returns the milliseconds to wait before the next try, with full jitter.
 * @param tries the number of failed tries so far, from 1
 * @param random gives a number from 0 to 1
 */
export function backoff({ least, upTo }: Rest, tries: number, random: () => number): number {
  return least + random() * Math.min(upTo * 2 ** (tries - 1), Math.max(upTo, longest));
}
