import { asFault, Fault } from '../model/fault.ts';
import type { DeviceId } from '../model/fleet.ts';
import type { DeviceOutcome } from '../model/plan.ts';
import type { Registry, RegistryWrite } from '../model/registration.ts';
import { eachInFlight } from './in-flight.ts';
import { type Again, type Attempt, notDone, type Step, settle, type Writable } from './settle.ts';

const bulkSize = 100;
const callsInFlight = 4;
const readsInFlight = 8;
const mostTries = 6;

/** Upper bound of the first wait in milliseconds (full jitter); it doubles with every try. A throttled hub asks for 10 s. */
const firstWait = { throttled: 10_000, unsettled: 1_000 } as const;

/** What writing needs from outside, so that a test may own the time. */
export interface RoundOptions {
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Told after every call how many devices are registered, and how many of them badly. */
  readonly progress: (done: number, failed: number) => void;
}

/** Writes devices of one hub, in bulks, round after round, until each has an outcome. Never throws. */
export class Rounds {
  readonly outcomes: DeviceOutcome[] = [];
  /** The devices whose outcome the hub did not answer, but showed. */
  readonly readBack = new Set<DeviceId>();
  fault: Fault | undefined;
  readonly #registry: Registry;
  readonly #options: RoundOptions;
  #failed = 0;

  constructor(registry: Registry, options: RoundOptions) {
    this.#registry = registry;
    this.#options = options;
  }

  async write(changes: readonly Writable[]): Promise<void> {
    const { sleep, random } = this.#options;
    let waiting = changes.map(firstAttempt);
    while (waiting.length > 0) {
      const { again, wait } = await this.#round(waiting);
      waiting = again;
      if (waiting.length > 0) await sleep(wait * random());
    }
  }

  /** Devices that cannot be written at all. */
  refuse(changes: readonly Writable[], reason: string): void {
    for (const change of changes) this.#finish(notDone(firstAttempt(change), reason));
    if (changes.length > 0) this.#options.progress(this.outcomes.length, this.#failed);
  }

  /** Writes every device once; gives back those to be tried once more, after at most `wait` milliseconds. */
  async #round(attempts: readonly Attempt[]): Promise<{ readonly again: Attempt[]; readonly wait: number }> {
    const before = this.outcomes.length;
    const unfinished: Again[] = [];
    await eachInFlight(bulks(attempts), callsInFlight, async (bulk) => {
      for (const step of await this.#bulk(bulk)) {
        if (!('outcome' in step)) unfinished.push(step);
        else {
          this.#finish(step.outcome);
          if (step.readBack === true) this.readBack.add(step.outcome.device);
        }
      }
      this.#options.progress(this.outcomes.length, this.#failed);
    });
    return this.#retries(unfinished, this.outcomes.length > before);
  }

  /** Each round finishes a device or uses up a try of every one, so that the run ends. */
  #retries(unfinished: readonly Again[], advancing: boolean): { readonly again: Attempt[]; readonly wait: number } {
    const again: Attempt[] = [];
    let wait = 0;
    for (const { again: attempt, because, message } of unfinished) {
      // A throttled hub that takes some is no refusal of the rest: it takes its time.
      const tries = because === 'throttled' && advancing ? 1 : attempt.tries + 1;
      if (this.fault !== undefined) this.#finish(notDone(attempt, this.fault.message));
      else if (tries >= mostTries) this.#finish(notDone(attempt, `given up after ${tries} tries: ${message}`));
      else {
        again.push({ ...attempt, tries });
        wait = Math.max(wait, firstWait[because] * 2 ** (tries - 1));
      }
    }
    if (again.length < unfinished.length) this.#options.progress(this.outcomes.length, this.#failed);
    return { again, wait };
  }

  async #bulk(bulk: readonly Attempt[]): Promise<readonly Step[]> {
    const { fault } = this;
    if (fault !== undefined) return bulk.map((attempt) => ({ outcome: notDone(attempt, fault.message) }));
    try {
      return await writeBulk(bulk, this.#registry);
    } catch (thrown) {
      // The hub refuses the caller, not one device: nothing of this bulk was written, and going on is no use.
      const fault = asFault(thrown);
      this.fault ??= fault;
      // Whatever else was thrown is a mistake of ours, and nobody knows whether it came before or after the writing.
      const sent = !(thrown instanceof Fault);
      return bulk.map((attempt) => {
        return { outcome: notDone({ ...attempt, mayBeDone: attempt.mayBeDone || sent }, fault.message) };
      });
    }
  }

  #finish(outcome: DeviceOutcome): void {
    this.outcomes.push(outcome);
    if (outcome.result === 'failed' || outcome.result === 'unknown') this.#failed++;
  }
}

async function writeBulk(bulk: readonly Attempt[], registry: Registry): Promise<readonly Step[]> {
  const answers = await registry.write(bulk.map(({ write }) => write));
  const readOne = untilItFails((id) => registry.readOne(id));
  const steps: Step[] = [];
  await eachInFlight(bulk.entries(), readsInFlight, async ([index, attempt]) => {
    steps.push(await settle(attempt, answers[index], readOne));
  });
  return steps;
}

/** A hub that does not let one device be read would have us wait as long for each of the others. */
function untilItFails(readOne: Registry['readOne']): Registry['readOne'] {
  let failure: { readonly thrown: unknown } | undefined;
  return async (id) => {
    if (failure !== undefined) throw failure.thrown;
    try {
      return await readOne(id);
    } catch (thrown) {
      failure = { thrown };
      throw thrown;
    }
  };
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
