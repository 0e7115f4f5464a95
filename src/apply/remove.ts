import { asFault, Fault, messageOf } from '../model/fault.ts';
import { inFlight } from '../model/in-flight.ts';
import type { DeviceOutcome, Removal } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import type { Registry, RegistryWrite, WriteAnswer } from '../model/registry.ts';
import { movedSince } from '../plan/compare.ts';
import { isRemoved, removalMark } from '../plan/status.ts';
import { callResult } from './call-result.ts';
import { type Imports, isCutShort } from './imports.ts';
import { outcomeReason } from './outcome-reasons.ts';
import type { Pace } from './pace.ts';
import { type Again, Queue, type Timing } from './queue.ts';

export interface RemoveOptions {
  readonly pace: Pace;
  readonly timing: Timing;
  /** If absent, everything goes in bulks. */
  readonly imports?: Imports | undefined;
  readonly done: (outcome: DeviceOutcome) => void;
}

interface Attempt {
  readonly removal: Removal;
  /** The device as it was read last. Every write carries its etag. */
  readonly found: RegisteredDevice;
  /** A write was sent and not answered, so the hub may have carried it out. */
  readonly mayBeDone: boolean;
}

type Step = { readonly outcome: DeviceOutcome } | Again<Attempt>;

const readsInFlight = 8;

/**
 * Disables or deletes devices in bulks. A device that somebody changed since it was planned stays as it is and fails
 * with the difference. Returns the fault that ended it early. Never throws.
 */
export async function remove(
  removals: readonly Removal[],
  registry: Registry,
  { pace, timing, imports, done }: RemoveOptions,
): Promise<Fault | undefined> {
  const queue = new Queue<Attempt>(
    {
      kindOf: ({ removal }) => removal.kind,
      async carryOut(bulk) {
        const answers = await registry.write(bulk.map(writeOf));
        const asked = bulk.map((attempt, index) => ({ attempt, answer: answers[index] }));
        const steps = await inFlight(asked, readsInFlight, ({ attempt, answer }) => settle(attempt, answer, registry));
        for (const step of steps) if ('outcome' in step) done(step.outcome);
        return callResult(steps, answers);
      },
      giveUp: (attempt, reason, sent) => done(notDone({ ...attempt, mayBeDone: attempt.mayBeDone || sent }, reason)),
    },
    pace,
    timing,
  );
  const attempts = removals.map((removal) => ({ removal, found: removal.found, mayBeDone: false }));
  try {
    queue.add(imports?.takes(attempts.length) ? await byImport(attempts, imports, done) : attempts);
  } catch (thrown) {
    const fault = asFault(thrown);
    queue.end(fault);
    for (const attempt of attempts) done(notDone({ ...attempt, mayBeDone: !(thrown instanceof Fault) }, fault.message));
  }
  await queue.run();
  return queue.fault;
}

/** Removes many devices by one job. Returns those that it leaves open. */
async function byImport(
  attempts: readonly Attempt[],
  imports: Imports,
  done: RemoveOptions['done'],
): Promise<readonly Attempt[]> {
  const imported = await imports.write(attempts.map(writeOf));
  const again: Attempt[] = [];
  for (const [index, attempt] of attempts.entries()) {
    const answer = imported.answers[index];
    if (isCutShort(imported, answer)) done(notDone({ ...attempt, mayBeDone: true }, answer?.message ?? ''));
    else {
      const step = await settle(attempt, answer, imported);
      if ('outcome' in step) done(step.outcome);
      else again.push(step.again);
    }
  }
  return again;
}

function writeOf({ removal, found }: Attempt): RegistryWrite {
  return removal.kind === 'delete' ? { mode: 'delete', found } : { mode: 'disable', found, statusReason: removalMark };
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
  if (answer.code === 'other') return { outcome: notDone(attempt, answer.message) };
  return readBack(attempt, answer.message, registry);
}

/**
 * Reads the device and decides: it is removed; it is tried again with its new etag; or somebody else changed it, and it
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
  return { again: { ...attempt, found: now }, because: 'unsettled', message };
}

/** `failed` means certainly not removed. Where a write was never answered the outcome is `unknown`. */
function notDone(attempt: Attempt, reason: string): DeviceOutcome {
  return outcomeOf(attempt, attempt.mayBeDone ? 'unknown' : 'failed', reason);
}

function outcomeOf({ removal }: Attempt, result: DeviceOutcome['result'], reason?: string): DeviceOutcome {
  const { id: device, hub } = removal;
  return { device, hub, result, ...(reason === undefined ? {} : { reason }) };
}
