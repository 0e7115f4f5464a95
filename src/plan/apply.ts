import { Fault, messageOf } from '../model/fault.ts';
import type { Change, DeviceOutcome } from '../model/plan.ts';
import { describeReasons } from '../model/reasons.ts';
import type { RegisteredDevice, Registry, RegistryWrite, WriteAnswer } from '../model/registration.ts';
import { differences, movedSince, nextRegistration } from './compare.ts';

/** A change that is written; the others are already as they should be, or may not be touched. */
type Writable = Extract<Change, { kind: 'create' | 'update' }>;

/** What carrying out needs from outside, so that a test may own the time. */
export interface ApplyOptions {
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Told after every call how many devices are finished, and how many of them badly. */
  readonly progress: (done: number, failed: number) => void;
}

export interface Applied {
  /** One per create and update, in no particular order. */
  readonly outcomes: readonly DeviceOutcome[];
  /** What ended the run early, if anything did: the hub refuses us or cannot be reached. */
  readonly fault?: Fault;
}

/** A device on its way: what to write next, and what is known of earlier attempts. */
interface Attempt {
  readonly change: Writable;
  readonly write: RegistryWrite;
  readonly tries: number;
  /** An earlier attempt of ours was sent and not answered: the hub may have carried it out. */
  readonly mayBeDone: boolean;
}

/** A device to be tried once more, after at most `wait` milliseconds. */
interface Again {
  readonly again: Attempt;
  readonly wait: number;
}

type Step = { readonly outcome: DeviceOutcome } | Again;

const bulkSize = 100;
const callsInFlight = 4;
const readsInFlight = 8;
const mostTries = 6;

/**
 * Writes creates and updates, in bulks of up to 100. A device is read back only where its answer was lost or contradicts
 * the plan. Nobody else's change is overwritten: every update carries the etag that was read.
 */
export async function apply(changes: readonly Change[], registry: Registry, options: ApplyOptions): Promise<Applied> {
  const run = new Run(registry, options);
  let waiting = changes.filter(isWritable).map(firstAttempt);
  while (waiting.length > 0) {
    const again = await run.round(waiting);
    waiting = again.map(({ again }) => again);
    if (waiting.length > 0) await options.sleep(Math.max(...again.map(({ wait }) => wait)) * options.random());
  }
  return run.fault === undefined ? { outcomes: run.outcomes } : { outcomes: run.outcomes, fault: run.fault };
}

/** Rounds of writing; each gives back what has to be tried once more. */
class Run {
  readonly outcomes: DeviceOutcome[] = [];
  fault: Fault | undefined;
  readonly #registry: Registry;
  readonly #progress: ApplyOptions['progress'];
  #failed = 0;

  constructor(registry: Registry, options: ApplyOptions) {
    this.#registry = registry;
    this.#progress = options.progress;
  }

  async round(attempts: readonly Attempt[]): Promise<readonly Again[]> {
    const again: Again[] = [];
    await eachInFlight(bulks(attempts), callsInFlight, async (bulk) => {
      for (const step of await this.#bulk(bulk)) {
        if ('outcome' in step) this.#finish(step.outcome);
        else again.push(step);
      }
      this.#progress(this.outcomes.length, this.#failed);
    });
    const { fault } = this;
    if (fault === undefined) return again;
    for (const step of again) this.#finish(notDone(step.again, fault.message));
    return [];
  }

  async #bulk(bulk: readonly Attempt[]): Promise<readonly Step[]> {
    if (this.fault === undefined) {
      try {
        return await writeBulk(bulk, this.#registry);
      } catch (thrown) {
        // The hub refuses the caller, not one device: nothing of this bulk was written, and going on is no use.
        this.fault ??= asFault(thrown);
      }
    }
    const reason = this.fault.message;
    return bulk.map((attempt) => ({ outcome: notDone(attempt, reason) }));
  }

  #finish(outcome: DeviceOutcome): void {
    this.outcomes.push(outcome);
    if (outcome.result === 'failed' || outcome.result === 'unknown') this.#failed++;
  }
}

async function writeBulk(bulk: readonly Attempt[], registry: Registry): Promise<readonly Step[]> {
  const answers = await registry.write(bulk.map(({ write }) => write));
  const steps: Step[] = [];
  await eachInFlight(bulk.entries(), readsInFlight, async ([index, attempt]) => {
    const answer = answers[index];
    steps.push(
      answer === undefined
        ? await readBack({ ...attempt, mayBeDone: true }, registry, 'the hub gave no answer for this device')
        : await settle(attempt, answer, registry),
    );
  });
  return steps;
}

/** What an answer means for its device. */
async function settle(attempt: Attempt, answer: WriteAnswer, registry: Registry): Promise<Step> {
  if (answer.answer === 'applied') return { outcome: outcome(attempt, done(attempt)) };
  if (answer.answer === 'unanswered') return readBack({ ...attempt, mayBeDone: true }, registry, answer.message);
  if (answer.code === 'throttled') return retry(attempt, attempt.write, answer.message, 10_000);
  if (answer.code === 'other') return { outcome: outcome(attempt, 'failed', answer.message) };
  return readBack(attempt, registry, answer.message);
}

/** Reads one device (one operation) to learn what is true, and decides: finished, once more, or somebody else's change. */
async function readBack(attempt: Attempt, registry: Registry, message: string): Promise<Step> {
  const { change } = attempt;
  let now: RegisteredDevice | undefined;
  try {
    now = await registry.readOne(change.id);
  } catch (thrown) {
    const state = attempt.mayBeDone ? 'unknown' : 'failed';
    return { outcome: outcome(attempt, state, `${message}; and it could not be read back: ${messageOf(thrown)}`) };
  }
  if (now === undefined) {
    if (change.kind === 'create') return retry(attempt, attempt.write, message, 1_000);
    return {
      outcome: outcome(
        attempt,
        'failed',
        'the device was deleted from the hub after it was planned; nothing was written',
      ),
    };
  }
  if (isAsWanted(change, now)) {
    return attempt.mayBeDone
      ? { outcome: outcome(attempt, done(attempt)) }
      : { outcome: outcome(attempt, 'unchanged', 'somebody else made it so after it was planned') };
  }
  if (change.kind === 'create') {
    const difference = describeReasons(differences(change.identity, now));
    return {
      outcome: outcome(
        attempt,
        'failed',
        `the hub has a device of this id that the plan did not know: ${difference}. Plan again.`,
      ),
    };
  }
  const moved = movedSince(change.found, now);
  if (moved.length > 0) {
    const difference = describeReasons(moved);
    return {
      outcome: outcome(
        attempt,
        'failed',
        `changed in the hub after it was planned, nothing was written: ${difference}`,
      ),
    };
  }
  const write = { mode: 'update', registration: nextRegistration(change.identity, now), etag: now.etag } as const;
  return retry(attempt, write, message, 1_000);
}

function isAsWanted(change: Writable, now: RegisteredDevice): boolean {
  const { status, statusReason } = change.registration;
  return (
    differences(change.identity, now).length === 0 &&
    now.status === status &&
    (statusReason === undefined || statusReason === now.statusReason)
  );
}

/** @param base upper bound of the first wait in milliseconds; it doubles with every try (full jitter) */
function retry(attempt: Attempt, write: RegistryWrite, message: string, base: number): Step {
  const tries = attempt.tries + 1;
  if (tries >= mostTries) return { outcome: notDone(attempt, `given up after ${tries} tries: ${message}`) };
  return { again: { ...attempt, write, tries }, wait: base * 2 ** attempt.tries };
}

function firstAttempt(change: Writable): Attempt {
  const { registration } = change;
  const write: RegistryWrite =
    change.kind === 'create'
      ? { mode: 'create', registration }
      : { mode: 'update', registration, etag: change.found.etag };
  return { change, write, tries: 0, mayBeDone: false };
}

/** Creates and updates apart: the service has one call for both, its SDK one for each. */
function bulks(attempts: readonly Attempt[]): readonly (readonly Attempt[])[] {
  return (['create', 'update'] as const).flatMap((mode) => {
    const ofMode = attempts.filter(({ write }) => write.mode === mode);
    const count = Math.ceil(ofMode.length / bulkSize);
    return Array.from({ length: count }, (_, n) => ofMode.slice(n * bulkSize, (n + 1) * bulkSize));
  });
}

/** Runs `work` over all items, at most `width` at a time. */
async function eachInFlight<Item>(
  items: Iterable<Item>,
  width: number,
  work: (item: Item) => Promise<unknown>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  const lane = async () => {
    for (let next = queue.next(); !next.done; next = queue.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: width }, lane));
}

function outcome(attempt: Attempt, result: DeviceOutcome['result'], reason?: string): DeviceOutcome {
  const { id, hub } = attempt.change;
  return { device: id, hub, result, ...(reason === undefined ? {} : { reason }) };
}

function done(attempt: Attempt): 'created' | 'updated' {
  return attempt.change.kind === 'create' ? 'created' : 'updated';
}

/** Not carried out; unknown where an earlier attempt was sent and never answered. */
function notDone(attempt: Attempt, reason: string): DeviceOutcome {
  return outcome(attempt, attempt.mayBeDone ? 'unknown' : 'failed', reason);
}

function isWritable(change: Change): change is Writable {
  return change.kind === 'create' || change.kind === 'update';
}

function asFault(thrown: unknown): Fault {
  return thrown instanceof Fault
    ? thrown
    : new Fault(messageOf(thrown), 'Run it again; what was written stays.', { cause: thrown });
}
