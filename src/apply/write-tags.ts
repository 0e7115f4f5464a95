import { type Fault, messageOf } from '../model/fault.ts';
import type { DeviceId, JsonObject } from '../model/fleet.ts';
import { type Owner, ownerIn } from '../model/owner.ts';
import type { Reason } from '../model/plan.ts';
import type { Twin } from '../model/registration.ts';
import type { Registry, WriteAnswer } from '../model/registry.ts';
import { claimReason, markPatch, movedOwner, ownership } from '../plan/ownership.ts';
import { movedTags, tagChange } from '../plan/tags.ts';
import { callResult } from './call-result.ts';
import { outcomeReason } from './outcome-reasons.ts';
import type { Pace } from './pace.ts';
import { type Again, Queue, type Timing } from './queue.ts';

/** The tags of one device that are to be written, the mark of its owner among them. */
export interface TagWork {
  readonly id: DeviceId;
  readonly wanted: JsonObject | undefined;
  /** This repository, if it is known. A mark of ours that bears an old name is refreshed. */
  readonly owner?: Owner | undefined;
  /** The device gets our mark, whatever mark it bore when it was planned. */
  readonly claims?: boolean;
  /** The twin that the plan was made from. Without an etag, the twin is read before anything is written. */
  readonly planned: Twin | { readonly tags: JsonObject };
  /** The tags were sent with a new device, and the hub did not answer. */
  readonly mayBeDone?: boolean;
}

/** The result for the tags of one device. */
export interface TagOutcome {
  readonly id: DeviceId;
  readonly result: 'written' | 'already' | 'failed' | 'unknown';
  readonly reason?: string;
}

export interface TagOptions {
  readonly pace: Pace;
  readonly timing: Timing;
  readonly done: (outcome: TagOutcome) => void;
}

/**
 * Writes tags, one call for each device, with the etag of the twin that was read. If a twin has changed meanwhile, it
 * is read again. The write is repeated if nothing that it writes has changed; otherwise the other change stays. Returns
 * the fault that ended it early.
 */
export async function writeTags(
  works: readonly TagWork[],
  registry: Registry,
  { pace, timing, done }: TagOptions,
): Promise<Fault | undefined> {
  const queue = new Queue<TagWriting>(
    {
      kindOf: () => 'tags',
      async carryOut(writings) {
        // There is only one: a twin cannot be written in a bulk.
        const steps = await Promise.all(writings.map((writing) => writing.tryOnce()));
        for (const { outcome } of steps) if (outcome !== undefined) done(outcome);
        return callResult(
          steps.map(({ again }) => again ?? {}),
          steps.map(({ answer }) => answer),
        );
      },
      giveUp: (writing, reason, sent) => done(writing.notDone(reason, sent)),
    },
    pace,
    timing,
  );
  queue.add(works.map((work) => new TagWriting(work, registry)));
  await queue.run();
  return queue.fault;
}

interface TagStep {
  readonly outcome?: TagOutcome;
  readonly again?: Again<TagWriting>;
  readonly answer: WriteAnswer;
}

/** The tags of one device while they are written. */
class TagWriting {
  readonly #work: TagWork;
  readonly #registry: Registry;
  #twin: Twin | undefined;
  /** A write was sent and not answered. The hub may have carried it out. */
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

  /** Makes one try. `answer` is the hub's answer to the write, or a substitute where no write was needed. */
  async tryOnce(): Promise<TagStep> {
    const { id } = this.#work;
    const outcome = this.#twin === undefined ? await this.#readAgain() : undefined;
    if (outcome !== undefined) return { outcome, answer: { id, answer: 'applied' } };
    const twin = this.#twin;
    const change = twin && this.#change(twin);
    if (twin === undefined || change === undefined) {
      return { outcome: { id, result: this.#mayBeDone ? 'written' : 'already' }, answer: { id, answer: 'applied' } };
    }
    const answer = await this.#registry.patchTags(id, change.patch, twin.etag);
    return { answer, ...(await this.#settle(answer, twin)) };
  }

  /** What is to be written into a twin. Undefined if it is as wanted. */
  #change(twin: Twin): { readonly patch: JsonObject; readonly reasons: readonly Reason[] } | undefined {
    const { wanted, owner, claims = false } = this.#work;
    const tags = tagChange(wanted, twin);
    const ours = ownership(twin, owner) === 'ours';
    if (owner === undefined || (ours ? tags === undefined : !claims)) return tags;
    const claim = ours ? [] : [claimReason({ owner, before: ownerIn(twin.tags) })];
    return {
      patch: { ...tags?.patch, ...markPatch(owner, twin.tags) },
      reasons: [...claim, ...(tags?.reasons ?? [])],
    };
  }

  async #settle(answer: WriteAnswer, twin: Twin): Promise<Pick<TagStep, 'outcome' | 'again'>> {
    const { id } = this.#work;
    if (answer.answer === 'applied') return { outcome: { id, result: 'written' } };
    const { message } = answer;
    const again = { again: this, because: 'unsettled', message } as const;
    if (answer.answer === 'unanswered') this.#mayBeDone = true;
    else if (answer.code === 'throttled') return { again: { ...again, because: 'throttled' } };
    else if (answer.code === 'unreached') return { again };
    else if (answer.code === 'absent') return { outcome: this.notDone(outcomeReason.deleted()) };
    else if (answer.code !== 'changed') return { outcome: this.notDone(message) };
    const read = await this.#readAgain(twin);
    return read === undefined ? { again } : { outcome: read };
  }

  /** Takes the current twin as the base of the next write, if that overwrites nobody. Otherwise returns the outcome. */
  async #readAgain(before?: Twin): Promise<TagOutcome | undefined> {
    const { id, wanted, planned, owner } = this.#work;
    let now: Twin | undefined;
    try {
      now = await this.#registry.readTwin(id);
    } catch (thrown) {
      if (before === undefined) return this.notDone(outcomeReason.twinUnread({ why: messageOf(thrown) }));
      return undefined; // Writing again is safe: if the first write was carried out, the etag refuses the second.
    }
    if (now === undefined) return { id, result: 'failed', reason: outcomeReason.deleted() };
    const change = this.#change(now);
    if (change === undefined) return { id, result: this.#mayBeDone ? 'written' : 'already' };
    const plannedTwin = 'etag' in planned ? planned : { etag: '', ...planned };
    const moved = [...movedOwner(plannedTwin, now, owner), ...movedTags(wanted, plannedTwin, now)];
    // If an earlier write of ours may have been carried out, another etag may come from somebody who undid it.
    if (moved.length === 0 && (before?.etag === now.etag || !this.#mayBeDone)) {
      this.#twin = now;
      return undefined;
    }
    return this.notDone(
      this.#mayBeDone
        ? outcomeReason.changedWhileUnanswered({ left: change.reasons })
        : outcomeReason.changedSincePlanned({ moved }),
    );
  }
}
