import { backoff, brokenRest } from '../../model/backoff.ts';
import type { NotAnswered, Reply } from './reply.ts';
import { isLasting } from './unreachable.ts';

/** Sleep and random numbers, passed in so that tests control them. */
export interface Waiting {
  readonly sleep: (milliseconds: number) => Promise<void>;
  /** A number from 0 (inclusive) to 1 (exclusive). */
  readonly random: () => number;
  /** Called before each wait for another try. */
  readonly waiting?: (wait: Wait) => void;
}

/** The reply that makes another try necessary, and the try that comes next. */
export interface Wait {
  readonly reply: NotAnswered;
  readonly milliseconds: number;
  /** From 2. */
  readonly next: number;
  readonly most: number;
}

const mostAttempts = 8;
/** For a hub that has never answered. A mistyped port should be reported soon. */
const firstAttempts = 5;

/**
 * Repeats a call that only reads while the hub is throttled (429), has a fault (5xx) or does not answer. Makes at most
 * 8 attempts, or 5 if the hub does not answer and has never answered before. Waits with full jitter: up to 10 s after a
 * 429, which carries no Retry-After but says "Wait 10 seconds", else up to 1 s. The wait doubles each time, up to a
 * minute. `known`: the hub has answered before, so its name is right.
 */
export async function retried(
  call: () => Promise<Reply>,
  { sleep, random, waiting = () => {} }: Waiting,
  known = () => false,
): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    const reply = await call();
    const most = reply.kind === 'unanswered' && !known() ? firstAttempts : mostAttempts;
    if (reply.kind === 'answered' || attempt >= most || !isPassing(reply, known())) return reply;
    const rest = reply.kind === 'refused' && reply.status === 429 ? reply.rest : brokenRest;
    const milliseconds = backoff(rest, attempt, random);
    waiting({ reply, milliseconds, next: attempt + 1, most });
    await sleep(milliseconds);
  }
}

function isPassing(reply: NotAnswered, known: boolean): boolean {
  if (reply.kind === 'unanswered') return !isLasting(reply.failure, known);
  return reply.status === 429 || reply.status >= 500;
}
