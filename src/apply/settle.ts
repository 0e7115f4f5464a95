import { messageOf } from '../model/fault.ts';
import type { Change, DeviceOutcome } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import type { Registry, RegistryWrite, WriteAnswer } from '../model/registry.ts';
import { differences, movedSince, nextRegistration } from '../plan/compare.ts';
import { outcomeReason } from './outcome-reasons.ts';
import type { Again } from './queue.ts';

/** A change that is written; the others are already as they should be, or may not be touched. */
export type Writable = Extract<Change, { kind: 'create' | 'update' }>;

/** A device on its way: what to write next, and what is known of earlier tries. */
export interface Attempt {
  readonly change: Writable;
  readonly write: RegistryWrite;
  /** A write of ours was sent and never answered: the hub may have carried it out, or may do so yet. */
  readonly mayBeDone: boolean;
}

/** `readBack`: not told by the hub's answer, but by what it shows. */
export type Step = { readonly outcome: DeviceOutcome; readonly readBack?: true } | Again<Attempt>;

/**
 * What the hub's answer for one device means; `undefined`: it had none. Where the answer was lost or contradicts the plan, the
 * device is read back (one operation) to learn what is true.
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
  if (answer.answer === 'applied') return { outcome: written(attempt) };
  if (answer.code === 'throttled') return { again: attempt, because: 'throttled', message: answer.message };
  if (answer.code === 'unreached') return again(attempt, answer.message);
  if (answer.code === 'other') return { outcome: notDone(attempt, answer.message) };
  return readBack(attempt, answer.message, readOne);
}

/** An attempt that ends without success: `failed` is certain, so where a write was never answered it is `unknown`. */
export function notDone(attempt: Attempt, reason: string): DeviceOutcome {
  return outcome(attempt, attempt.mayBeDone ? 'unknown' : 'failed', reason);
}

/** Reads one device and decides: finished, once more, or somebody else's change, which stays. */
async function readBack(attempt: Attempt, message: string, readOne: Registry['readOne']): Promise<Step> {
  const { change, mayBeDone } = attempt;
  let now: RegisteredDevice | undefined;
  try {
    now = await readOne(change.id);
  } catch (thrown) {
    // To write once more is safe: had it been carried out, the etag, or the id that is taken, would refuse it.
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

/** Whether the hub's device is just what the attempt wants. */
export function isAsWanted({ change }: Attempt, now: RegisteredDevice | undefined): boolean {
  return now !== undefined && differences(change.identity, now, change.parent).length === 0;
}

/**
 * Repeats an update with the device's etag of now, if that overwrites nobody. While a write of ours may be done, only the
 * etag that it carried will do: another one may belong to somebody who undid what we wrote.
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
