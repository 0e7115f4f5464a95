import { Fault } from './fault.ts';

/** Ends a run early, from outside: a signal, a time limit. Whoever works looks at it between calls and while it waits. */
export interface Stop {
  /** Aborted: nothing new may begin. */
  readonly asked: AbortSignal;
  /** Aborted: what is under way is not waited for either. */
  readonly overdue: AbortSignal;
  /** Whether there are only seconds left, once it is asked: nothing long may begin, such as an upload. */
  readonly hurried: boolean;
  /** Why, of the kind `stopped`; always the same one. */
  fault(): Fault;
}

/** A stop that somebody may press. */
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
    this.#fault ??= stopped('it was told to');
    return this.#fault;
  }

  /** `why` as in "the run was stopped: …"; the first to press is named. */
  press(why: string, options: { readonly hurried: boolean }): void {
    this.#hurried ||= options.hurried;
    this.#fault ??= stopped(why);
    this.#asked.abort();
  }

  giveUpWaiting(): void {
    this.#overdue.abort();
  }
}

function stopped(why: string): Fault {
  return new Fault(`the run was stopped: ${why}`, 'Run it again: it does the rest, and nothing twice.', {
    kind: 'stopped',
  });
}

/** What the work gives; rejects with the stop's fault as soon as it is asked, and then nobody waits for the work. */
export async function unlessStopped<T>(stop: Stop, work: () => Promise<T>): Promise<T> {
  if (stop.asked.aborted) throw stop.fault();
  return cutShort(stop.asked, work(), () => {
    throw stop.fault();
  });
}

/** What the work gives, or `instead` as soon as the signal is aborted. */
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
    signal.addEventListener('abort', cut, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', cut));
  });
}
