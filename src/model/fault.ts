import { scrubbed } from './secrets.ts';

/**
 * A fault of the world (network, disk, refused sign-in) or of usage: never of the user's material, which gives findings.
 * `kind` decides the exit code: `usage` ends with 2, `stopped` (by a signal or a time limit, the rest unharmed) with 3, `world` with 1.
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

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Anything thrown as a Fault; what is none already is a mistake of ours. */
export function asFault(thrown: unknown): Fault {
  if (thrown instanceof Fault) return thrown;
  return new Fault(messageOf(thrown), 'This should not happen. Please report it together with the log.', {
    cause: thrown,
  });
}
