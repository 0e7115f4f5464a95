import type { Capacity } from '../model/capacity.ts';
import type { Fault } from '../model/fault.ts';
import type { HubHost } from '../model/fleet.ts';
import { type Change, type DeviceOutcome, key } from '../model/plan.ts';
import type { Progress, Writing } from '../model/progress.ts';
import type { Registry } from '../model/registry.ts';
import { apply } from './apply.ts';
import { type Estimate, estimate } from './estimate.ts';
import { importsFrom } from './imports.ts';
import type { Timing } from './queue.ts';

/** What became of every change. */
export interface CarriedOut {
  readonly outcomes: readonly DeviceOutcome[];
  readonly faults: readonly Fault[];
}

/** What the workflow tells about the hubs and the time there is. */
interface Settings {
  /** If absent, the size of the hubs is not known and the pace adapts. */
  readonly hubCapacity?: Capacity;
  /** Minutes after which nothing new begins. */
  readonly timeLimit?: number;
}

interface Surroundings extends Omit<Timing, 'now'> {
  readonly now: () => Date;
  readonly progress: Progress;
}

/** Writes to all hubs at once, each at its own pace; what stops one hub does not stop the others. */
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
  // A stop is one fault, however many hubs it stops.
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
    progress: (standing) => {
      const writing = { hub, total: expected.operations, ...standing, elapsed: now() - began };
      progress.written(writing);
      learn(writing);
    },
    tagging: (devices) => progress.phase(`writing tags of ${counted(devices, 'device')} to ${hub}`),
    importing: (text) => progress.phase(text),
  });
}

/** What it will take, before it begins. */
function announce(
  hub: HubHost,
  expected: Estimate,
  { timeLimit }: Settings,
  { progress }: Surroundings,
  imports: boolean,
): void {
  const { operations, capacity, perMinute, minutes } = expected;
  if (operations === 0) return;
  const from = importsFrom(capacity);
  if (imports && operations >= from) {
    progress.phase(`writing ${counted(operations, 'device')} to ${hub} by import jobs`);
    return;
  }
  const size = capacity === undefined ? '' : ` (${capacity.tier}x${capacity.units})`;
  const pace =
    capacity === undefined
      ? `at most ${duration(minutes)}, since every hub takes ${perMinute} a minute, and most take more (hub-capacity tells)`
      : `${duration(minutes)} at ${number(perMinute)} a minute${size}`;
  const job = imports ? `; without an import job, which is used from ${counted(from, 'device')} on` : '';
  progress.phase(
    `writing ${counted(operations, 'device')} to ${hub}: ${counted(operations, 'operation')}, ${pace}${job}`,
  );
  const tooLong = timeLimit !== undefined && minutes > timeLimit;
  if (capacity === undefined || !(tooLong || minutes > 60)) return;
  const quicker = `Quicker is a hub with more units (az iot hub update --name NAME --set sku.capacity=${2 * capacity.units}), or an import job (import-container).`;
  const fits = tooLong
    ? `, which does not fit the time limit of ${counted(timeLimit, 'minute')}: this run does about ${number(Math.floor(timeLimit * perMinute))}, the next ones the rest`
    : '';
  progress.warning(`${hub}: ${counted(operations, 'device')} take ${duration(minutes)}${fits}. ${quicker}`);
}

/** A hub queues what comes at first; after so many milliseconds its pace shows. */
const learnedAfter = 60_000;

/** Where nobody has told the size of the hub: warns, once, as soon as its pace shows that the time limit comes too early. */
function learning({ hubCapacity, timeLimit }: Settings, { warning }: Surroundings['progress']): (now: Writing) => void {
  let told = hubCapacity !== undefined || timeLimit === undefined;
  return ({ hub, total, done, elapsed }) => {
    if (told || timeLimit === undefined || elapsed < learnedAfter || done === 0) return;
    const minutes = elapsed / 60_000;
    const needed = (minutes * total) / done;
    if (needed <= timeLimit) return;
    told = true;
    const perMinute = Math.round(done / minutes);
    warning(
      `${hub}: at ${number(perMinute)} a minute, as it goes now, ${counted(total, 'device')} take ${duration(needed)}, which does not fit the time limit of ${counted(timeLimit, 'minute')}: this run does about ${number(Math.floor((timeLimit * done) / minutes))}, the next ones the rest. Quicker is a hub with more units, or an import job (import-container).`,
    );
  };
}

function duration(minutes: number): string {
  if (minutes < 1) return 'less than a minute';
  return minutes < 90 ? `about ${counted(Math.ceil(minutes), 'minute')}` : `about ${(minutes / 60).toFixed(1)} h`;
}

function counted(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

function number(value: number): string {
  return value.toLocaleString('en-US');
}
