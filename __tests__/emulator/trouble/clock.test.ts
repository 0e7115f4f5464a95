import { Agent } from 'node:https';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type EmbeddedHub, type HubOptions, startHub } from '../../../src/emulator/hub.ts';
import type { Disturb } from '../../../src/emulator/trouble/disturbance.ts';
import { type SimulatedClock, simulatedClock } from '../../support/clock.ts';
import { call, type RawAnswer, signature } from '../clients.ts';
import { edgeBody } from '../devices/identities.ts';

const hour = 3_600_000;

async function simulated(options: HubOptions = {}): Promise<{ hub: EmbeddedHub; clock: SimulatedClock }> {
  const clock = simulatedClock();
  const hub = await startHub({ clock: clock.now, sleep: clock.sleep, ...options });
  onTestFinished(async () => {
    await hub.close();
    clock.close();
  });
  return { hub, clock };
}

/** Signs by the simulated time, anew every half hour, over connections that are kept. */
function client(hub: EmbeddedHub, clock: SimulatedClock) {
  const agent = new Agent({ keepAlive: true });
  onTestFinished(() => agent.destroy());
  let signed = Number.NEGATIVE_INFINITY;
  let authorization = '';
  return (method: string, path: string, body?: unknown): Promise<RawAnswer> => {
    if (clock.now() - signed > hour / 2) {
      signed = clock.now();
      authorization = signature(hub, 'iothubowner', signed);
    }
    return call(hub, method, path, { agent, headers: { authorization }, ...(body === undefined ? {} : { body }) });
  };
}

/** Creates devices in four lanes for so many milliseconds; after a 429 a lane waits as it is told. When each was created. */
async function createFor(time: number, hub: EmbeddedHub, clock: SimulatedClock): Promise<readonly number[]> {
  const send = client(hub, clock);
  const begun = clock.now();
  const created: number[] = [];
  let next = 0;
  const lane = async () => {
    while (clock.now() - begun < time) {
      next += 1;
      const id = `edge-${next}`;
      for (;;) {
        const { status } = await send('POST', '/devices', [{ ...edgeBody(id), id, importMode: 'create' }]);
        if (status === 200) break;
        expect(status).toBe(429);
        await clock.sleep(10_000);
      }
      created.push(clock.now() - begun);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  return created;
}

describe('one clock for client and hub', () => {
  it('lets an hour of throttled creations pass in seconds, the same each time', async () => {
    const run = async (time: number) => {
      const { hub, clock } = await simulated({ capacity: { tier: 'S1', units: 1 }, burstSeconds: 0 });
      const created = await createFor(time, hub, clock);
      return { created, counts: hub.counts() };
    };
    const begun = performance.now();
    const first = await run(hour);
    expect(performance.now() - begun).toBeLessThan(60_000);
    // 100 a minute, and what the four lanes had under way when the hour was over.
    expect(first.created.length).toBeGreaterThanOrEqual(6000);
    expect(first.created.length).toBeLessThanOrEqual(6004);
    expect(first.counts.throttled).toBe(0);
    expect(await run(hour / 6)).toEqual(await run(hour / 6));
  }, 120_000);

  it('does not stop for calls that wait for a connection, nor jump while one is made', async () => {
    const { hub, clock } = await simulated({ capacity: { tier: 'S1', units: 1 }, burstSeconds: 0 });
    const begun = clock.now();
    const agent = new Agent({ keepAlive: true, maxSockets: 2 });
    onTestFinished(() => agent.destroy());
    const headers = { authorization: signature(hub, 'iothubowner', begun) };
    const times = await Promise.all(
      Array.from({ length: 11 }, async () => {
        expect((await call(hub, 'GET', '/devices', { agent, headers })).status).toBe(200);
        return clock.now() - begun;
      }),
    );
    // Which of two connections is made first is chance.
    expect(times.sort((a, b) => a - b)).toEqual(Array.from({ length: 11 }, (_, n) => 600 * n));
    for (let n = 0; n < 20; n++) {
      const asleep = clock.sleep(1_000_000).catch(() => {});
      const before = clock.now();
      await call(hub, 'GET', '/statistics/devices', { headers: { authorization: 'none' } }); // A new connection.
      expect(clock.now()).toBe(before);
      await asleep;
    }
  });

  it('does not jump while an answer is on its way', async () => {
    const { hub, clock } = await simulated();
    const send = client(hub, clock);
    const begun = clock.now();
    const woken = clock.sleep(hour).then(() => 'woken');
    for (let n = 0; n < 200; n++) await send('PUT', `/devices/d${n}`, edgeBody(`d${n}`));
    expect(clock.now()).toBe(begun);
    expect(await woken).toBe('woken');
    expect(clock.now()).toBe(begun + hour);
  });

  it('passes on when a call hangs, so that a client can give it up', async () => {
    const disturb: Disturb = () => ({ kind: 'hang', when: 'before' });
    const { hub, clock } = await simulated({ disturb });
    const begun = clock.now();
    const hung = client(hub, clock)('GET', '/devices').catch(() => 'cut');
    await clock.sleep(60_000);
    expect(clock.now()).toBe(begun + 60_000);
    await hub.close();
    expect(await hung).toBe('cut');
  });

  it('wakes who is due first, and of two the one who fell asleep first; who is aborted not at all', async () => {
    const { clock } = await simulated();
    const order: string[] = [];
    const sleeper = (name: string, milliseconds: number, signal?: AbortSignal) =>
      clock.sleep(milliseconds, signal).then(
        () => order.push(name),
        () => order.push(`${name} aborted`),
      );
    const stop = new AbortController();
    const all = [
      sleeper('c', 2000),
      sleeper('a', 1000),
      sleeper('b', 1000),
      sleeper('d', Number.POSITIVE_INFINITY, stop.signal),
    ];
    await clock.sleep(5000);
    stop.abort();
    await Promise.all([...all, sleeper('e', 1, stop.signal)]);
    expect(order).toEqual(['a', 'b', 'c', 'd aborted', 'e aborted']);
  });
});
