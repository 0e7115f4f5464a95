import type { Capacity } from '../model/capacity.ts';

/** What a run says while it writes. Times are minutes; `perMinute` counts registry operations. */
export const progressText = {
  byImportJobs: ({ hub, devices }: { hub: string; devices: number }) =>
    `writing ${counted(devices, 'device')} to ${hub} by import jobs`,

  /** `importsFrom`: how many devices it takes for an import job; absent where the run has no import container. */
  byBulks: ({ hub, operations, minutes, perMinute, capacity, importsFrom }: Bulks) => {
    const size = capacity === undefined ? '' : ` (${capacity.tier}x${capacity.units})`;
    const pace =
      capacity === undefined
        ? `at most ${duration(minutes)}, since every hub takes ${perMinute} a minute, and most take more (hub-capacity tells)`
        : `${duration(minutes)} at ${number(perMinute)} a minute${size}`;
    const job =
      importsFrom === undefined
        ? ''
        : `; without an import job, which is used from ${counted(importsFrom, 'device')} on`;
    return `writing ${counted(operations, 'device')} to ${hub}: ${counted(operations, 'operation')}, ${pace}${job}`;
  },

  /** Before it begins. `timeLimit` only where the writing does not fit it. */
  takesLong: ({ hub, operations, minutes, perMinute, capacity: { units }, timeLimit }: Long) => {
    const fits = timeLimit === undefined ? '' : `, ${doesNotFit(timeLimit, Math.floor(timeLimit * perMinute))}`;
    const quicker = `Quicker is a hub with more units (az iot hub update --name NAME --set sku.capacity=${2 * units}), or an import job (import-container).`;
    return `${hub}: ${counted(operations, 'device')} take ${duration(minutes)}${fits}. ${quicker}`;
  },

  /**
   * While it goes on: `perMinute` as measured, `minutes` that the whole takes, `inTime` devices that fit the time
   * limit.
   */
  tooSlow: ({ hub, devices, perMinute, minutes, timeLimit, inTime }: TooSlow) =>
    `${hub}: at ${number(perMinute)} a minute, as it goes now, ${counted(devices, 'device')} take ${duration(minutes)}, ${doesNotFit(timeLimit, inTime)}. Quicker is a hub with more units, or an import job (import-container).`,

  writingTags: ({ hub, devices }: { hub: string; devices: number }) =>
    `writing tags of ${counted(devices, 'device')} to ${hub}`,

  readingBack: ({ devices }: { devices: number }) => `reading what became of ${number(devices)} devices`,
};

interface Writing {
  readonly hub: string;
  readonly operations: number;
  readonly minutes: number;
  readonly perMinute: number;
}

interface Bulks extends Writing {
  readonly capacity?: Capacity | undefined;
  readonly importsFrom?: number | undefined;
}

interface Long extends Writing {
  readonly capacity: Capacity;
  readonly timeLimit?: number | undefined;
}

interface TooSlow {
  readonly hub: string;
  readonly devices: number;
  readonly perMinute: number;
  readonly minutes: number;
  readonly timeLimit: number;
  readonly inTime: number;
}

function doesNotFit(timeLimit: number, inTime: number): string {
  return `which does not fit the time limit of ${counted(timeLimit, 'minute')}: this run does about ${number(inTime)}, the next ones the rest`;
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
