import { describe, expect, it } from 'vitest';
import { HttpFailure, HttpResponse, httpFailure } from '../../../src/hub/calls/http.ts';
import { patience } from '../../../src/hub/calls/patience.ts';
import { refusedReply, unansweredReply } from '../../../src/hub/calls/reply.ts';
import { retried, type Wait } from '../../../src/hub/calls/retry.ts';
import { waitingLines, waitText } from '../../../src/hub/calls/waiting.ts';
import { holdTexts } from '../../support/text-table.ts';

const host = 'contoso.azure-devices.net';
const again = { next: 2, most: 5 };

describe('what a run says while it waits', () => {
  holdTexts(waitingLines, {
    'no-answer': [
      [{ host, seconds: 60 }, 'no answer from contoso.azure-devices.net for 60 s'],
      [{ host, seconds: 60, again }, 'no answer from contoso.azure-devices.net for 60 s, try 2 of 5'],
    ],
    busy: [
      [{ host, answer: '429', seconds: 20, again }, 'contoso.azure-devices.net answers 429: waiting 20 s, try 2 of 5'],
    ],
  });

  const silent = unansweredReply(httpFailure.timeout(60_000));
  const broken = unansweredReply(new HttpFailure('ECONNRESET', 'gone'));
  const throttled = refusedReply(new HttpResponse(429, {}, ''));

  it('before each new try: which host, how long, which try', async () => {
    const said: (string | undefined)[] = [];
    const waiting = (wait: Wait) => said.push(waitText(host, wait));
    await retried(async () => silent, { sleep: async () => {}, random: () => 0, waiting });
    const tries = [2, 3, 4, 5].map((next) => ({ host, seconds: 60, again: { next, most: 5 } }));
    expect(said).toEqual(tries.map((details) => waitingLines['no-answer'](details)));
  });

  it('also before a long rest, but not before the many short ones of a large fleet', () => {
    const wait = (reply: Wait['reply'], milliseconds: number) => waitText(host, { reply, milliseconds, ...again });
    if (throttled.kind !== 'refused' || broken.kind !== 'unanswered') throw new Error('another kind');
    expect(wait(throttled, 20_000)).toBe(waitingLines.busy({ host, answer: '429', seconds: 20, again }));
    expect([wait(throttled, 9_999), wait(broken, 20_000)]).toEqual([undefined, undefined]);
  });
});

describe('the patience with a client of Azure', () => {
  const aborted = Object.assign(new Error('aborted'), { name: 'AbortError' });
  const request = () => ({ url: `https://${host}/c/x`, requestId: '1', timeout: 0 });

  it('limits each try, says which comes next, and fails so that the client tries again', async () => {
    const said: string[] = [];
    const limited = patience({ tryTimeoutMs: 60_000, most: 2, waiting: (text) => said.push(text) });
    const asked = request();
    for (const _ of [1, 2]) {
      const work = limited(asked, () => Promise.reject(aborted));
      await expect(work).rejects.toMatchObject({ name: 'RestError', code: 'ETIMEDOUT', cause: aborted });
    }
    expect(asked.timeout).toBe(60_000);
    const first = waitingLines['no-answer']({ host, seconds: 60, again: { next: 2, most: 2 } });
    expect(said).toEqual([first, waitingLines['no-answer']({ host, seconds: 60 })]);
  });

  it('passes on what else goes wrong, and a stop', async () => {
    const limited = patience({ tryTimeoutMs: 1, most: 2, waiting: () => expect.fail() });
    const error = new Error('refused');
    await expect(limited(request(), () => Promise.reject(error))).rejects.toBe(error);
    const stopped = { ...request(), abortSignal: AbortSignal.abort() };
    await expect(limited(stopped, () => Promise.reject(aborted))).rejects.toBe(aborted);
  });
});
