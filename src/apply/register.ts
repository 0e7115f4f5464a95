import { asFault, Fault, messageOf } from '../model/fault.ts';
import type { DeviceId } from '../model/fleet.ts';
import { inFlight } from '../model/in-flight.ts';
import type { DeviceOutcome } from '../model/plan.ts';
import type { Registry, RegistryWrite, WriteAnswer } from '../model/registry.ts';
import { nextRegistration } from '../plan/compare.ts';
import { ownScopeOf } from '../plan/parents.ts';
import { callResult } from './call-result.ts';
import { type Imported, type Imports, isCutShort } from './imports.ts';
import { outcomeReason } from './outcome-reasons.ts';
import type { Pace } from './pace.ts';
import { type CallResult, type Job, Queue, type Timing } from './queue.ts';
import { type Attempt, notDone, type Step, settle, type Writable } from './settle.ts';
import { settleBulk } from './settle-bulk.ts';

const readsInFlight = 8;

export interface RegisterOptions {
  readonly pace: Pace;
  readonly timing: Timing;
  /** If absent, everything goes in bulks. */
  readonly imports?: Imports | undefined;
  /** Called after every call, with the number of devices that are finished and how many of these failed. */
  readonly progress: (done: number, failed: number) => void;
}

/** The result for the devices that were to be created or updated. */
export interface Registered {
  readonly outcomes: ReadonlyMap<DeviceId, DeviceOutcome>;
  /** The devices whose outcome was found by reading them, not from the hub's answer. */
  readonly readBack: ReadonlySet<DeviceId>;
  readonly fault: Queue<Attempt>['fault'];
}

/** Writes the devices of one hub in bulks, parents before their children, until each has an outcome. Never throws. */
export async function register(
  changes: readonly Writable[],
  registry: Registry,
  options: RegisterOptions,
): Promise<Registered> {
  const registering = new Registering(registry, options);
  await registering.run(changes);
  const { outcomes, readBack, fault } = registering;
  return { outcomes, readBack, fault };
}

class Registering implements Job<Attempt> {
  readonly outcomes = new Map<DeviceId, DeviceOutcome>();
  readonly readBack = new Set<DeviceId>();
  readonly #registry: Registry;
  readonly #options: RegisterOptions;
  readonly #queue: Queue<Attempt>;
  /**
   * Devices that wait for their parent, by its id. A child needs the parent's scope, which the hub makes with the
   * parent.
   */
  readonly #children = new Map<DeviceId, Writable[]>();
  /** With import jobs: devices that wait until all earlier ones are finished, so that they are enough for a job. */
  #wave: Attempt[] = [];
  #failed = 0;
  #told = 0;

  constructor(registry: Registry, options: RegisterOptions) {
    this.#registry = registry;
    this.#options = options;
    this.#queue = new Queue<Attempt>(this, options.pace, options.timing);
  }

  get fault() {
    return this.#queue.fault;
  }

  async run(changes: readonly Writable[]): Promise<void> {
    const ids = new Set(changes.map(({ id }) => id));
    const free: Writable[] = [];
    for (const change of changes) {
      const parent = parentAwaited(change);
      if (parent === undefined) free.push(change);
      else this.#children.set(parent, [...(this.#children.get(parent) ?? []), change]);
    }
    this.#send(free.map(firstAttempt));
    const orphans = this.#release([...this.#children.keys()].filter((parent) => !ids.has(parent)));
    await this.#work();
    await orphans;
    await this.#work();
    // A cycle of parents is refused long before this. Here it must not hang.
    for (const [parent, children] of [...this.#children]) {
      for (const child of children) {
        this.#refuse(child, this.fault?.message ?? outcomeReason.parentWaits({ parent }));
      }
    }
    this.#tell();
  }

  kindOf({ write: { mode } }: Attempt): string {
    return mode; // The service has one call for both modes, but its SDK has one for each.
  }

  async carryOut(bulk: readonly Attempt[]): Promise<CallResult<Attempt>> {
    const answers = await this.#registry.write(bulk.map(({ write }) => write));
    const steps = await settleBulk(bulk, answers, this.#registry, this.#options.timing);
    await this.#take(steps);
    return callResult(steps, answers);
  }

  giveUp(attempt: Attempt, reason: string, sent: boolean): void {
    this.#finish(notDone({ ...attempt, mayBeDone: attempt.mayBeDone || sent }, reason));
    const { id } = attempt.change;
    for (const child of this.#childrenOf(id))
      this.#refuse(child, this.fault?.message ?? outcomeReason.parentFailed({ parent: id, why: reason }));
  }

  #send(attempts: readonly Attempt[]): void {
    if (this.#options.imports === undefined) this.#queue.add(attempts);
    else for (const attempt of attempts) this.#wave.push(attempt);
  }

  async #work(): Promise<void> {
    const { imports } = this.#options;
    do {
      const wave = this.#wave;
      this.#wave = [];
      if (imports?.takes(wave.length)) await this.#import(wave, imports);
      else this.#queue.add(wave);
      await this.#queue.run();
    } while (this.#wave.length > 0);
  }

  /** Writes many devices by one job. Devices that it leaves open are sent again. */
  async #import(attempts: readonly Attempt[], imports: Imports): Promise<void> {
    let imported: Imported;
    try {
      imported = await imports.write(attempts.map(({ write }) => write));
    } catch (thrown) {
      const fault = asFault(thrown);
      this.#queue.end(fault);
      for (const attempt of attempts) this.giveUp(attempt, fault.message, !(thrown instanceof Fault));
      this.#tell();
      return;
    }
    const settled: Step[] = [];
    for (const [index, attempt] of attempts.entries()) {
      const answer = imported.answers[index];
      if (isCutShort(imported, answer)) this.giveUp(attempt, answer?.message ?? '', true);
      else if (isMarkRefused(attempt, answer)) this.#queue.add([attempt]);
      else settled.push(await settle(attempt, answer, imported.readOne));
    }
    await this.#take(settled);
    this.#send(settled.flatMap((step) => ('again' in step ? [step.again] : [])));
  }

  async #take(steps: readonly Step[]): Promise<void> {
    const finished: DeviceId[] = [];
    for (const step of steps) {
      if (!('outcome' in step)) continue;
      if (step.readBack === true) this.readBack.add(step.outcome.device);
      this.#finish(step.outcome);
      finished.push(step.outcome.device);
    }
    await this.#release(finished);
    this.#tell();
  }

  /**
   * Sends the children of finished parents. Reads each parent once (one operation), since the answer to a bulk does not
   * hold its scope.
   */
  async #release(parents: readonly DeviceId[]): Promise<void> {
    const awaited = parents.filter((parent) => this.#children.has(parent));
    await inFlight(awaited, readsInFlight, async (parent) => {
      const children = this.#childrenOf(parent);
      const found = await this.#scopeOf(parent);
      if ('scope' in found) this.#send(children.map((child) => firstAttempt(attach(child, parent, found.scope))));
      else for (const child of children) this.#refuse(child, found.reason);
    });
  }

  async #scopeOf(parent: DeviceId): Promise<{ readonly scope: string } | { readonly reason: string }> {
    const outcome = this.outcomes.get(parent);
    if (outcome?.result === 'failed')
      return { reason: outcomeReason.parentFailed({ parent, why: outcome.reason ?? '' }) };
    try {
      const scope = ownScopeOf(await this.#registry.readOne(parent));
      return scope === undefined ? { reason: outcomeReason.parentNotEdge({ parent }) } : { scope };
    } catch (thrown) {
      return { reason: outcomeReason.parentUnread({ parent, why: messageOf(thrown) }) };
    }
  }

  #childrenOf(parent: DeviceId): readonly Writable[] {
    const children = this.#children.get(parent) ?? [];
    this.#children.delete(parent);
    return children;
  }

  /** Gives up a device that was never tried. */
  #refuse(change: Writable, reason: string): void {
    this.giveUp(firstAttempt(change), reason, false);
  }

  #finish(outcome: DeviceOutcome): void {
    this.outcomes.set(outcome.device, outcome);
    if (outcome.result === 'failed' || outcome.result === 'unknown') this.#failed++;
  }

  #tell(): void {
    if (this.#told === this.outcomes.size) return;
    this.#told = this.outcomes.size;
    this.#options.progress(this.#told, this.#failed);
  }
}

/** A job cannot leave out the mark of one device. A bulk call can, so the device is sent again by one. */
function isMarkRefused({ write }: Attempt, answer: WriteAnswer | undefined): boolean {
  const isMarked = write.mode === 'create' && write.registration.owner !== undefined;
  return isMarked && answer?.answer === 'refused' && answer.code === 'unauthorized';
}

/** The id of the parent that the device has to wait for, because its scope is not known. */
function parentAwaited({ parent }: Writable): DeviceId | undefined {
  return parent === undefined || parent.scope !== undefined ? undefined : (parent.id ?? undefined);
}

function attach(change: Writable, id: DeviceId, scope: string): Writable {
  const parent = { id, scope };
  if (change.kind === 'create') {
    return { ...change, parent, registration: { ...change.registration, parentScopes: [scope] } };
  }
  return { ...change, parent, registration: nextRegistration(change.identity, change.found, parent) };
}

function firstAttempt(change: Writable): Attempt {
  const { registration } = change;
  const write: RegistryWrite =
    change.kind === 'create'
      ? { mode: 'create', registration }
      : { mode: 'update', registration, etag: change.found.etag };
  return { change, write, mayBeDone: false };
}
