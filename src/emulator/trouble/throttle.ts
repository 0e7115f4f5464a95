import { type Capacity, type OperationClass, operationClasses, operationsPerMinute } from '../../model/capacity.ts';
import { Refused } from '../wire/errors.ts';
import type { Pace } from './pace.ts';

/** The quotas of one hub. */
export interface Throttle {
  /**
   * Takes `cost` operations from the quota of their class. Returns undefined if the call may go on at once, otherwise a
   * promise that is fulfilled when it may. If the wait is too long, the promise is rejected with `Refused`
   * ThrottlingBacklogTimeout, and the call takes nothing from the quota.
   */
  admit(operation: OperationClass, cost: number): Promise<void> | undefined;
}

/** Called for every call that could not go on at once. */
export interface Delays {
  /** `milliseconds` of the hub's time that the call will wait. Called as soon as the call has come. */
  queued(milliseconds: number): void;
  throttled(operation: OperationClass): void;
}

export interface ThrottleOptions {
  readonly capacity: Capacity;
  readonly pace: Pace;
  /**
   * The part of the quota that an idle hub has saved up, in seconds. Default 150: a free hub (100 a minute) was seen to
   * answer 250 reads in 10.5 s, and the service says that it takes a burst at once "for a minute or two". With 0 only
   * the plain rate counts.
   */
  readonly burstSeconds?: number | undefined;
  readonly delays: Delays;
  /** When aborted, all waiting ends. */
  readonly signal: AbortSignal;
}

/**
 * How long a call is queued before it is refused, in milliseconds. Not documented. The longest reported wait is 3.2 s,
 * in a burst of which every call was answered.
 */
const longestWait = 30_000;

/** The service's words. They are recorded for CRUD and reported for configurations; those of the other classes are a guess. */
const words: Readonly<Record<OperationClass, string>> = {
  registry: 'CRUD',
  query: 'Query',
  'twin-read': 'TwinRead',
  'twin-write': 'TwinWrite',
  configuration: 'ConfigurationWrite',
  job: 'Job',
};

/**
 * One queue for each class, first come, first served. A call goes on as soon as the quota has paid for all earlier
 * calls, and may itself go into debt. So a bulk of 100 passes even where 100 are more than the quota of a minute, and
 * the next call waits for it.
 */
export function createThrottle(options: ThrottleOptions): Throttle {
  const { pace, delays, signal } = options;
  const rates = operationsPerMinute(options.capacity);
  const saved = (options.burstSeconds ?? 150) * 1000;
  const queues = new Map(operationClasses.map((operation) => [operation, { paidAt: Number.NEGATIVE_INFINITY }]));
  return {
    admit(operation, cost) {
      const queue = queues.get(operation);
      if (queue === undefined) return undefined;
      const now = pace.now();
      const wait = queue.paidAt - saved - now;
      if (wait > longestWait) {
        delays.queued(longestWait);
        delays.throttled(operation);
        return refusedLater(operation);
      }
      queue.paidAt = Math.max(queue.paidAt, now) + (cost * 60_000) / rates[operation];
      if (wait <= 0) return undefined;
      delays.queued(wait);
      return pace.sleep(wait, signal);
    },
  };

  async function refusedLater(operation: OperationClass): Promise<never> {
    await pace.sleep(longestWait, signal);
    throw throttled(words[operation]);
  }
}

/** The refusal of a call for which no quota was left. Disturbances use it too. */
export function throttled(kind = words.registry): Refused {
  return new Refused(
    'ThrottlingBacklogTimeout',
    `The request has been throttled. Wait 10 seconds and try again. Operation type: ${kind}`,
  );
}
