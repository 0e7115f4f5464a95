import type { Fault } from './fault.ts';
import { modelFault } from './faults.ts';

/** Ends a run early, from outside: by a signal or a time limit. Code that works checks it between calls and while it waits. */
export interface Stop {
  /** Once aborted, nothing new may begin. */
  readonly asked: AbortSignal;
  /** Once aborted, the run does not wait for work under way either. */
  readonly overdue: AbortSignal;
  /** Whether only seconds are left after the stop is asked for, so that nothing long, such as an upload, may begin. */
  readonly hurried: boolean;
  /** Why the run stops: a fault of the kind `stopped`. Every call returns the same fault. */
  fault(): Fault;
}

/** A stop with the switch that triggers it. */
export class StopSwitch implements Stop {
  readonly #asked = new AbortController();
  readonly #overdue = new AbortController();
  #fault: Fault | undefined;
  #hurried = false;

  get asked(): AbortSignal {
    return this.#asked.signal;
  }

  get overdue(): AbortSignal {
    return this.#overdue.signal;
  }

  get hurried(): boolean {
    return this.#hurried;
  }

  fault(): Fault {
    this.#fault ??= modelFault('stopped', {});
    return this.#fault;
  }

  /** Asks for the stop. `why` continues "the run was stopped: …"; the fault names the first reason given. */
  press(why: string, options: { readonly hurried: boolean }): void {
    this.#hurried ||= options.hurried;
    this.#fault ??= modelFault('stopped', { why });
    this.#asked.abort();
  }

  giveUpWaiting(): void {
    this.#overdue.abort();
  }
}

/** Returns the result of the work. Rejects with the stop's fault as soon as the stop is asked for; the work is then not awaited. */
export async function unlessStopped<T>(stop: Stop, work: () => Promise<T>): Promise<T> {
  if (stop.asked.aborted) throw stop.fault();
  return cutShort(stop.asked, work(), () => {
    throw stop.fault();
  });
}

/** Returns the result of the work, or `instead` as soon as the signal is aborted. */
export function cutShort<T>(signal: AbortSignal, work: Promise<T>, instead: () => T): Promise<T> {
  if (signal.aborted) {
    work.catch(() => {});
    return new Promise((resolve) => resolve(instead()));
  }
  return new Promise((resolve, reject) => {
    const cut = () => {
      try {
        resolve(instead());
      } catch (thrown) {
        reject(thrown);
      }
    };
    const done = onAbort(signal, cut);
    work.then(resolve, reject).finally(done);
  });
}

/**
 * Calls back when a signal is aborted, until the function that it returns is called. All callbacks of a signal share one
 * listener: a run has up to a hundred calls under way, and Node takes more than ten listeners for a leak.
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  let callbacks = callbacksOf.get(signal);
  if (callbacks === undefined) {
    const all = new Set([callback]);
    callbacks = all;
    callbacksOf.set(signal, all);
    const callAll = () => {
      for (const each of [...all]) each();
    };
    signal.addEventListener('abort', callAll, { once: true });
  }
  callbacks.add(callback);
  return () => callbacks.delete(callback);
}

const callbacksOf = new WeakMap<AbortSignal, Set<() => void>>();
