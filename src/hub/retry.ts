import type { Reply } from './reply.ts';
import { isLasting } from './unreachable.ts';

/** Time and chance, from outside. */
export interface Waiting {
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

const mostAttempts = 5;
const longestWait = 60_000;

/**
 * Repeats a call that only reads, up to 5 attempts, while the hub is throttled (429), has a fault (5xx) or does not answer.
 * Waits with full jitter: up to 10 s after a 429, which carries no Retry-After but says "Wait 10 seconds", else up to 1 s;
 * twice as long each time.
 */
export async function retried(call: () => Promise<Reply>, { sleep, random }: Waiting): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    const reply = await call();
    if (attempt === mostAttempts || !isPassing(reply)) return reply;
    const base = reply.kind === 'refused' && reply.status === 429 ? 10_000 : 1_000;
    await sleep(random() * Math.min(base * 2 ** (attempt - 1), longestWait));
  }
}

function isPassing(reply: Reply): boolean {
  if (reply.kind === 'answered') return false;
  if (reply.kind === 'unanswered') return !isLasting(reply.failure);
  return reply.status === 429 || reply.status >= 500;
}
