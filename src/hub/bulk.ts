import { idOf, type RefusalCode, type RegistryWrite, type WriteAnswer } from '../model/registry.ts';
import { described, type NotAnswered, quotable, type Reply } from './calls/reply.ts';
import { isLasting, isUnsent } from './calls/unreachable.ts';
import { isRecord, plainText } from './calls/wire.ts';

/** Why it is not known what a bulk did with a device. */
export const unknownBulk = {
  notUnderstood: "the hub's answer was not understood",
  refusedUnnamed: 'the hub refused some of the devices and did not say which',
} as const;

/**
 * Gives one answer per write, in order, from the reply to the bulk call. Gives the reply itself if the hub refused the
 * whole call or cannot be reached, so that nothing was written. `known`: the hub has answered before.
 */
export function bulkAnswers(
  writes: readonly RegistryWrite[],
  reply: Reply,
  known: boolean,
): readonly WriteAnswer[] | NotAnswered {
  if (reply.kind === 'unanswered') {
    const { failure } = reply;
    if (!isUnsent(failure)) return unanswered(writes, failure.message);
    return isLasting(failure, known) ? reply : refused(writes, { code: 'unreached', message: failure.message });
  }
  const results = bulkResult(reply.body);
  if (results !== undefined && (reply.kind === 'answered' || reply.status === 400)) {
    return answersByDevice(writes, results);
  }
  if (reply.kind === 'answered') return unanswered(writes, unknownBulk.notUnderstood);
  const message = described(reply);
  if (reply.status === 429) {
    return refused(writes, { code: 'throttled', message, rest: reply.rest });
  }
  return reply.status >= 500 ? unanswered(writes, message) : reply;
}

interface BulkResult {
  readonly successful: boolean;
  readonly errors: readonly BulkError[];
}

interface BulkError {
  readonly id: string;
  readonly code: string;
  readonly status: string;
}

/** Reads `{"isSuccessful":…,"errors":[{"deviceId","errorCode","errorStatus"}]}`, the body of a 200 and of a 400. */
function bulkResult(body: unknown): BulkResult | undefined {
  if (!isRecord(body) || typeof body.isSuccessful !== 'boolean') return undefined;
  const errors = Array.isArray(body.errors) ? body.errors.filter(isRecord) : [];
  return { successful: body.isSuccessful, errors: deviceErrors(errors) };
}

/**
 * Reads `{"deviceId","errorCode","errorStatus"}`, an error of a bulk or of an import job. The id of any other value is
 * empty.
 */
export function deviceErrors(entries: readonly unknown[]): readonly BulkError[] {
  return entries.map((entry) => {
    const { deviceId, errorCode, errorStatus } = isRecord(entry) ? entry : {};
    return {
      id: typeof deviceId === 'string' ? deviceId : '',
      code: quotable(plainText(errorCode)),
      status: typeof errorStatus === 'string' ? quotable(errorStatus) : '',
    };
  });
}

/**
 * Gives one answer per write. A device without an error was applied, unless an error names no device of these writes.
 */
export function answersByDevice(
  writes: readonly RegistryWrite[],
  { successful, errors }: BulkResult,
): readonly WriteAnswer[] {
  const byId = new Map(errors.map((error) => [error.id, error]));
  const ids = new Set<string>(writes.map(idOf));
  const stray = errors.some(({ id }) => !ids.has(id)) || (!successful && errors.length === 0);
  return writes.map((write): WriteAnswer => {
    const id = idOf(write);
    const error = byId.get(id);
    if (error !== undefined) {
      const message = [error.code, error.status].filter((part) => part !== '').join(', ');
      // A fault of the service. The write may have been carried out.
      if (/^(50[034]\d{3}|ServerError|ServiceUnavailable)$/.test(error.code))
        return { id, answer: 'unanswered', message };
      return { id, answer: 'refused', code: refusalCode(error.code), message };
    }
    return stray ? { id, answer: 'unanswered', message: unknownBulk.refusedUnnamed } : { id, answer: 'applied' };
  });
}

/**
 * Reads an error code of the service. It is an integer on the wire, a name in the REST description: 409001 or
 * DeviceAlreadyExists.
 */
export function refusalCode(code: string): RefusalCode {
  if (/^(409001|DeviceAlreadyExists)$/.test(code)) return 'exists';
  if (/^(404001|DeviceNotFound)$/.test(code)) return 'absent';
  if (/^(412\d{3}|PreconditionFailed)$/.test(code)) return 'changed';
  if (/^(401\d{3}|IotHubUnauthorized(Access)?)$/.test(code)) return 'unauthorized';
  return /^(429\d{3}|Throttl\w*|GenericTooManyRequests|DeviceThrottlingLimitExceeded)$/.test(code)
    ? 'throttled'
    : 'other';
}

function refused(
  writes: readonly RegistryWrite[],
  why: Omit<Extract<WriteAnswer, { answer: 'refused' }>, 'id' | 'answer'>,
): readonly WriteAnswer[] {
  return writes.map((write) => ({ id: idOf(write), answer: 'refused', ...why }));
}

function unanswered(writes: readonly RegistryWrite[], message: string): readonly WriteAnswer[] {
  return writes.map((write) => ({ id: idOf(write), answer: 'unanswered', message }));
}
