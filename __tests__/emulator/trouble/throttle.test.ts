import { describe, expect, it, onTestFinished } from 'vitest';
import { type HubOptions, startHub } from '../../../src/emulator/hub.ts';
import { pace } from '../../../src/emulator/trouble/pace.ts';
import { createThrottle } from '../../../src/emulator/trouble/throttle.ts';
import type { Capacity } from '../../../src/model/capacity.ts';
import { simulatedClock } from '../../support/clock.ts';
import { fc } from '../../support/property.ts';
import { call, signature } from '../clients.ts';
import { edgeBody } from '../devices/identities.ts';

const small: Capacity = { tier: 'S1', units: 1 };
const minute = 60_000;

/** A hub of one unit of S1 on a simulated clock. */
async function throttledHub(options: HubOptions = {}) {
  const clock = simulatedClock();
  const hub = await startHub({ clock: clock.now, sleep: clock.sleep, capacity: small, ...options });
  onTestFinished(async () => {
    await hub.close();
    clock.close();
  });
  const send = async (method: string, path: string, body?: unknown) => {
    const begun = clock.now();
    const headers = { authorization: signature(hub, 'iothubowner', begun) };
    const answer = await call(hub, method, path, { headers, ...(body === undefined ? {} : { body }) });
    return { status: answer.status, took: clock.now() - begun, answer };
  };
  const bulk = (from: number, count: number) => {
    const entries = Array.from({ length: count }, (_, n) => ({ ...edgeBody(`d${from + n}`), id: `d${from + n}` }));
    return send(
      'POST',
      '/devices',
      entries.map((entry) => ({ ...entry, importMode: 'create' })),
    );
  };
  return { hub, clock, send, bulk };
}

describe('a hub with a capacity', () => {
  it('answers what a free hub was seen to answer: 250 reads in a burst, the slowest in a few seconds', async () => {
    const { hub, send } = await throttledHub();
    const reads = await Promise.all(Array.from({ length: 255 }, () => send('GET', '/devices')));
    expect(new Set(reads.map(({ status }) => status))).toEqual(new Set([200]));
    expect(Math.max(...reads.map(({ took }) => took))).toBeLessThanOrEqual(3200);
    expect(hub.counts()).toMatchObject({ registryReads: 255, throttled: 0 });
  });

  it('takes a bulk of 100 for 100 operations, queues what is too much, and refuses what would wait too long', async () => {
    const { hub, clock, bulk } = await throttledHub({ burstSeconds: 0 });
    expect(await bulk(0, 100)).toMatchObject({ status: 200, took: 0 });
    const refused = await bulk(100, 100); // Its turn would come in a minute.
    expect(refused).toMatchObject({ status: 429, took: 30_000 });
    expect(refused.answer.headers).toMatchObject({
      connection: 'close',
      'iothub-errorcode': 'ThrottlingBacklogTimeout',
    });
    expect(refused.answer.headers).not.toHaveProperty('retry-after');
    expect(refused.answer.json.Message).toBe(
      'ErrorCode:ThrottlingBacklogTimeout;The request has been throttled. Wait 10 seconds and try again. Operation type: CRUD',
    );
    expect(hub.registry.all()).toHaveLength(100);
    await clock.sleep(10_000);
    expect(await bulk(100, 100)).toMatchObject({ status: 200, took: 20_000 });
    expect(hub.counts()).toMatchObject({ registryWrites: 200, throttled: 1, queuedMilliseconds: 50_000 });
  });

  it('has a quota for each class: queries are not held up by registry operations', async () => {
    const { send, bulk } = await throttledHub({ burstSeconds: 0 });
    await bulk(0, 100);
    const query = { query: 'SELECT deviceId FROM devices' };
    expect(await send('POST', '/devices/query', query)).toMatchObject({ status: 200, took: 0 });
    expect(await send('POST', '/devices/query', query)).toMatchObject({ status: 200, took: 3000 });
    expect(await send('GET', '/twins/d0')).toMatchObject({ status: 200, took: 0 });
    expect(await send('GET', '/twins/d0')).toMatchObject({ status: 200, took: 10 });
    expect(await send('PATCH', '/twins/d0', {})).toMatchObject({ status: 200, took: 0 });
  });

  it('does not count who is not let in, and what is no call of the service', async () => {
    const { send, bulk, hub, clock } = await throttledHub({ burstSeconds: 0 });
    for (let n = 0; n < 5; n++) {
      expect((await call(hub, 'GET', '/devices', { headers: { authorization: 'none' } })).status).toBe(401);
      expect((await call(hub, 'GET', '/metrics')).status).toBe(200);
    }
    expect(await send('POST', '/devices', 'no list')).toMatchObject({ status: 400, took: 0 });
    expect(await bulk(0, 2)).toMatchObject({ status: 200, took: 600 });
    expect(clock.now()).toBeGreaterThan(0);
  });

  it('without one queues nothing', async () => {
    const { hub, bulk } = await throttledHub({ capacity: undefined });
    for (let n = 0; n < 10; n++) expect(await bulk(100 * n, 100)).toMatchObject({ status: 200, took: 0 });
    expect(hub.counts()).toMatchObject({ registryWrites: 1000, queuedMilliseconds: 0 });
  });

  it('passes time faster for throttling than the clock goes, if it is told to', async () => {
    const { bulk } = await throttledHub({ burstSeconds: 0, speed: 60 });
    await bulk(0, 100);
    // A minute of the hub is a second; it lets a call wait half a minute.
    expect(await bulk(100, 100)).toMatchObject({ status: 429, took: 500 });
    expect(await bulk(100, 100)).toMatchObject({ status: 200, took: 500 });
  });

  it('can be closed while calls wait', async () => {
    const hub = await startHub({ capacity: small, burstSeconds: 0 });
    await call(hub, 'GET', '/devices?top=1');
    const waiting = Promise.allSettled([
      call(hub, 'POST', '/devices', { body: Array.from({ length: 40 }, () => ({})) }),
      ...Array.from({ length: 3 }, () => call(hub, 'GET', '/devices')),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const begun = performance.now();
    await hub.close();
    await waiting;
    expect(performance.now() - begun).toBeLessThan(2000);
  });
});

it('over any calls a class never gets more than its rate, its burst and one call, and none waits longer than half a minute', () => {
  const calls = fc.array(fc.record({ after: fc.nat(90_000), cost: fc.integer({ min: 1, max: 100 }) }), {
    minLength: 1,
    maxLength: 60,
  });
  fc.assert(
    fc.property(calls, fc.constantFrom(0, 60, 150), (series, burstSeconds) => {
      let now = 0;
      const waits: number[] = [];
      const throttle = createThrottle({
        capacity: small,
        burstSeconds,
        pace: {
          now: () => now,
          sleep: (milliseconds) => {
            waits.push(milliseconds);
            return new Promise(() => {});
          },
        },
        delays: { queued: () => {}, throttled: () => refused++ },
        signal: new AbortController().signal,
      });
      let refused = 0;
      /** When each that is let through goes on, and what it costs. */
      const through: { at: number; cost: number }[] = [];
      for (const { after, cost } of series) {
        now += after;
        const before = { refused, waits: waits.length };
        throttle.admit('registry', cost);
        const wait = waits.length > before.waits ? waits.at(-1)! : 0;
        expect(wait).toBeLessThanOrEqual(30_000);
        if (refused === before.refused) through.push({ at: now + wait, cost });
      }
      const first = through[0]!;
      for (const [index, { at }] of through.entries()) {
        const earlier = through.slice(0, index).reduce((sum, { cost }) => sum + cost, 0);
        const allowed = (100 * (at - first.at)) / minute + (100 * burstSeconds) / 60;
        expect(earlier).toBeLessThanOrEqual(allowed + 1e-6);
      }
    }),
  );
});

it('a pace of speed 10 tells ten times the time and sleeps a tenth of it', async () => {
  const slept: number[] = [];
  const fast = pace(
    () => 7,
    async (milliseconds) => void slept.push(milliseconds),
    10,
  );
  await fast.sleep(500);
  expect([fast.now(), slept]).toEqual([70, [50]]);
});
