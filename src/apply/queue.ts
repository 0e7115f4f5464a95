import { backoff, brokenRest } from '../model/backoff.ts';
import { asFault, Fault } from '../model/fault.ts';
import type { Stop } from '../model/stop.ts';
import { outcomeReason } from './outcome-reasons.ts';
import type { Pace, Trouble } from './pace.ts';

/** What writing needs from outside, so that a test may own the time. */
export interface Timing {
  /** Milliseconds since some moment. */
  readonly now: () => number;
  /** Ends early, one way or the other, when the signal is aborted. */
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  readonly stop: Stop;
}

/** One device that has to be tried once more, and why. */
export interface Again<Item> {
  readonly again: Item;
  readonly because: 'throttled' | 'unsettled';
  readonly message: string;
}

/** What one call brought. */
export interface CallResult<Item> {
  /** One for every item, in order; undefined: it is finished. */
  readonly unfinished: readonly (Again<Item> | undefined)[];
  readonly trouble?: Trouble;
}

/** The kind of work that a queue does. */
export interface Job<Item> {
  /** Only items of one kind go into one call. */
  readonly kindOf: (item: Item) => string;
  /** One call. Throws where the hub refuses the caller: nothing was done, and going on is no use. */
  readonly carryOut: (items: readonly Item[]) => Promise<CallResult<Item>>;
  /** An item that is tried no more. `sent`: a call with it has thrown what nobody foresaw. */
  readonly giveUp: (item: Item, reason: string, sent: boolean) => void;
}

interface Entry<Item> {
  readonly item: Item;
  /** So often it was tried in vain. */
  readonly tries: number;
  readonly notBefore: number;
}

/** With a fifth of all calls going wrong, one device in ten million meets it so often in a row. */
const mostTries = 10;

/**
 * Items of one hub on their way, as fast as its pace lets them. One that has to be tried again waits for itself, and holds up no other.
 * A hub that lets nothing through so often in a row is given up.
 */
export class Queue<Item> {
  /** What ended it early: the hub refuses us, or the run was stopped. */
  fault: Fault | undefined;
  readonly #job: Job<Item>;
  readonly #pace: Pace;
  readonly #timing: Timing;
  readonly #fresh = new Map<string, Entry<Item>[]>();
  #resting: Entry<Item>[] = [];
  #underWay = 0;
  /** Why nothing is tried any more. */
  #over: string | undefined;
  #changed = () => {};

  constructor(job: Job<Item>, pace: Pace, timing: Timing) {
    this.#job = job;
    this.#pace = pace;
    this.#timing = timing;
  }

  /** May be called while it runs. */
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
    const wake = () => this.#changed();
    stop.asked.addEventListener('abort', wake);
    for (;;) {
      if (stop.asked.aborted) this.end(stop.fault());
      if (this.#over === undefined) this.#launch();
      else this.#giveUpAll(this.#over);
      if (this.#underWay === 0 && this.#nextItemAt() === Number.POSITIVE_INFINITY) break;
      await this.#change();
    }
    stop.asked.removeEventListener('abort', wake);
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
      // A fault of the caller comes before the writing; whatever else was thrown is a mistake of ours.
      for (const { item } of entries) this.#job.giveUp(item, fault.message, !(thrown instanceof Fault));
    }
    this.#underWay -= 1;
    this.#changed();
  }

  #retry({ tries: before }: Entry<Item>, { again: item, because, message }: Again<Item>): void {
    const { now, random } = this.#timing;
    // A throttled hub is no refusal of the device: it takes its time, and the pace waits for it.
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

  /** Nothing is tried any more. */
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

  /** What goes into the next call: those that were tried before, if their time has come, then the others. */
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

  /** Until a call has ended, the run is stopped, or the next call may go. */
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
