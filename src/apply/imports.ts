import { type Capacity, operationsPerMinute } from '../model/capacity.ts';
import type { DeviceId } from '../model/fleet.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import { type Importer, idOf, type Registry, type RegistryWrite, type WriteAnswer } from '../model/registry.ts';
import { progressText } from './progress-texts.ts';
import type { Timing } from './queue.ts';
import { untilItFails } from './settle-bulk.ts';

/** A job takes some 20 s before its first line, and one runs at a time. */
const worthwhileMinutes = 10;
const worthwhileUnknown = 10_000;
/** Of a run with jobs, what is less than this goes in bulks all the same: the few devices of one level of parents, what is left over. */
const leastOfJob = 1_000;
/** A job that breaks off again and again is no way. */
const mostJobs = 5;
/** Up to so many devices are read back one by one. */
const few = 100;
/** A query shows a new device after 1.4 to 6 seconds. */
const visibleAfter = 6_000;

/** From how many writes on import jobs are used: what the hub's quota allows in ten minutes, where its size is known. */
export function importsFrom(capacity: Capacity | undefined): number {
  return capacity === undefined ? worthwhileUnknown : worthwhileMinutes * operationsPerMinute(capacity).registry;
}

export interface ImportsOptions {
  readonly timing: Timing;
  readonly tell: (text: string) => void;
}

/** What one job brought. */
export interface Imported {
  /** One per write, in order. */
  readonly answers: readonly (WriteAnswer | undefined)[];
  /** Shows the devices whose answers leave something open: of many by query, since a read each would cost as much as writing them. */
  readonly readOne: (id: DeviceId) => Promise<RegisteredDevice | undefined>;
  /** The job was cut short: of what was not answered no more is to be learnt now. */
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

  /** Whether so many writes are to go by a job. */
  takes(count: number): boolean {
    return count >= leastOfJob && this.#jobs < mostJobs && !this.#options.timing.stop.asked.aborted;
  }

  /** Writes devices by one job. Rejects with a `Fault` where nothing was written, and going on is no use. */
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

/** Whether the device has to be looked at: its answer was lost, or contradicts the plan. */
function isOpen(answer: WriteAnswer | undefined): boolean {
  if (answer === undefined || answer.answer === 'unanswered') return true;
  return answer.answer === 'refused' && /^(exists|absent|changed)$/.test(answer.code);
}

type Unanswered = Extract<WriteAnswer, { answer: 'unanswered' }>;

/** Whether nobody knows what became of the device, and nobody is to ask now. */
export function isCutShort({ stopped }: Imported, answer: WriteAnswer | undefined): answer is Unanswered | undefined {
  return stopped && (answer === undefined || answer.answer === 'unanswered');
}
