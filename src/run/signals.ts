import { type Stop, StopSwitch } from '../model/stop.ts';
import { runLines } from './lines.ts';

/**
 * In milliseconds. A runner sends SIGTERM 7.5 s after SIGINT, and kills the process about 10 s after SIGINT. A run reports
 * within 5 s.
 */
const graceAfterSignal = 2_500;
/** In milliseconds. The job goes on after a time limit, so calls under way can still be answered. */
const graceAfterLimit = 60_000;

const signals = ['SIGINT', 'SIGTERM'] as const;

/** Ends a run from outside. */
export interface Outside {
  readonly stop: Stop;
  /** Stops the run after so many minutes. */
  limit(minutes: number | undefined): void;
  /** Removes the handlers of the signals. */
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
        stop.press(runLines['time-limit-over']({ minutes }), { hurried: false });
        later(() => stop.giveUpWaiting(), graceAfterLimit);
      }, minutes * 60_000);
    },
    release() {
      clearTimeout(timer);
      for (const signal of signals) process.off(signal, signalled);
    },
  };
}

/** Ends the process as soon as its output is written, even if calls still wait for the network. */
export function exitWith(code: number): void {
  process.exitCode = code;
  process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
}

/** In milliseconds. A run ends within 2 s of its last line. */
const graceAfterLastLine = 1_000;

/**
 * Ends the process soon, by itself or in a second. What still waits for the network then, such as the look-up of a name,
 * cannot be called off.
 */
export function endSoon(code: number): void {
  process.exitCode = code;
  setTimeout(() => exitWith(code), graceAfterLastLine).unref();
}
