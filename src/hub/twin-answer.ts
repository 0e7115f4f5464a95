import type { DeviceId } from '../model/fleet.ts';
import type { WriteAnswer } from '../model/registration.ts';
import { refusalCode } from './bulk.ts';
import { described, type NotAnswered, type Reply } from './reply.ts';
import { isUnsent } from './unreachable.ts';

/** The hub's word on one twin; the reply itself, where it refused the caller or could not be reached, so that nothing was written. */
export function tagsAnswer(id: DeviceId, reply: Reply): WriteAnswer | NotAnswered {
  if (reply.kind === 'answered') return { id, answer: 'applied' };
  if (reply.kind === 'unanswered') {
    return isUnsent(reply.failure) ? reply : { id, answer: 'unanswered', message: reply.failure.message };
  }
  const message = described(reply);
  if (reply.status >= 500) return { id, answer: 'unanswered', message };
  if (reply.status === 429) return { id, answer: 'refused', code: 'throttled', message };
  if (reply.status === 412) return { id, answer: 'refused', code: 'changed', message };
  const code = refusalCode(reply.error.code);
  if (reply.status === 404 && code === 'absent') return { id, answer: 'refused', code, message };
  return reply.status === 400 ? { id, answer: 'refused', code: 'other', message } : reply;
}
