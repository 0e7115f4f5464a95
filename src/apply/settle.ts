import { messageOf } from '../model/fault.ts';
import type { Change, DeviceOutcome } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import type { Registry, RegistryWrite, WriteAnswer } from '../model/registry.ts';
import { differences, movedSince, nextRegistration } from '../plan/compare.ts';
import { outcomeReason } from './outcome-reasons.ts';
import type { Again } from './queue.ts';

/** A change that is written. Other changes need no write, or must not be written. */
export type Writable = Extract<Change, { kind: 'create' | 'update' }>;

/** A device that is being written: the next write, and what is known about earlier tries. */
export interface Attempt {
  readonly change: Writable;
  readonly write: RegistryWrite;
  /** A write was sent and not answered. The hub may have carried it out, or may still do so. */
  readonly mayBeDone: boolean;
}

/** `readBack`: the outcome was found by reading the device, not from the hub's answer. */
export type Step = { readonly outcome: DeviceOutcome; readonly readBack?: true } | Again<Attempt>;

/**
 * Decides the next step of one device from the hub's answer; `undefined` if there is none. If the answer was lost or
 * contradicts the plan, reads the device back (one operation) to learn what is true.
 */
export async function settle(
  attempt: Attempt,
  answer: WriteAnswer | undefined,
  readOne: Registry['readOne'],
): Promise<Step> {
  if (answer === undefined || answer.answer === 'unanswered') {
    const message = answer?.message ?? outcomeReason.noAnswer();
    return readBack({ ...attempt, mayBeDone: true }, message, readOne);
  }
  if (answer.answer === 'applied') {
    const outcome = written(attempt);
    return { outcome: answer.unmarked === true ? { ...outcome, owner: 'refused' } : outcome };
  }
  if (answer.code === 'throttled') return { again: attempt, because: 'throttled', message: answer.message };
  if (answer.code === 'unreached') return again(attempt, answer.message);
  if (answer.code === 'other' || answer.code === 'unauthorized') {
    return { outcome: notDone(attempt, answer.message) };
  }
  return readBack(attempt, answer.message, readOne);
}

/**
 * The outcome of an attempt without success. `failed` means certainly not written; after a write without an answer it
 * is `unknown`.
 */
export function notDone(attempt: Attempt, reason: string): DeviceOutcome {
  return outcome(attempt, attempt.mayBeDone ? 'unknown' : 'failed', reason);
}

/**
 * Reads one device and decides: it is finished; it is tried again; or somebody else changed it, and that change stays.
 */
async function readBack(attempt: Attempt, message: string, readOne: Registry['readOne']): Promise<Step> {
  const { change, mayBeDone } = attempt;
  let now: RegisteredDevice | undefined;
  try {
    now = await readOne(change.id);
  } catch (thrown) {
    // Writing again is safe: if the first write was carried out, the etag or the taken id refuses the second.
    return again(attempt, outcomeReason.notReadBack({ why: message, reading: messageOf(thrown) }));
  }
  if (isAsWanted(attempt, now)) {
    return {
      readBack: true,
      outcome: mayBeDone ? written(attempt) : outcome(attempt, 'unchanged', outcomeReason.alreadySo()),
    };
  }
  const seen = mayBeDone ? outcomeReason.notCarriedOut({ why: message }) : message;
  if (change.kind === 'update') return updateAgain(attempt, change, now, seen);
  if (now === undefined) return again(attempt, seen);
  const left = differences(change.identity, now, change.parent);
  const reason = mayBeDone ? outcomeReason.notAsWanted({ why: message, left }) : outcomeReason.idTaken({ left });
  return { outcome: notDone(attempt, reason) };
}

/** Whether the device in the hub is exactly as the attempt wants it. */
export function isAsWanted({ change }: Attempt, now: RegisteredDevice | undefined): boolean {
  return now !== undefined && differences(change.identity, now, change.parent).length === 0;
}

/**
 * Repeats an update with the device's current etag, if that overwrites nobody. If an earlier write of ours may have
 * been carried out, the etag must be the one that it carried: another etag may come from somebody who undid our write.
 */
function updateAgain(
  attempt: Attempt,
  { identity, found, parent }: Writable & { readonly kind: 'update' },
  now: RegisteredDevice | undefined,
  message: string,
): Step {
  if (now === undefined) {
    return { outcome: outcome(attempt, 'failed', outcomeReason.deleted()) };
  }
  const moved = movedSince(found, now, parent);
  const untouched = attempt.write.mode === 'update' && attempt.write.etag === now.etag;
  if (moved.length === 0 && (untouched || !attempt.mayBeDone)) {
    const write = { mode: 'update', registration: nextRegistration(identity, now, parent), etag: now.etag } as const;
    return again({ ...attempt, write }, message);
  }
  const reason = attempt.mayBeDone
    ? outcomeReason.changedWhileUnanswered({ left: differences(identity, now, parent) })
    : outcomeReason.changedSincePlanned({ moved });
  return { outcome: notDone(attempt, reason) };
}

function again(attempt: Attempt, message: string): Step {
  return { again: attempt, because: 'unsettled', message };
}

function written(attempt: Attempt): DeviceOutcome {
  return outcome(attempt, attempt.change.kind === 'create' ? 'created' : 'updated');
}

function outcome({ change }: Attempt, result: DeviceOutcome['result'], reason?: string): DeviceOutcome {
  return { device: change.id, hub: change.hub, result, ...(reason === undefined ? {} : { reason }) };
}
