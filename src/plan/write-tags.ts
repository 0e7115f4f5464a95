import { asFault, Fault, messageOf } from '../model/fault.ts';
import type { DeviceId, JsonObject } from '../model/fleet.ts';
import { describeReasons } from '../model/reasons.ts';
import type { Registry, Twin } from '../model/registration.ts';
import { eachInFlight } from './in-flight.ts';
import { movedTags, tagChange } from './tags.ts';

/** Tags of one device that are to be written. */
export interface TagWork {
  readonly id: DeviceId;
  readonly wanted: JsonObject | undefined;
  /** The twin as it was planned. Without an etag it is read before anything is written. */
  readonly planned: Twin | { readonly tags: JsonObject };
  /** They were sent with a new device, and the hub did not answer. */
  readonly mayBeDone?: boolean;
}

/** What became of the tags of one device. */
export interface TagOutcome {
  readonly id: DeviceId;
  readonly result: 'written' | 'already' | 'failed' | 'unknown';
  readonly reason?: string;
}

export interface TagOptions {
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly random: () => number;
  readonly done: (outcome: TagOutcome) => void;
}

const callsInFlight = 4;
const mostTries = 6;
const firstWait = { throttled: 10_000, unsettled: 1_000 } as const;

/**
 * Writes tags, a call for each device, each with the etag of the twin that was read. Where a twin has changed meanwhile it is read
 * again: the write is repeated if nothing has moved that it would write; else somebody's change stays. Gives back what ended it early.
 */
export async function writeTags(
  works: readonly TagWork[],
  registry: Registry,
  options: TagOptions,
): Promise<Fault | undefined> {
  let ended: Fault | undefined;
  await eachInFlight(works, callsInFlight, async (work) => {
    if (ended !== undefined) {
      options.done({ id: work.id, result: 'failed', reason: ended.message });
      return;
    }
    const writing = new TagWriting(work, registry);
    try {
      options.done(await writing.carryOut(options));
    } catch (thrown) {
      const fault = asFault(thrown);
      ended ??= fault;
      // A fault of the caller comes before the writing; whatever else was thrown is a mistake of ours.
      options.done(writing.notDone(fault.message, !(thrown instanceof Fault)));
    }
  });
  return ended;
}

/** The tags of one device on their way. */
class TagWriting {
  readonly #work: TagWork;
  readonly #registry: Registry;
  #twin: Twin | undefined;
  /** A write of ours was never answered: the hub may have carried it out. */
  #mayBeDone: boolean;

  constructor(work: TagWork, registry: Registry) {
    this.#work = work;
    this.#registry = registry;
    this.#twin = 'etag' in work.planned ? work.planned : undefined;
    this.#mayBeDone = work.mayBeDone === true;
  }

  notDone(reason: string, sent = false): TagOutcome {
    return { id: this.#work.id, result: this.#mayBeDone || sent ? 'unknown' : 'failed', reason };
  }

  async carryOut({ sleep, random }: Omit<TagOptions, 'done'>): Promise<TagOutcome> {
    let last = '';
    for (let tries = 0; tries < mostTries; tries++) {
      const step = await this.#once();
      if (!('because' in step)) return step;
      last = step.message;
      if (tries + 1 < mostTries) await sleep(random() * firstWait[step.because] * 2 ** tries);
    }
    return this.notDone(`given up after ${mostTries} tries: ${last}`);
  }

  async #once(): Promise<TagOutcome | { readonly because: 'throttled' | 'unsettled'; readonly message: string }> {
    const { id, wanted } = this.#work;
    const outcome = this.#twin === undefined ? await this.#readAgain() : undefined;
    if (outcome !== undefined) return outcome;
    const twin = this.#twin;
    const change = twin && tagChange(wanted, twin);
    if (twin === undefined || change === undefined) return { id, result: this.#mayBeDone ? 'written' : 'already' };
    const answer = await this.#registry.patchTags(id, change.patch, twin.etag);
    if (answer.answer === 'applied') return { id, result: 'written' };
    const { message } = answer;
    if (answer.answer === 'unanswered') this.#mayBeDone = true;
    else if (answer.code === 'throttled') return { because: 'throttled', message };
    else if (answer.code === 'absent') return this.notDone('the device was deleted from the hub after it was planned');
    else if (answer.code !== 'changed') return this.notDone(message);
    const read = await this.#readAgain(twin);
    return read ?? { because: 'unsettled', message };
  }

  /** Takes the twin of now to write upon, if that overwrites nobody; else gives the outcome. */
  async #readAgain(before?: Twin): Promise<TagOutcome | undefined> {
    const { id, wanted, planned } = this.#work;
    let now: Twin | undefined;
    try {
      now = await this.#registry.readTwin(id);
    } catch (thrown) {
      if (before === undefined) return this.notDone(`its twin could not be read: ${messageOf(thrown)}`);
      return undefined; // To write once more is safe: had it been carried out, the etag would refuse it.
    }
    if (now === undefined)
      return { id, result: 'failed', reason: 'the device was deleted from the hub after it was planned' };
    const change = tagChange(wanted, now);
    if (change === undefined) return { id, result: this.#mayBeDone ? 'written' : 'already' };
    const moved = movedTags(wanted, 'etag' in planned ? planned : { etag: '', ...planned }, now);
    // While a write of ours may be done, another etag may belong to somebody who undid what we wrote.
    if (moved.length === 0 && (before?.etag === now.etag || !this.#mayBeDone)) {
      this.#twin = now;
      return undefined;
    }
    return this.notDone(
      this.#mayBeDone
        ? `sent and not answered, and changed by somebody else before or after; still to change: ${describeReasons(change.reasons)}. Plan again.`
        : `changed in the hub after it was planned, nothing was written: ${describeReasons(moved)}. Plan again.`,
    );
  }
}
