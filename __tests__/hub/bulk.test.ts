import { describe, expect, it } from 'vitest';
import { bulkAnswers, unknownBulk } from '../../src/hub/bulk.ts';
import { HttpFailure, HttpResponse } from '../../src/hub/calls/http.ts';
import { type Reply, refusedReply } from '../../src/hub/calls/reply.ts';
import { create } from './devices.ts';

const writes = [create('a'), create('b'), create('c')];
const answered = (body: unknown): Reply => ({ kind: 'answered', body });
const refused = (status: number, body: unknown, code = ''): Reply =>
  refusedReply(new HttpResponse(status, code === '' ? {} : { 'iothub-errorcode': code }, JSON.stringify(body)));
const failed = (...errors: readonly unknown[]) =>
  refused(400, { isSuccessful: false, errors, warnings: [] }, 'BulkRegistryOperationFailure');
const unanswered = (code: string): Reply => ({ kind: 'unanswered', failure: new HttpFailure(code, 'gone') });

/** The answers in order: `a: applied`, `b: refused exists`. If the whole call failed, the kind of its reply. */
function judged(reply: Reply): readonly string[] | string {
  const answers = bulkAnswers(writes, reply, false);
  if ('kind' in answers) return answers.kind;
  return answers.map((a) => `${a.id}: ${a.answer}${a.answer === 'refused' ? ` ${a.code}` : ''}`);
}

const applied = ['a: applied', 'b: applied', 'c: applied'];
const open = ['a: unanswered', 'b: unanswered', 'c: unanswered'];
const throttled = ['a: refused throttled', 'b: refused throttled', 'c: refused throttled'];

describe('the answer to a bulk', () => {
  it('may have a code that has no text', () => {
    const code = JSON.parse('{ "toString": 1, "valueOf": 1 }');
    expect(judged(failed({ deviceId: 'a', errorCode: code, errorStatus: 'x' }))).toEqual(
      judged(failed({ deviceId: 'a', errorStatus: 'x' })),
    );
    expect(refused(400, { errorCode: code, message: 'x' })).toMatchObject({ error: { code: '', message: 'x' } });
  });

  it.each([
    ['all applied', answered({ isSuccessful: true, errors: [], warnings: [] }), applied],
    ['success without a list of errors', answered({ isSuccessful: true }), applied],
    [
      'some refused, with 200',
      answered({ isSuccessful: false, errors: [{ deviceId: 'b', errorCode: 409001 }] }),
      ['a: applied', 'b: refused exists', 'c: applied'],
    ],
    ['failure without errors', failed(), open],
    [
      'a fault of the service at one device',
      failed({ deviceId: 'a', errorCode: 500001 }, { deviceId: 'c', errorCode: 'ServiceUnavailable' }),
      ['a: unanswered', 'b: applied', 'c: unanswered'],
    ],
    ['an error for a device that was not sent', failed({ deviceId: 'z', errorCode: 409001 }), open],
    ['an error for a device in another case', failed({ deviceId: 'A', errorCode: 409001 }), open],
    [
      'an error without a device',
      failed({ errorCode: 500001 }, { deviceId: 'a', errorCode: 404001 }),
      ['a: refused absent', 'b: unanswered', 'c: unanswered'],
    ],
    [
      'an error that is none',
      failed('what', null, { deviceId: 'c', errorCode: 412001 }),
      ['a: applied', 'b: applied', 'c: refused changed'],
    ],
    ['a page of somebody else', answered('<html>'), open],
    ['an empty answer', answered(''), open],
    ['throttling', refused(429, { Message: 'ErrorCode:ThrottlingBacklogTimeout;Wait' }), throttled],
    ['a fault of the hub', refused(500, {}), open],
    ['a gateway without its hub', refused(503, {}), open],
    ['a broken connection', unanswered('ECONNRESET'), open],
    ['a timeout', unanswered('TIMEOUT'), open],
    ['half an answer', unanswered('TRUNCATED'), open],
    ['a wrong key', refused(401, {}), 'refused'],
    ['a used-up quota', refused(403, {}, 'IotHubQuotaExceeded'), 'refused'],
    ['an entry that cannot be read', refused(400, { Message: 'ErrorCode:ArgumentInvalid;no' }), 'refused'],
    ['an unknown host', unanswered('ENOTFOUND'), 'unanswered'],
    ['an untrusted certificate', unanswered('SELF_SIGNED_CERT_IN_CHAIN'), 'unanswered'],
  ])('%s', (_, reply, expected) => {
    expect(judged(reply)).toEqual(expected);
  });

  it.each([
    [409001, 'exists'],
    ['409001', 'exists'],
    ['DeviceAlreadyExists', 'exists'],
    [404001, 'absent'],
    ['DeviceNotFound', 'absent'],
    [412001, 'changed'],
    [412002, 'changed'],
    ['PreconditionFailed', 'changed'],
    [429000, 'throttled'],
    [429003, 'throttled'],
    ['ThrottlingException', 'throttled'],
    ['GenericTooManyRequests', 'throttled'],
    [400011, 'other'],
    ['DeviceDefinedMultipleTimes', 'other'],
    [4090012, 'other'],
    [null, 'other'],
  ])('an error code %s means %s', (errorCode, code) => {
    const error = { deviceId: 'b', errorCode, errorStatus: 'words of the hub' };
    expect(judged(failed(error))).toEqual(['a: applied', `b: refused ${code}`, 'c: applied']);
  });

  it.each([
    ['the answer was not understood', answered('<html>'), unknownBulk.notUnderstood],
    ['the hub names no device', failed(), unknownBulk.refusedUnnamed],
    ['the hub has a fault', refused(500, { Message: 'ErrorCode:ServerError;no' }), '500, ServerError, no'],
    ['the connection broke', unanswered('ECONNRESET'), 'gone'],
  ])('says why an outcome is open: %s', (_, reply, message) => {
    const expected = ['a', 'b', 'c'].map((id) => ({ id, answer: 'unanswered', message }));
    expect(bulkAnswers(writes, reply, false)).toEqual(expected);
  });

  it('says what the hub said, without what signs in', () => {
    const errorStatus = 'no: SharedAccessSignature sr=a&sig=abc%3D&se=1\nsig=xyz SharedAccessKey=k3y=';
    const answers = bulkAnswers(writes, failed({ deviceId: 'a', errorCode: 1, errorStatus }), false);
    const text = JSON.stringify(answers);
    expect(text).toContain('1, no: SharedAccessSignature *** sig=*** SharedAccessKey=***');
    expect(text).not.toMatch(/abc|xyz|k3y/);
  });
});

it('echoed signatures in the errors of a bulk do not reach the answers', () => {
  const echo = 'SharedAccessSignature sr=h&sig=c2lnbmF0dXJl';
  const answers = bulkAnswers(writes, failed({ deviceId: 'a', errorCode: echo, errorStatus: echo }), false);
  const message = 'SharedAccessSignature ***, SharedAccessSignature ***';
  expect(answers).toMatchObject([{ id: 'a', answer: 'refused', message }, {}, {}]);
});
