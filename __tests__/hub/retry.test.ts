import { describe, expect, it } from 'vitest';
import { HttpFailure, HttpResponse } from '../../src/hub/http.ts';
import { type Reply, refusedReply, unansweredReply } from '../../src/hub/reply.ts';
import { retried } from '../../src/hub/retry.ts';

const good: Reply = { kind: 'answered', body: [] };
const status = (code: number): Reply => refusedReply(new HttpResponse(code, {}, ''));
const failure = (code: string): Reply => unansweredReply(new HttpFailure(code, 'gone'));

/** Gives the replies one after the other, and what was waited in between. */
async function run(replies: readonly Reply[], random = 1) {
  const waits: number[] = [];
  let calls = 0;
  const reply = await retried(async () => replies[calls++] ?? good, {
    sleep: async (milliseconds) => void waits.push(milliseconds),
    random: () => random,
  });
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

  it('is given up after five attempts', async () => {
    const last = failure('TIMEOUT');
    expect(await run([status(500), status(500), status(429), status(500), last])).toMatchObject({
      reply: last,
      calls: 5,
    });
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

  it.each([400, 401, 403, 404, 412])('is not repeated after %i', async (code) => {
    expect((await run([status(code)])).calls).toBe(1);
  });
});
