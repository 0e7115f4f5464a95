/** The name of the global that holds the counters of the instrumented code. */
export const counters = '__fuzzed__';

/** How many counters there are. One counts to 255 and begins again with 0. */
export const places = 1 << 17;

/** Which statements and branches an input reached, and about how often: once, twice, up to 4, 8, 16, 32, 128 times, more. */
export class Reached {
  readonly #counts: Uint8Array;
  /** Four counters at a time, since most of them are zero. */
  readonly #fours: Uint32Array;
  readonly #seen = new Uint8Array(places);

  constructor(counts: Uint8Array<ArrayBuffer>) {
    this.#counts = counts;
    this.#fours = new Uint32Array(counts.buffer);
  }

  clear(): void {
    this.#counts.fill(0);
  }

  /** Whether something was reached that was never reached so often before. Remembers it. */
  isNew(): boolean {
    let found = false;
    for (let four = 0; four < this.#fours.length; four++)
      if (this.#fours[four] !== 0)
        for (let at = four * 4; at < four * 4 + 4; at++) {
          const level = levels[this.#counts[at] ?? 0] ?? 0;
          const seen = this.#seen[at] ?? 0;
          if ((seen | level) === seen) continue;
          this.#seen[at] = seen | level;
          found = true;
        }
    return found;
  }
}

/** One bit for each count from 0 to 255. */
const levels = Uint8Array.from({ length: 256 }, (_, count) =>
  count === 0 ? 0 : 1 << Math.min(7, count < 3 ? count - 1 : Math.floor(Math.log2(count)) + 1),
);
