import { type Stop, StopSwitch } from '../model/stop.ts';

/** A runner kills some 10 s after SIGINT, 7.5 s of which it waits before SIGTERM; within 5 s everything must be said. */
const graceAfterSignal = 2_500;
/** A time limit is not the end of the job: what is under way may be answered. */
const graceAfterLimit = 60_000;

const signals = ['SIGINT', 'SIGTERM'] as const;

/** What ends a run from outside. */
export interface Outside {
  readonly stop: Stop;
  /** Stops it after so many minutes. */
  limit(minutes: number | undefined): void;
  /** Takes the handlers away. */
  release(): void;
}

/** Stops a run at SIGINT or SIGTERM. A second SIGINT ends the process at once. */
export function stopFromOutside(): Outside {
  const stop = new StopSwitch();
  let timer: NodeJS.Timeout | undefined;
  const later = (work: () => void, milliseconds: number) => setTimeout(work, milliseconds).unref();
  const signalled = (signal: NodeJS.Signals) => {
    if (signal === 'SIGINT' && stop.hurried) process.exit(130);
    stop.press(signal, { hurried: true });
    later(() => stop.giveUpWaiting(), graceAfterSignal);
  };
  for (const signal of signals) process.on(signal, signalled);
  return {
    stop,
    limit(minutes) {
      if (minutes === undefined) return;
      timer = later(() => {
        stop.press(`the time limit of ${minutes} minute${minutes === 1 ? '' : 's'} is over`, { hurried: false });
        later(() => stop.giveUpWaiting(), graceAfterLimit);
      }, minutes * 60_000);
    },
    release() {
      clearTimeout(timer);
      for (const signal of signals) process.off(signal, signalled);
    },
  };
}

/** Ends the process when all that was written is out, whatever still waits for the network. */
export function exitWith(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}
