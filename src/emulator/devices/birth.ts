import type { Authentication } from './authentication.ts';
import { epochTicks } from './identity.ts';

/** What the hub gives to a new identity of a device or a module. */
export interface Birth {
  /** .NET ticks. Each is larger than the one before. */
  readonly generationId: string;
  readonly version: number;
}

export interface Births {
  next(): Birth;
  /** Two new random keys. */
  keys(): Authentication;
}

/** Continues after the last stored identity. `clock` is in milliseconds since 1970. */
export function createBirths(
  stored: Iterable<{ readonly generationId: string }>,
  { clock, randomBytes }: { readonly clock: () => number; readonly randomBytes: (length: number) => Buffer },
): Births {
  let lastTicks = 0n;
  for (const { generationId } of stored) {
    const ticks = BigInt(generationId);
    if (ticks > lastTicks) lastTicks = ticks;
  }
  return {
    next() {
      const now = BigInt(Math.trunc(clock())) * 10_000n + epochTicks;
      lastTicks = now > lastTicks ? now : lastTicks + 1n;
      // Counters start at a random number, so that the etag of one identity never fits another.
      return { generationId: String(lastTicks), version: randomBytes(4).readUInt32BE() >>> 2 };
    },
    keys() {
      const key = () => randomBytes(32).toString('base64');
      return { type: 'sas', primary: key(), secondary: key() };
    },
  };
}
