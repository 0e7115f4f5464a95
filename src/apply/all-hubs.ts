import type { Capacity } from '../model/capacity.ts';
import type { Fault } from '../model/fault.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Owner } from '../model/owner.ts';
import { type Change, type DeviceOutcome, key } from '../model/plan.ts';
import type { Progress, Writing } from '../model/progress.ts';
import type { Registry } from '../model/registry.ts';
import { apply } from './apply.ts';
import { type Estimate, estimate } from './estimate.ts';
import { importsFrom } from './imports.ts';
import { progressText } from './progress-texts.ts';
import type { Timing } from './queue.ts';

/** The result of all changes, on all hubs. */
export interface CarriedOut {
  readonly outcomes: readonly DeviceOutcome[];
  readonly faults: readonly Fault[];
}

/** What the workflow says about the hubs and about the time limit. */
interface Settings {
  /** This repository. */
  readonly plan?: { readonly owner?: Owner };
  /** The size of every hub. If absent, it is not known, and the pace adapts. */
  readonly hubCapacity?: Capacity;
  /** Minutes after which the run begins nothing new. */
  readonly timeLimit?: number;
}

interface Surroundings extends Omit<Timing, 'now'> {
  readonly now: () => Date;
  readonly progress: Progress;
}

/** Writes to all hubs at once, each at its own pace. A fault of one hub does not stop the others. */
export async function carryOut(
  changes: readonly Change[],
  request: Settings,
  world: Surroundings,
  registries: ReadonlyMap<HubHost, Registry>,
): Promise<CarriedOut> {
  const hubs = [...registries].map(([hub, registry]) => {
    const ofHub = changes.filter((change) => change.hub === hub);
    return writeHub(ofHub, request, world, registry);
  });
  const applied = await Promise.all(hubs);
  const written = new Map(applied.flatMap(({ outcomes }) => outcomes).map((outcome) => [key(outcome), outcome]));
  const outcomes = changes.map(({ id: device, hub }): DeviceOutcome => {
    return written.get(key({ device, hub })) ?? { device, hub, result: 'unchanged' };
  });
  // A stop gives every hub the same fault, which is reported once.
  const faults = new Set(applied.flatMap(({ fault }) => (fault === undefined ? [] : [fault])));
  return { outcomes, faults: [...faults] };
}

async function writeHub(changes: readonly Change[], request: Settings, world: Surroundings, registry: Registry) {
  const { host: hub } = registry;
  const { progress, sleep, random, stop } = world;
  const now = () => world.now().getTime();
  const expected = estimate(changes, request.hubCapacity);
  announce(hub, expected, request, world, registry.importer !== undefined);
  const began = now();
  const learn = learning(request, progress);
  return apply(changes, registry, {
    now,
    sleep,
    random,
    stop,
    capacity: request.hubCapacity,
    owner: request.plan?.owner,
    progress: (standing) => {
      const writing = { hub, total: expected.operations, ...standing, elapsed: now() - began };
      progress.written(writing);
      learn(writing);
    },
    tagging: (devices) => progress.phase(progressText.writingTags({ hub, devices })),
    importing: (text) => progress.phase(text),
  });
}

/** Says before the writing begins how long it takes, and warns where that is too long. */
function announce(
  hub: HubHost,
  expected: Estimate,
  { timeLimit }: Settings,
  { progress }: Surroundings,
  imports: boolean,
): void {
  const { operations, importable, capacity, minutes, perMinute } = expected;
  if (operations === 0) return;
  const from = importsFrom(capacity);
  if (imports && importable >= from) {
    progress.phase(progressText.byImportJobs({ hub, devices: importable }));
    return;
  }
  const writing = { hub, operations, minutes, perMinute };
  progress.phase(progressText.byBulks({ ...writing, capacity, importsFrom: imports ? from : undefined }));
  const tooLong = timeLimit !== undefined && minutes > timeLimit;
  if (capacity === undefined || !(tooLong || minutes > 60)) return;
  progress.warning(progressText.takesLong({ ...writing, capacity, timeLimit: tooLong ? timeLimit : undefined }));
}

/** Milliseconds after which the pace of a hub shows. Before that, the hub queues what it is sent. */
const learnedAfter = 60_000;

/**
 * For a run that was not told the size of its hubs. Warns once, as soon as the pace of a hub shows that the time limit
 * comes before the end.
 */
function learning({ hubCapacity, timeLimit }: Settings, { warning }: Surroundings['progress']): (now: Writing) => void {
  let warned = hubCapacity !== undefined || timeLimit === undefined;
  return ({ hub, total, done, elapsed }) => {
    if (warned || timeLimit === undefined || elapsed < learnedAfter || done === 0) return;
    const elapsedMinutes = elapsed / 60_000;
    const minutes = (elapsedMinutes * total) / done;
    if (minutes <= timeLimit) return;
    warned = true;
    warning(
      progressText.tooSlow({
        hub,
        devices: total,
        perMinute: Math.round(done / elapsedMinutes),
        minutes,
        timeLimit,
        inTime: Math.floor((timeLimit * done) / elapsedMinutes),
      }),
    );
  };
}
