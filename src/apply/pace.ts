import { backoff, type Rest } from '../model/backoff.ts';

export interface PaceOptions {
  /** The quota, in operations a minute. If absent, it is not known, and the pace adapts. */
  readonly perMinute?: number | undefined;
  /** The largest number of operations in one call. */
  readonly most: number;
  /** Milliseconds since some moment. */
  readonly now: () => number;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/** What went wrong with a call as a whole. */
export interface Trouble {
  readonly because: 'throttled' | 'broken';
  readonly rest: Rest;
  /** The hub answered for some of the devices. */
  readonly partly: boolean;
}

/** A call that is under way. */
export interface Sent {
  readonly operations: number;
  readonly era: number;
}

/** Calls that are under way at the same time, at first and at most. */
const callsAtFirst = 4;
const callsAtMost = 8;
/** Calls by which the window grows each time that a whole window is answered. */
const growth = 0.2;
const leastWindow = 0.2;
/** With a known quota, a call uses at most the quota of this many seconds: smaller steps, the same pace. */
const secondsOfCall = 10;
/**
 * Milliseconds of lost time that may be caught up, so that a late timer costs no quota. The service queues more than
 * that.
 */
const catchUp = 5_000;

/**
 * How fast one hub is called, in operations of one quota. At most one window of operations is under way. The window
 * starts wide, grows a little with every answer, and is halved by a 429 (additive increase, multiplicative decrease). A
 * hub queues before it refuses, so a window that is never empty uses the whole quota even where it is not known. Where
 * it is known, calls are also spread evenly over time. After a failed call it pauses, longer each time, until a call is
 * answered.
 */
export class Pace {
  readonly #options: PaceOptions;
  #window: number;
  #underWay = 0;
  /** The moment until which the operations so far have used up the quota. */
  #paidUntil: number;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  /** Grows with each trouble. Calls that were sent in the same era meet the same trouble, which counts once. */
  #era = 0;
  #inVain = 0;
  #operations = 0;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#window = callsAtFirst * options.most;
    this.#paidUntil = Number.NEGATIVE_INFINITY;
  }

  /** Number of operations so far. */
  get operations(): number {
    return this.#operations;
  }

  /** Number of failed calls since the hub last answered. */
  get inVain(): number {
    return this.#inVain;
  }

  /** Number of operations that the next call may have. */
  get share(): number {
    const { most, perMinute = Number.POSITIVE_INFINITY } = this.#options;
    const share = Math.min(this.#window / callsAtFirst, (perMinute * secondsOfCall) / 60);
    return Math.max(1, Math.min(most, Math.ceil(share)));
  }

  /** The moment from which the next call may be sent. It may be past; it is Infinity if an answer has to come first. */
  nextAt(): number {
    if (this.#underWay > 0 && this.#underWay + this.share > this.#window) return Number.POSITIVE_INFINITY;
    return Math.max(this.#pausedUntil, this.#paidUntil);
  }

  send(operations: number): Sent {
    this.#underWay += operations;
    this.spend(operations);
    return { operations, era: this.#era };
  }

  /** Counts operations that are not paced, such as a device that is read back. */
  spend(operations: number): void {
    const { now, perMinute } = this.#options;
    this.#operations += operations;
    if (perMinute === undefined) return;
    this.#paidUntil = Math.max(this.#paidUntil, now() - catchUp) + (operations * 60_000) / perMinute;
  }

  /**
   * To be called when a call has ended. `trouble`: it was throttled, not answered, or answered with a fault of the
   * service.
   */
  ended({ operations, era }: Sent, trouble?: Trouble): void {
    this.#underWay -= operations;
    if (trouble === undefined || trouble.partly) this.#inVain = 0;
    if (trouble === undefined) this.#widen(operations);
    else if (era === this.#era) this.#slowDown(trouble);
  }

  #widen(operations: number): void {
    const { most } = this.#options;
    this.#window = Math.min(callsAtMost * most, this.#window + (growth * most * operations) / this.#window);
  }

  #slowDown({ because, rest }: Trouble): void {
    const { most, now, random } = this.#options;
    this.#era += 1;
    this.#inVain += 1;
    if (because === 'throttled') this.#window = Math.max(leastWindow * most, this.#window / 2);
    // One broken connection says little about the hub, so the other calls go on.
    if (because === 'broken' && this.#inVain === 1) return;
    this.#pausedUntil = now() + backoff(rest, this.#inVain, random);
  }
}
