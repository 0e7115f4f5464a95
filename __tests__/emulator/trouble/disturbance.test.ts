import { afterEach, describe, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../../src/emulator/hub.ts';
import type { Disturb, DisturbedCall } from '../../../src/emulator/trouble/disturbance.ts';
import { call } from '../clients.ts';
import { edgeBody } from '../devices/identities.ts';

let hub: EmbeddedHub;
afterEach(() => hub.close());

/** A hub that is disturbed at its first call only. */
async function disturbedOnce(disturb: Disturb): Promise<void> {
  let calls = 0;
  hub = await startHub({
    disturb: (seen) => {
      calls += 1;
      return calls === 1 ? disturb(seen) : undefined;
    },
  });
}

const create = (timeout?: number) =>
  call(hub, 'PUT', '/devices/d', { body: edgeBody('d'), ...(timeout === undefined ? {} : { timeout }) });

describe('a call that is disturbed', () => {
  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('is cut %s it takes effect', async (when, devices) => {
    await disturbedOnce(() => ({ kind: 'close', when }));
    await expect(create()).rejects.toThrow(/socket hang up|ECONNRESET/);
    expect(hub.registry.all()).toHaveLength(devices);
  });

  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('hangs %s it takes effect, and does not keep the hub from closing', async (when, devices) => {
    await disturbedOnce(() => ({ kind: 'hang', when }));
    await expect(create(200)).rejects.toThrow('timed out');
    expect(hub.registry.all()).toHaveLength(devices);
  });

  it('takes effect and is answered by half', async () => {
    await disturbedOnce(() => ({ kind: 'truncate' }));
    await expect(create()).rejects.toThrow(/aborted|ECONNRESET/);
    expect(hub.registry.all()).toHaveLength(1);
  });

  it('is throttled as the service throttles: no Retry-After, the connection closed', async () => {
    await disturbedOnce(() => ({ kind: 'refuse', code: 'ThrottlingBacklogTimeout' }));
    const refused = await create();
    expect(refused.status).toBe(429);
    expect(refused.headers).toMatchObject({ connection: 'close', 'iothub-errorcode': 'ThrottlingBacklogTimeout' });
    expect(refused.headers).not.toHaveProperty('retry-after');
    expect(refused.json.Message).toBe(
      'ErrorCode:ThrottlingBacklogTimeout;The request has been throttled. Wait 10 seconds and try again. Operation type: CRUD',
    );
    expect(hub.counts()).toMatchObject({ requests: 1, registryWrites: 0 });
    expect((await create()).status).toBe(200);
  });

  it('is answered with what the test says, and not carried out', async () => {
    await disturbedOnce(() => ({ kind: 'answer', status: 400, body: { isSuccessful: false } }));
    const answered = await create();
    expect([answered.status, answered.json]).toEqual([400, { isSuccessful: false }]);
    expect(hub.registry.all()).toEqual([]);
  });

  it('is refused with a status and a text of the test', async () => {
    await disturbedOnce(() => ({ kind: 'refuse', code: 'ServerError', status: 502, text: 'no luck' }));
    const refused = await create();
    expect([refused.status, refused.json.Message]).toEqual([502, 'ErrorCode:ServerError;no luck']);
  });
});

it('lets another writer be quicker', async () => {
  await disturbedOnce(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    hub.registry.put(edgeBody('d', { status: 'disabled' }));
    return undefined;
  });
  expect((await create()).status).toBe(409);
  expect(hub.registry.get('d')?.status).toBe('disabled');
});

it('shows the call to the hook', async () => {
  const seen: DisturbedCall[] = [];
  hub = await startHub({
    disturb: (one) => {
      seen.push(one);
      return undefined;
    },
  });
  await call(hub, 'PUT', '/devices/a%3Ab', { body: { deviceId: 'a:b' } });
  await call(hub, 'GET', '/devices?top=3');
  expect(seen).toEqual([
    { method: 'PUT', path: '/devices/a%3Ab', body: { deviceId: 'a:b' } },
    { method: 'GET', path: '/devices' },
  ]);
});

it('answers with the error that a hook throws', async () => {
  await disturbedOnce(() => {
    throw new Error('a mistake in the test');
  });
  expect(await create()).toMatchObject({ status: 500, text: 'a mistake in the test' });
});
