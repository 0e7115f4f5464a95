import type { Fault } from '../../src/model/fault.ts';
import { StopSwitch } from '../../src/model/stop.ts';

/** The fault of a run that was stopped, as the code renders it; `why` is the signal, or the words of the time limit. */
export function stoppedBy(why: string): Fault {
  const stop = new StopSwitch();
  stop.press(why, { hurried: true });
  return stop.fault();
}
