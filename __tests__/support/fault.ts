import { Fault } from '../../src/model/fault.ts';

/** The fault that some work ends with; throws where it ends otherwise. */
export async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const thrown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return requireFault(thrown);
}

/** The fault that a call throws; throws where it does not. */
export function faultIn(call: () => unknown): Fault {
  try {
    call();
  } catch (thrown) {
    return requireFault(thrown);
  }
  throw new Error('expected a Fault, and nothing was thrown');
}

/**
 * What a fault says, without its cause: `expect(said(await faultOf(work))).toEqual(said(hubFault('unauthorized', { … })))`. A better text
 * in the room's table breaks no test; other details do.
 */
export function said({ kind, message, remedy }: Fault): Pick<Fault, 'kind' | 'message' | 'remedy'> {
  return { kind, message, remedy };
}

function requireFault(thrown: unknown): Fault {
  if (!(thrown instanceof Fault)) throw new Error('expected a Fault', { cause: thrown });
  return thrown;
}
