/** The name of the global that holds the counters of the instrumented code. */
export const counters = '__fuzzed__';

/** The counters of each file: of its statements, and of the ways at its branches. */
type Coverage = Readonly<Record<string, { s: Record<string, number>; b: Record<string, number[]> }>>;

/** Which statements and branches an input reached, and about how often: once, twice, up to 4, 8, 16, 32, 128 times, more. */
export class Reached {
  readonly #seen: Uint8Array[] = [];
  readonly #counts: Record<string, number | number[]>[] = [];
  readonly #files = new Set<string>();
  readonly #coverage: Coverage;

  constructor(coverage: Coverage) {
    this.#coverage = coverage;
  }

  /** Sets all counters to zero. Files that were loaded since the last time come after the others, so that these keep their places. */
  clear(): void {
    for (const file in this.#coverage) {
      const { s, b } = this.#coverage[file] ?? { s: {}, b: {} };
      if (!this.#files.has(file)) this.#counts.push(s, b);
      this.#files.add(file);
    }
    for (const counts of this.#counts)
      for (const key in counts) {
        const count = counts[key];
        if (Array.isArray(count)) count.fill(0);
        else counts[key] = 0;
      }
  }

  /** Whether something was reached that was never reached so often before. Remembers it. */
  isNew(): boolean {
    let found = false;
    let at = 0;
    const mark = (count: number) => {
      if (count === 0) return;
      const level = 1 << Math.min(7, count < 3 ? count - 1 : Math.floor(Math.log2(count)) + 1);
      const seen = this.#row(at);
      if (((seen[at & 1023] ?? 0) & level) === 0) {
        seen[at & 1023] = (seen[at & 1023] ?? 0) | level;
        found = true;
      }
    };
    for (const counts of this.#counts)
      for (const key in counts) {
        const count = counts[key] ?? 0;
        if (Array.isArray(count))
          for (const one of count) {
            mark(one);
            at++;
          }
        else {
          mark(count);
          at++;
        }
      }
    return found;
  }

  #row(at: number): Uint8Array {
    this.#seen[at >> 10] ??= new Uint8Array(1024);
    return this.#seen[at >> 10] ?? new Uint8Array(1024);
  }
}
