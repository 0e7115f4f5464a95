import { backoff, brokenRest } from '../model/backoff.ts';
import { asFault, Fault } from '../model/fault.ts';
import { onAbort, type Stop } from '../model/stop.ts';
import { outcomeReason } from './outcome-reasons.ts';
import type { Pace, Trouble } from './pace.ts';

/** Time and chance. They come from outside, so that a test controls them. */
export interface Timing {
  /** Milliseconds since some moment. */
  readonly now: () => number;
  /** Resolves or rejects early when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  readonly stop: Stop;
}

/** An item that has to be tried again, and why. */
export interface Again<Item> {
  readonly again: Item;
  readonly because: 'throttled' | 'unsettled';
  readonly message: string;
}

/** The result of one call. */
export interface CallResult<Item> {
  /** One for each item, in order; undefined if the item is finished. */
  readonly unfinished: readonly (Again<Item> | undefined)[];
  readonly trouble?: Trouble;
}

/** The work that a queue does. */
export interface Job<Item> {
  /** A call holds items of one kind only. */
  readonly kindOf: (item: Item) => string;
  /** Makes one call. Throws if the hub refuses the caller: then nothing was done, and to go on would not help. */
  readonly carryOut: (items: readonly Item[]) => Promise<CallResult<Item>>;
  /** Called with an item that is not tried any more. `sent`: a call with it threw something other than a `Fault`. */
  readonly giveUp: (item: Item, reason: string, sent: boolean) => void;
}

interface Entry<Item> {
  readonly item: Item;
  /** Number of failed tries. */
  readonly tries: number;
  readonly notBefore: number;
}

/** If a fifth of all calls fail, one device in ten million fails this often in a row. */
const mostTries = 10;

/**
 * Sends the items of one hub, as fast as its pace allows. An item that has to be tried again waits on its own and does
 * not hold up the others. After `mostTries` failed calls in a row the hub is given up.
 */
export class Queue<Item> {
  /** Why it ended early: the hub refuses us, or the run was stopped. */
  fault: Fault | undefined;
  readonly #job: Job<Item>;
  readonly #pace: Pace;
  readonly #timing: Timing;
  readonly #fresh = new Map<string, Entry<Item>[]>();
  #resting: Entry<Item>[] = [];
  #underWay = 0;
  /** The reason why nothing is tried any more; undefined while it goes on. */
  #over: string | undefined;
  #changed = () => {};

  constructor(job: Job<Item>, pace: Pace, timing: Timing) {
    this.#job = job;
    this.#pace = pace;
    this.#timing = timing;
  }

  /** Adds items. May be called while the queue runs. */
  add(items: readonly Item[]): void {
    for (const item of items) {
      const kind = this.#job.kindOf(item);
      const ofKind = this.#fresh.get(kind) ?? [];
      if (ofKind.length === 0) this.#fresh.set(kind, ofKind);
      ofKind.push({ item, tries: 0, notBefore: Number.NEGATIVE_INFINITY });
    }
  }

  /** Runs until every item is finished or given up. Never throws. */
  async run(): Promise<void> {
    const { stop } = this.#timing;
    const awake = onAbort(stop.asked, () => this.#changed());
    for (;;) {
      if (stop.asked.aborted) this.end(stop.fault());
      if (this.#over === undefined) this.#launch();
      else this.#giveUpAll(this.#over);
      if (this.#underWay === 0 && this.#nextItemAt() === Number.POSITIVE_INFINITY) break;
      await this.#change();
    }
    awake();
  }

  #launch(): void {
    const now = this.#timing.now();
    while (this.#pace.nextAt() <= now) {
      const entries = this.#take(now);
      if (entries.length === 0) return;
      this.#underWay += 1;
      void this.#call(entries);
    }
  }

  async #call(entries: readonly Entry<Item>[]): Promise<void> {
    const sent = this.#pace.send(entries.length);
    try {
      const { unfinished, trouble } = await this.#job.carryOut(entries.map(({ item }) => item));
      this.#pace.ended(sent, trouble);
      for (const [index, entry] of entries.entries()) {
        const again = unfinished[index];
        if (again !== undefined) this.#retry(entry, again);
      }
    } catch (thrown) {
      this.#pace.ended(sent);
      const fault = asFault(thrown);
      this.end(fault);
      // A `Fault` is thrown before anything is written. Anything else is a bug of ours, and the call may have been
      // sent.
      for (const { item } of entries) this.#job.giveUp(item, fault.message, !(thrown instanceof Fault));
    }
    this.#underWay -= 1;
    this.#changed();
  }

  #retry({ tries: before }: Entry<Item>, { again: item, because, message }: Again<Item>): void {
    const { now, random } = this.#timing;
    // A throttled hub did not refuse the device, so the try does not count. The pace waits for the hub.
    const tries = because === 'throttled' ? before : before + 1;
    const last = outcomeReason.givenUp({ tries: mostTries, why: message });
    if (this.#pace.inVain >= mostTries) this.#over ??= last;
    if (this.#over !== undefined) this.#job.giveUp(item, this.#over, false);
    else if (tries >= mostTries) this.#job.giveUp(item, last, false);
    else {
      const rest = because === 'throttled' ? 0 : backoff(brokenRest, tries, random);
      this.#resting.push({ item, tries, notBefore: now() + rest });
    }
  }

  /** Ends the queue: nothing is tried any more. */
  end(fault: Fault): void {
    this.fault ??= fault;
    this.#over ??= fault.message;
  }

  #giveUpAll(reason: string): void {
    const left = [...[...this.#fresh.values()].flat(), ...this.#resting];
    this.#fresh.clear();
    this.#resting = [];
    for (const { item } of left) this.#job.giveUp(item, reason, false);
  }

  /** Takes the items of the next call: first those that were tried before and whose rest is over, then new ones. */
  #take(now: number): readonly Entry<Item>[] {
    const most = this.#pace.share;
    const rested = this.#resting.filter(({ notBefore }) => notBefore <= now);
    const [first] = rested;
    const kind = first === undefined ? [...this.#fresh.keys()][0] : this.#job.kindOf(first.item);
    if (kind === undefined) return [];
    const tried = rested.filter(({ item }) => this.#job.kindOf(item) === kind).slice(0, most);
    const chosen = new Set(tried);
    if (tried.length > 0) this.#resting = this.#resting.filter((entry) => !chosen.has(entry));
    const ofKind = this.#fresh.get(kind) ?? [];
    const fresh = ofKind.splice(0, most - tried.length);
    if (ofKind.length === 0) this.#fresh.delete(kind);
    return [...tried, ...fresh];
  }

  #nextItemAt(): number {
    if (this.#fresh.size > 0) return Number.NEGATIVE_INFINITY;
    return this.#resting.reduce((least, { notBefore }) => Math.min(least, notBefore), Number.POSITIVE_INFINITY);
  }

  /** Waits until a call has ended, the run is stopped, or the next call may be sent. */
  async #change(): Promise<void> {
    const { now, sleep } = this.#timing;
    const changed = new Promise<void>((resolve) => {
      this.#changed = resolve;
    });
    const at = Math.max(this.#nextItemAt(), this.#pace.nextAt());
    if (at === Number.POSITIVE_INFINITY) return changed;
    const nap = new AbortController();
    await Promise.race([changed, sleep(at - now(), nap.signal).catch(() => {})]);
    nap.abort();
  }
}
