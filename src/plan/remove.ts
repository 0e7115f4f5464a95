import { asFault, type Fault, messageOf } from '../model/fault.ts';
import type { DeviceOutcome, Removal } from '../model/plan.ts';
import { describeReasons } from '../model/reasons.ts';
import type { RegisteredDevice, Registry, RegistryWrite, WriteAnswer } from '../model/registration.ts';
import { movedSince } from './compare.ts';
import type { RoundOptions } from './rounds.ts';
import { isRemoved, removalMark } from './status.ts';

const bulkSize = 100;
const mostTries = 6;
/** Upper bound of the first wait in milliseconds (full jitter); it doubles with every try. A throttled hub asks for 10 s. */
const firstWait = { throttled: 10_000, unsettled: 1_000 } as const;

interface Attempt {
  readonly removal: Removal;
  /** As it was seen last; every write carries its etag. */
  readonly found: RegisteredDevice;
  readonly tries: number;
  readonly mayBeDone: boolean;
}

type Step =
  | { readonly outcome: DeviceOutcome }
  | { readonly again: Attempt; readonly because: keyof typeof firstWait; readonly message: string };

/**
 * Disables or deletes devices, in bulks of up to 100, one after another: there are few, and there is no hurry. A device that somebody
 * has changed since it was planned stays as it is and fails with the difference. Never throws.
 */
export async function remove(
  removals: readonly Removal[],
  registry: Registry,
  { sleep, random }: Pick<RoundOptions, 'sleep' | 'random'>,
): Promise<{ readonly outcomes: readonly DeviceOutcome[]; readonly fault?: Fault }> {
  const outcomes: DeviceOutcome[] = [];
  let waiting: readonly Attempt[] = removals.map((removal) => ({
    removal,
    found: removal.found,
    tries: 0,
    mayBeDone: false,
  }));
  while (waiting.length > 0) {
    const again: Attempt[] = [];
    let wait = 0;
    for (let start = 0; start < waiting.length; start += bulkSize) {
      const bulk = waiting.slice(start, start + bulkSize);
      let steps: readonly Step[];
      try {
        steps = await removeBulk(bulk, registry);
      } catch (thrown) {
        const fault = asFault(thrown);
        const left = [...waiting.slice(start), ...again];
        return { outcomes: [...outcomes, ...left.map((attempt) => notDone(attempt, fault.message))], fault };
      }
      for (const step of steps) {
        if ('outcome' in step) outcomes.push(step.outcome);
        else if (step.again.tries + 1 >= mostTries) {
          outcomes.push(notDone(step.again, `given up after ${mostTries} tries: ${step.message}`));
        } else {
          again.push({ ...step.again, tries: step.again.tries + 1 });
          wait = Math.max(wait, firstWait[step.because] * 2 ** step.again.tries);
        }
      }
    }
    waiting = again;
    if (again.length > 0) await sleep(wait * random());
  }
  return { outcomes };
}

async function removeBulk(bulk: readonly Attempt[], registry: Registry): Promise<readonly Step[]> {
  const answers = await registry.write(bulk.map(writeOf));
  const steps: Step[] = [];
  for (const [index, attempt] of bulk.entries()) steps.push(await settle(attempt, answers[index], registry));
  return steps;
}

function writeOf({ removal, found }: Attempt): RegistryWrite {
  return removal.kind === 'delete' ? { mode: 'delete', found } : { mode: 'disable', found, statusReason: removalMark };
}

async function settle(attempt: Attempt, answer: WriteAnswer | undefined, registry: Registry): Promise<Step> {
  if (answer === undefined || answer.answer === 'unanswered') {
    const message = answer?.message ?? 'the hub gave no answer for this device';
    return readBack({ ...attempt, mayBeDone: true }, message, registry);
  }
  if (answer.answer === 'applied') return { outcome: outcomeOf(attempt, 'removed') };
  if (answer.code === 'throttled') return { again: attempt, because: 'throttled', message: answer.message };
  if (answer.code === 'other') return { outcome: notDone(attempt, answer.message) };
  return readBack(attempt, answer.message, registry);
}

/** Reads the device: gone or disabled by now, once more with its etag of now, or somebody else's change, which stays. */
async function readBack(attempt: Attempt, message: string, registry: Registry): Promise<Step> {
  let now: RegisteredDevice | undefined;
  try {
    now = await registry.readOne(attempt.removal.id);
  } catch (thrown) {
    const both = `${message}; and it could not be read back: ${messageOf(thrown)}`;
    return { again: attempt, because: 'unsettled', message: both };
  }
  if (now === undefined || (attempt.removal.kind === 'disable' && isRemoved(now))) {
    return { outcome: outcomeOf(attempt, 'removed') };
  }
  const moved = movedSince(attempt.removal.found, now);
  if (moved.length > 0) {
    const reason = `somebody changed the device since it was planned: ${describeReasons(moved)}. Plan again.`;
    return { outcome: outcomeOf(attempt, 'failed', reason) };
  }
  return { again: { ...attempt, found: now }, because: 'unsettled', message };
}

/** `failed` is certain, so where a write was never answered it is `unknown`. */
function notDone(attempt: Attempt, reason: string): DeviceOutcome {
  return outcomeOf(attempt, attempt.mayBeDone ? 'unknown' : 'failed', reason);
}

function outcomeOf({ removal }: Attempt, result: DeviceOutcome['result'], reason?: string): DeviceOutcome {
  const { id: device, hub } = removal;
  return { device, hub, result, ...(reason === undefined ? {} : { reason }) };
}
