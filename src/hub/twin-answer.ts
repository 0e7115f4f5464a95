import type { DeviceId } from '../model/fleet.ts';
import type { WriteAnswer } from '../model/registry.ts';
import { refusalCode } from './bulk.ts';
import { described, type NotAnswered, type Reply } from './calls/reply.ts';
import { isLasting, isUnsent } from './calls/unreachable.ts';

/**
 * Gives the answer for one twin. Gives the reply itself if the hub refused the caller or cannot be reached, so that
 * nothing was written. `known`: the hub has answered before.
 */
export function tagsAnswer(id: DeviceId, reply: Reply, known: boolean): WriteAnswer | NotAnswered {
  if (reply.kind === 'answered') return { id, answer: 'applied' };
  if (reply.kind === 'unanswered') {
    const { failure } = reply;
    if (!isUnsent(failure)) return { id, answer: 'unanswered', message: failure.message };
    return isLasting(failure, known) ? reply : { id, answer: 'refused', code: 'unreached', message: failure.message };
  }
  const message = described(reply);
  if (reply.status >= 500) return { id, answer: 'unanswered', message };
  if (reply.status === 429) return { id, answer: 'refused', code: 'throttled', message, rest: reply.rest };
  if (reply.status === 412) return { id, answer: 'refused', code: 'changed', message };
  const code = refusalCode(reply.error.code);
  if (reply.status === 404 && code === 'absent') return { id, answer: 'refused', code, message };
  return reply.status === 400 ? { id, answer: 'refused', code: 'other', message } : reply;
}
