import { scrubbed } from './secrets.ts';

/**
 * A fault of the world (network, disk, refused sign-in) or of usage. Faults of the user's files are findings instead.
 * `kind` decides the exit code: 2 for `usage`, 1 for `world`, 3 for `stopped` (by a signal or a time limit, without harm).
 */
export class Fault extends Error {
  readonly remedy: string;
  readonly kind: FaultKind;

  constructor(message: string, remedy: string, options: { kind?: FaultKind; cause?: unknown } = {}) {
    super(scrubbed(message), options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'Fault';
    this.remedy = remedy;
    this.kind = options.kind ?? 'world';
  }
}

export type FaultKind = 'usage' | 'world' | 'stopped';

/** Returns the message of any thrown value. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Turns any thrown value into a `Fault`. A value that is not a `Fault` already is a bug in this product. */
export function asFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault(messageOf(thrown), 'This should not happen. Please report it together with the log.', {
    cause: thrown,
  });
}
