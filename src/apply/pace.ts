import { backoff, type Rest } from '../model/backoff.ts';

export interface PaceOptions {
  /** The quota, in operations a minute; absent: not known, and the pace adapts. */
  readonly perMinute?: number | undefined;
  /** The most operations of one call. */
  readonly most: number;
  /** Milliseconds since some moment. */
  readonly now: () => number;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

/** What was wrong with a call as a whole. */
export interface Trouble {
  readonly because: 'throttled' | 'broken';
  readonly rest: Rest;
  /** Some of it was answered all the same. */
  readonly partly: boolean;
}

/** A call on its way. */
export interface Sent {
  readonly operations: number;
  readonly era: number;
}

/** Calls on their way at the same time, at first and at most. */
const callsAtFirst = 4;
const callsAtMost = 8;
/** Operations that the window grows by for every window that is answered. */
const growth = 0.2;
const leastWindow = 0.2;
/** With a quota a call takes no more of it than comes in so many seconds: smaller steps, the same pace. */
const secondsOfCall = 10;
/** Time that was lost may be caught up with, so that a late timer costs no quota. The service queues more than that. */
const catchUp = 5_000;

/**
 * How fast one hub is asked, in operations of one quota. Never more is under way than a window, which grows by a little with every
 * answer and is halved by a 429 (additive increase, multiplicative decrease): since a hub queues before it refuses, a window that
 * is never empty uses the whole of a quota that nobody has told us. It starts wide. Where the quota is known, calls are
 * spread evenly over time as well. After a call in vain it pauses, longer each time until one is answered.
 */
export class Pace {
  readonly #options: PaceOptions;
  #window: number;
  #underWay = 0;
  /** Until then, what was sent has used up the quota. */
  #paidUntil: number;
  #pausedUntil = Number.NEGATIVE_INFINITY;
  /** Calls sent in one era meet the same trouble: it counts once. */
  #era = 0;
  #inVain = 0;
  #operations = 0;

  constructor(options: PaceOptions) {
    this.#options = options;
    this.#window = callsAtFirst * options.most;
    this.#paidUntil = Number.NEGATIVE_INFINITY;
  }

  /** All operations so far. */
  get operations(): number {
    return this.#operations;
  }

  /** How often, one after the other, the hub has answered nothing of what it was asked. */
  get inVain(): number {
    return this.#inVain;
  }

  /** The operations that the next call may have. */
  get share(): number {
    const { most, perMinute = Number.POSITIVE_INFINITY } = this.#options;
    const share = Math.min(this.#window / callsAtFirst, (perMinute * secondsOfCall) / 60);
    return Math.max(1, Math.min(most, Math.ceil(share)));
  }

  /** When the next call may go: a moment, which may be past, or Infinity where an answer has to come first. */
  nextAt(): number {
    if (this.#underWay > 0 && this.#underWay + this.share > this.#window) return Number.POSITIVE_INFINITY;
    return Math.max(this.#pausedUntil, this.#paidUntil);
  }

  send(operations: number): Sent {
    this.#underWay += operations;
    this.spend(operations);
    return { operations, era: this.#era };
  }

  /** Operations beside the calls that are paced: a device that is read back. */
  spend(operations: number): void {
    const { now, perMinute } = this.#options;
    this.#operations += operations;
    if (perMinute === undefined) return;
    this.#paidUntil = Math.max(this.#paidUntil, now() - catchUp) + (operations * 60_000) / perMinute;
  }

  /** A call has ended; with trouble, if it was throttled, not answered, or answered with a fault of the service. */
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
    // One broken connection says little of the hub: the others go on.
    if (because === 'broken' && this.#inVain === 1) return;
    this.#pausedUntil = now() + backoff(rest, this.#inVain, random);
  }
}
