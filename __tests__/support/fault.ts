import { Fault } from '../../src/model/fault.ts';

/** The fault that some work ends with; throws where it ends otherwise. */
export async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const thrown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(thrown instanceof Fault)) throw new Error('expected a Fault', { cause: thrown });
  return thrown;
}
