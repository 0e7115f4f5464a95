import { Fault, messageOf } from '../model/fault.ts';
import type { Judged, Subject } from '../model/finding.ts';
import { finding } from './rules.ts';

/**
 * Does one device's part of a stage. If it throws, the device gets a finding and no value, so that the findings of all
 * other devices are not lost. A `Fault` is no fault of the device and is thrown on.
 * @param subject the device and its place, asked only if the work throws
 */
export function guarded<Value>(
  work: () => Judged<Value | undefined>,
  subject: () => Subject,
): Judged<Value | undefined> {
  try {
    return work();
  } catch (thrown) {
    return notChecked(thrown, subject());
  }
}

/** The same for work that waits for something. */
export async function guardedLater<Value>(
  work: () => Promise<Judged<Value | undefined>>,
  subject: () => Subject,
): Promise<Judged<Value | undefined>> {
  try {
    return await work();
  } catch (thrown) {
    return notChecked(thrown, subject());
  }
}

function notChecked(thrown: unknown, subject: Subject): Judged<undefined> {
  if (thrown instanceof Fault) throw thrown;
  return { value: undefined, findings: [finding('device/not-checked', { why: messageOf(thrown) }, subject)] };
}
