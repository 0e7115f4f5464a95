import { type Fault, messageOf } from '../model/fault.ts';
import type { DeviceId } from '../model/fleet.ts';
import { inFlight } from '../model/in-flight.ts';
import type { DeviceOutcome, Removal } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import type { DeviceWithTwin, Registry, RegistryWrite, WriteAnswer } from '../model/registry.ts';
import { movedSince } from '../plan/compare.ts';
import { otherOwner, ownership } from '../plan/ownership.ts';
import { isRemoved, removalMark } from '../plan/status.ts';
import { callResult } from './call-result.ts';
import { outcomeReason } from './outcome-reasons.ts';
import type { Pace } from './pace.ts';
import { type Again, Queue, type Timing } from './queue.ts';

export interface RemoveOptions {
  readonly pace: Pace;
  readonly timing: Timing;
  readonly done: (outcome: DeviceOutcome) => void;
}

interface Attempt {
  readonly removal: Removal;
  /** A write was sent and not answered, so the hub may have carried it out. */
  readonly mayBeDone: boolean;
}

/** An attempt that may be sent now. */
interface Ready {
  readonly attempt: Attempt;
  /** The device as it was read directly before. The write carries its etag. */
  readonly now: RegisteredDevice;
}

type Step = { readonly outcome: DeviceOutcome } | Again<Attempt>;

const readsInFlight = 8;

/**
 * Disables or deletes devices in bulks. Directly before each bulk the twin of each device is read: that one answer holds the mark of
 * the owner and the etag of the identity. A device that does not bear our mark stays. So does one that somebody changed since it was
 * planned; it fails with the difference. Import jobs are not used, because another repository could take a device over while a job
 * waits. Returns the fault that ended it early. Never throws.
 */
export async function remove(
  removals: readonly Removal[],
  registry: Registry,
  { pace, timing, done }: RemoveOptions,
): Promise<Fault | undefined> {
  const queue = new Queue<Attempt>(
    {
      kindOf: ({ removal }) => removal.kind,
      async carryOut(bulk) {
        const read = await inFlight(bulk, readsInFlight, (attempt) => readFirst(attempt, registry));
        const ready = read.filter(isReady);
        const answers = ready.length === 0 ? [] : await registry.write(ready.map(writeOf));
        const byId = new Map(answers.map((answer) => [answer.id, answer]));
        const steps = await inFlight(read, readsInFlight, (one) =>
          isReady(one) ? settle(one.attempt, byId.get(one.attempt.removal.id), registry) : Promise.resolve(one),
        );
        for (const step of steps) if ('outcome' in step) done(step.outcome);
        // A device that was not sent has no answer of its own, and says nothing against the hub.
        const sent = bulk.map(({ removal: { id } }) => byId.get(id) ?? (isSent(ready, id) ? undefined : notSent(id)));
        return callResult(steps, sent);
      },
      giveUp: (attempt, reason, sent) => done(notDone({ ...attempt, mayBeDone: attempt.mayBeDone || sent }, reason)),
    },
    pace,
    timing,
  );
  queue.add(removals.map((removal) => ({ removal, mayBeDone: false })));
  await queue.run();
  return queue.fault;
}

function isSent(ready: readonly Ready[], id: DeviceId): boolean {
  return ready.some(({ attempt }) => attempt.removal.id === id);
}

function notSent(id: DeviceId): WriteAnswer {
  return { id, answer: 'applied' };
}

function isReady(one: Ready | Step): one is Ready {
  return 'now' in one;
}

/** Reads the device and its mark. Decides whether it may be removed. */
async function readFirst(attempt: Attempt, registry: Registry): Promise<Ready | Step> {
  const { removal } = attempt;
  let now: DeviceWithTwin | undefined;
  try {
    now = await registry.readWithTwin(removal.id);
  } catch (thrown) {
    // A device whose owner is not known stays.
    return { outcome: notDone(attempt, outcomeReason.twinUnread({ why: messageOf(thrown) })) };
  }
  if (now === undefined || (removal.kind === 'disable' && isRemoved(now))) {
    return { outcome: outcomeOf(attempt, 'removed') };
  }
  if (ownership(now.twin, removal.owner) !== 'ours') {
    return { outcome: notDone(attempt, outcomeReason.notOurs({ owner: otherOwner(now, removal.owner) })) };
  }
  const moved = movedSince(removal.found, now);
  if (moved.length > 0) return { outcome: notDone(attempt, outcomeReason.changedBeforeRemoval({ moved })) };
  return { attempt, now };
}

function writeOf({ attempt: { removal }, now }: Ready): RegistryWrite {
  return removal.kind === 'delete'
    ? { mode: 'delete', found: now }
    : { mode: 'disable', found: now, statusReason: removalMark };
}

async function settle(
  attempt: Attempt,
  answer: WriteAnswer | undefined,
  registry: Pick<Registry, 'readOne'>,
): Promise<Step> {
  if (answer === undefined || answer.answer === 'unanswered') {
    const message = answer?.message ?? outcomeReason.noAnswer();
    return readBack({ ...attempt, mayBeDone: true }, message, registry);
  }
  if (answer.answer === 'applied') return { outcome: outcomeOf(attempt, 'removed') };
  if (answer.code === 'throttled') return { again: attempt, because: 'throttled', message: answer.message };
  if (answer.code === 'unreached') return { again: attempt, because: 'unsettled', message: answer.message };
  if (answer.code === 'other' || answer.code === 'unauthorized') return { outcome: notDone(attempt, answer.message) };
  return readBack(attempt, answer.message, registry);
}

/**
 * Reads the device and decides: it is removed; it is tried again, with its mark read again; or somebody else changed it, and it
 * stays.
 */
async function readBack(attempt: Attempt, message: string, registry: Pick<Registry, 'readOne'>): Promise<Step> {
  let now: RegisteredDevice | undefined;
  try {
    now = await registry.readOne(attempt.removal.id);
  } catch (thrown) {
    const both = outcomeReason.notReadBack({ why: message, reading: messageOf(thrown) });
    return { again: attempt, because: 'unsettled', message: both };
  }
  if (now === undefined || (attempt.removal.kind === 'disable' && isRemoved(now))) {
    return { outcome: outcomeOf(attempt, 'removed') };
  }
  const moved = movedSince(attempt.removal.found, now);
  if (moved.length > 0) {
    return { outcome: outcomeOf(attempt, 'failed', outcomeReason.changedBeforeRemoval({ moved })) };
  }
  return { again: attempt, because: 'unsettled', message };
}

/** `failed` means certainly not removed. Where a write was never answered the outcome is `unknown`. */
function notDone(attempt: Attempt, reason: string): DeviceOutcome {
  return outcomeOf(attempt, attempt.mayBeDone ? 'unknown' : 'failed', reason);
}

function outcomeOf({ removal }: Attempt, result: DeviceOutcome['result'], reason?: string): DeviceOutcome {
  const { id: device, hub } = removal;
  return { device, hub, result, ...(reason === undefined ? {} : { reason }) };
}
