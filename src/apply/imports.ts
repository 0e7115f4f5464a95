import { type Capacity, operationsPerMinute } from '../model/capacity.ts';
import type { DeviceId } from '../model/fleet.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import { type Importer, idOf, type Registry, type RegistryWrite, type WriteAnswer } from '../model/registry.ts';
import { progressText } from './progress-texts.ts';
import type { Timing } from './queue.ts';
import { untilItFails } from './settle-bulk.ts';

/**
 * Import jobs are used for writes that would take longer than this within the quota. A job takes about 20 s before its
 * first line, and a hub runs one at a time.
 */
const worthwhileMinutes = 10;
/** The same where the hub's size is not known: a number of devices. */
const worthwhileUnknown = 10_000;
/** Fewer devices than this go in bulks even in a run with jobs: a level of parents with few devices, or a remainder. */
const leastOfJob = 1_000;
/** After so many jobs the rest goes in bulks, since jobs evidently break off. */
const mostJobs = 5;
/** Up to this number, devices are read back one by one. */
const few = 100;
/** Milliseconds. A query shows a new device after 1.4 to 6 seconds. */
const visibleAfter = 6_000;

/**
 * Import jobs are used from this number of writes on: what the hub's quota allows in ten minutes, if its size is known.
 */
export function importsFrom(capacity: Capacity | undefined): number {
  return capacity === undefined ? worthwhileUnknown : worthwhileMinutes * operationsPerMinute(capacity).registry;
}

export interface ImportsOptions {
  readonly timing: Timing;
  readonly tell: (text: string) => void;
}

/** The result of one job. */
export interface Imported {
  /** One for each write, in order. */
  readonly answers: readonly (WriteAnswer | undefined)[];
  /**
   * Reads a device whose answer is open. Many of them are read by one query, since a read each would cost as much as
   * the writes.
   */
  readonly readOne: (id: DeviceId) => Promise<RegisteredDevice | undefined>;
  /** The run was stopped during the job. Devices without an answer are not read back. */
  readonly stopped: boolean;
}

/** The import jobs of one run on one hub. */
export class Imports {
  readonly #importer: Importer;
  readonly #registry: Registry;
  readonly #options: ImportsOptions;
  #jobs = 0;

  constructor(importer: Importer, registry: Registry, options: ImportsOptions) {
    this.#importer = importer;
    this.#registry = registry;
    this.#options = options;
  }

  /** Whether a job should carry this number of writes. */
  takes(count: number): boolean {
    return count >= leastOfJob && this.#jobs < mostJobs && !this.#options.timing.stop.asked.aborted;
  }

  /** Writes devices by one job. Rejects with a `Fault` if nothing was written and to go on would not help. */
  async write(writes: readonly RegistryWrite[]): Promise<Imported> {
    const { timing, tell } = this.#options;
    this.#jobs += 1;
    const answers = await this.#importer.write(writes, { stop: timing.stop, tell });
    const byId = new Map(answers.map((answer) => [answer.id, answer]));
    const ids = writes.map(idOf);
    const open = ids.filter((id) => isOpen(byId.get(id)));
    return {
      answers: ids.map((id) => byId.get(id)),
      readOne: await this.#reader(open),
      stopped: timing.stop.asked.aborted,
    };
  }

  async #reader(open: readonly DeviceId[]): Promise<Imported['readOne']> {
    const { timing, tell } = this.#options;
    if (open.length <= few || timing.stop.asked.aborted) return untilItFails((id) => this.#registry.readOne(id));
    tell(progressText.readingBack({ devices: open.length }));
    await timing.sleep(visibleAfter, timing.stop.asked).catch(() => {});
    try {
      const found = await this.#registry.read(open);
      return async (id) => found.get(id);
    } catch (thrown) {
      return async () => {
        throw thrown;
      };
    }
  }
}

/** Whether the device has to be read: its answer was lost, or contradicts the plan. */
function isOpen(answer: WriteAnswer | undefined): boolean {
  if (answer === undefined || answer.answer === 'unanswered') return true;
  return answer.answer === 'refused' && /^(exists|absent|changed)$/.test(answer.code);
}

type Unanswered = Extract<WriteAnswer, { answer: 'unanswered' }>;

/** Whether the job was stopped before the hub answered for this device. */
export function isCutShort({ stopped }: Imported, answer: WriteAnswer | undefined): answer is Unanswered | undefined {
  return stopped && (answer === undefined || answer.answer === 'unanswered');
}
