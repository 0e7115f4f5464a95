import { type Capacity, type OperationClass, operationClasses, operationsPerMinute } from '../../model/capacity.ts';
import { Refused } from '../wire/errors.ts';
import type { Pace } from './pace.ts';

/** The quotas of one hub. */
export interface Throttle {
  /**
   * Takes `cost` operations from the quota of their class. Undefined: go on at once. Else go on when the promise is fulfilled; it is
   * rejected with `Refused` ThrottlingBacklogTimeout where the call waited in vain, and then took nothing.
   */
  admit(operation: OperationClass, cost: number): Promise<void> | undefined;
}

/** Told of every call that was not let through at once. */
export interface Delays {
  /** `milliseconds` of the hub's time, known as soon as the call has come. */
  queued(milliseconds: number): void;
  throttled(operation: OperationClass): void;
}

export interface ThrottleOptions {
  readonly capacity: Capacity;
  readonly pace: Pace;
  /**
   * How much of the quota an idle hub has saved up, in seconds. By default 150: a free hub (100 a minute) was seen to answer 250 reads in
   * 10.5 s, and the service says that it takes a burst at once "for a minute or two". With 0, only the plain rate counts.
   */
  readonly burstSeconds?: number | undefined;
  readonly delays: Delays;
  /** Ends all waiting. */
  readonly signal: AbortSignal;
}

/** How long a call is queued before it is refused. Not documented; the longest wait reported is 3.2 s, of a burst that all was answered. */
const longestWait = 30_000;

/** The words of the service, recorded for CRUD; those of the other classes are a guess. */
const words: Readonly<Record<OperationClass, string>> = {
  registry: 'CRUD',
  query: 'Query',
  'twin-read': 'TwinRead',
  'twin-write': 'TwinWrite',
  job: 'Job',
};

/**
 * One queue per class, first come, first served. A call goes on as soon as all that went before it is paid for, and may run into debt
 * itself: so a bulk of 100 does pass where 100 are more than a minute's worth, and the next call waits for it.
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

/** The refusal of a call that found the quota used up; also for disturbances. */
export function throttled(kind = words.registry): Refused {
  return new Refused(
    'ThrottlingBacklogTimeout',
    `The request has been throttled. Wait 10 seconds and try again. Operation type: ${kind}`,
  );
}
