import { describe, expect, it } from 'vitest';
import { HttpFailure, HttpResponse } from '../../../src/hub/calls/http.ts';
import { type Reply, refusedReply, unansweredReply } from '../../../src/hub/calls/reply.ts';
import { retried } from '../../../src/hub/calls/retry.ts';

const good: Reply = { kind: 'answered', body: [] };
const status = (code: number): Reply => refusedReply(new HttpResponse(code, {}, ''));
const failure = (code: string): Reply => unansweredReply(new HttpFailure(code, 'gone'));

/**
 * Makes a call that gets these replies in order. Returns the last reply, the number of calls and the waits between
 * them.
 */
async function run(replies: readonly Reply[], random = 1, known = false) {
  const waits: number[] = [];
  let calls = 0;
  const waiting = { sleep: async (milliseconds: number) => void waits.push(milliseconds), random: () => random };
  const reply = await retried(
    async () => replies[calls++] ?? good,
    waiting,
    () => known,
  );
  return { reply, calls, waits };
}

describe('a call that reads', () => {
  it('is made once when it is answered', async () => {
    expect(await run([good])).toEqual({ reply: good, calls: 1, waits: [] });
  });

  it.each([500, 502, 503, 504])('is repeated after %i, waiting longer each time', async (code) => {
    const { reply, waits } = await run([status(code), status(code), status(code), good]);
    expect(reply).toBe(good);
    expect(waits).toEqual([1_000, 2_000, 4_000]);
  });

  it('waits ten times as long after a 429, a minute at most', async () => {
    expect((await run([1, 2, 3, 4].map(() => status(429)))).waits).toEqual([10_000, 20_000, 40_000, 60_000]);
  });

  it('waits by chance, so that many runs do not come back at once', async () => {
    expect((await run([status(429), failure('ECONNRESET')], 0.25)).waits).toEqual([2_500, 500]);
  });

  it('is given up after eight attempts', async () => {
    const replies = [500, 500, 429, 500, 503, 504, 500, 502].map(status);
    expect(await run([...replies, good])).toMatchObject({ reply: replies[7], calls: 8 });
  });

  it('is given up after five attempts where the hub has never answered', async () => {
    const last = failure('TIMEOUT');
    const replies = [status(500), status(500), status(429), status(500), last, good];
    expect(await run(replies)).toMatchObject({ reply: last, calls: 5 });
    expect(await run(replies, 1, true)).toMatchObject({ reply: good, calls: 6 });
  });

  it.each<[string, Record<string, string>, string, number]>([
    ['as the text says', {}, 'Wait 3 seconds and try again', 3_000],
    ['as Retry-After says, and a little more', { 'retry-after': '20' }, 'Wait 1 seconds', 21_000],
    ['10 minutes at most', { 'retry-after': '86400' }, '', 610_000],
    ['10 s where Retry-After is past', { 'retry-after': 'Thu, 01 Jan 2026 00:00:00 GMT' }, '', 10_000],
    ['10 s where it is nonsense', { 'retry-after': 'soon' }, 'Wait', 10_000],
  ])('waits after a 429 %s', async (_, headers, Message, waited) => {
    const throttled = refusedReply(new HttpResponse(429, headers, JSON.stringify({ Message })));
    expect((await run([throttled])).waits).toEqual([waited]);
  });

  it.each(['ECONNRESET', 'TIMEOUT', 'TRUNCATED', 'EAI_AGAIN', 'ECONNREFUSED', 'MALFORMED'])(
    'is repeated after %s',
    async (code) => {
      expect((await run([failure(code)])).calls).toBe(2);
    },
  );

  it.each(['ENOTFOUND', 'CERT_HAS_EXPIRED', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'PROXY_REFUSED', 'TOO_LARGE', 'EPROTO'])(
    'is not repeated after %s, which lasts',
    async (code) => {
      expect((await run([failure(code)])).calls).toBe(1);
    },
  );

  it.each(['ENOTFOUND', 'PROXY_REFUSED'])('is repeated after %s where the hub has answered before', async (code) => {
    expect((await run([failure(code)], 1, true)).calls).toBe(2);
  });

  it.each([400, 401, 403, 404, 412])('is not repeated after %i', async (code) => {
    expect((await run([status(code)])).calls).toBe(1);
  });
});
