import { Agent } from 'node:https';
import { expect, it } from 'vitest';
import { startHub } from '../../src/emulator/hub.ts';
import { fc, times } from '../support/property.ts';
import { call } from './clients.ts';
import { hubInProcess } from './in-process.ts';
import { follow, type Send } from './model.ts';
import { sequences } from './steps.ts';

/** Of 17 faults planted into the hub the first sequence showed 15, and the fourth the last. More sequences find nothing new. */
const { numRuns } = times(100);

it('after any of 100 sequences of 200 calls the hub is as a simple model says', { timeout: 300_000 }, async () => {
  const begun = performance.now();
  await fc.assert(
    fc.asyncProperty(sequences, async (steps) => follow(steps, hubInProcess().send)),
    { numRuns },
  );
  console.log(`${numRuns} sequences of 200 calls: ${Math.round(performance.now() - begun)} ms`);
});

it('the same holds over TLS', { timeout: 300_000 }, async () => {
  const hub = await startHub();
  const agent = new Agent({ keepAlive: true });
  const send: Send = async (method, path, body, etag) => {
    const headers = etag === undefined ? {} : { 'if-match': etag };
    const { status, json } = await call(hub, method, path, { agent, headers, ...(body === undefined ? {} : { body }) });
    return { status, body: json };
  };
  try {
    await fc.assert(
      fc.asyncProperty(sequences, async (steps) => {
        hub.reset();
        await follow(steps, send);
      }),
      times(10),
    );
  } finally {
    agent.destroy();
    await hub.close();
  }
  expect(hub.counts().requests).toBeGreaterThan(2000);
});
