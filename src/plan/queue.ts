import { backoff, type Rest } from '../model/backoff.ts';
import { asFault, Fault } from '../model/fault.ts';
import type { Stop } from '../model/stop.ts';
import type { Pace } from './pace.ts';

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
  /** Absent: as is usual. */
  readonly rest?: Rest;
}

/** What one call brought: the devices that it did not finish, and whether the hub answered at all. */
export interface CallResult<Item> {
  readonly unfinished: readonly Again<Item>[];
  /** The hub took nothing of it. */
  readonly inVain?: { readonly rest: Rest; readonly throttled: boolean };
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
  fault: Fault | undefined;
  readonly #job: Job<Item>;
  readonly #pace: Pace;
  readonly #timing: Timing;
  readonly #fresh = new Map<string, Entry<Item>[]>();
  #resting: Entry<Item>[] = [];
  #underWay = 0;
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
      if (stop.asked.aborted) this.fault ??= stop.fault();
      if (this.fault !== undefined) this.#endAll(this.fault.message);
      this.#launch();
      if (this.#underWay === 0 && this.#idle()) break;
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
      const { unfinished, inVain } = await this.#job.carryOut(entries.map(({ item }) => item));
      if (inVain === undefined) this.#pace.answered(sent);
      else this.#pace.refused(sent, inVain.rest, inVain.throttled);
      const tries = entries[0]?.tries ?? 0;
      for (const again of unfinished) this.#again(again, tries);
    } catch (thrown) {
      this.#pace.answered(sent);
      const fault = asFault(thrown);
      this.fault ??= fault;
      for (const { item } of entries) this.#job.giveUp(item, fault.message, !(thrown instanceof Fault));
    }
    this.#underWay -= 1;
    this.#changed();
  }
