import type { Fault } from '../../src/model/fault.ts';
import { WrongSettings } from '../../src/run/setting-reader.ts';

/** The faults of the settings that some work refuses. Throws if it refuses none. */
export async function refused(work: Promise<unknown>): Promise<readonly Fault[]> {
  const thrown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof WrongSettings)) throw new Error('expected WrongSettings', { cause: thrown });
  return thrown.faults;
}
