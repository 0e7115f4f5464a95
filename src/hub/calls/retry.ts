import { backoff, brokenRest } from '../../model/backoff.ts';
import type { Reply } from './reply.ts';
import { isLasting } from './unreachable.ts';

/** Time and chance, from outside. */
export interface Waiting {
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
}

const mostAttempts = 8;
/** Of a hub that has never answered: whoever has mistyped a port wants to know soon. */
const firstAttempts = 5;

/**
 * Repeats a call that only reads, up to 8 attempts, or 5 of a hub that is not there, while the hub is throttled (429), has a fault (5xx) or does not answer.
 * Waits with full jitter: up to 10 s after a 429, which carries no Retry-After but says "Wait 10 seconds", else up to 1 s;
 * twice as long each time, a minute at most. `known`: the hub has answered before, so that it cannot have a wrong name.
 */
export async function retried(
  call: () => Promise<Reply>,
  { sleep, random }: Waiting,
  known = () => false,
): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    const reply = await call();
    const most = reply.kind === 'unanswered' && !known() ? firstAttempts : mostAttempts;
    if (attempt >= most || !isPassing(reply, known())) return reply;
    const rest = reply.kind === 'refused' && reply.status === 429 ? reply.rest : brokenRest;
    await sleep(backoff(rest, attempt, random));
  }
}

function isPassing(reply: Reply, known: boolean): boolean {
  if (reply.kind === 'answered') return false;
  if (reply.kind === 'unanswered') return !isLasting(reply.failure, known);
  return reply.status === 429 || reply.status >= 500;
}
