import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { emulatorFault } from '../../../src/emulator/faults.ts';
import { type EmbeddedHub, type HubOptions, startHub } from '../../../src/emulator/hub.ts';
import { endedWithHub } from '../../../src/emulator/jobs/jobs.ts';
import { type BlobService, startBlobService } from '../../support/blob-service.ts';
import { simulatedClock } from '../../support/clock.ts';
import { faultOf, said } from '../../support/fault.ts';
import { folderWith } from '../../support/folder.ts';
import { describeNeeding } from '../../support/needing.ts';
import { call, signature } from '../clients.ts';
import { containerOf, ended, hubWith, line, wantedJob } from './imports.ts';

let blobs: BlobService;
beforeAll(async () => {
  blobs = await startBlobService();
});
afterAll(() => blobs.close());

const creations = (count: number) => Array.from({ length: count }, (_, n) => line(`edge-${n}`, 'create'));

/** A throttled hub on a simulated clock, and a job of so many creations in it. */
async function running(count: number, options: HubOptions = {}) {
  const clock = simulatedClock(Date.UTC(2026, 4, 1));
  onTestFinished(clock.close);
  const hub = await hubWith({
    clock: clock.now,
    sleep: clock.sleep,
    capacity: { tier: 'S1', units: 1 },
    ...options,
  });
  const container = await containerOf(blobs, creations(count));
  const send = (method: string, path: string, body?: object) => {
    const headers = { authorization: signature(hub, 'iothubowner', clock.now()) };
    return call(hub, method, path, { headers, ...(body === undefined ? {} : { body }) });
  };
  const { json } = await send('POST', '/jobs/create', wantedJob(container));
  return {
    hub,
    clock,
    send,
    container,
    jobId: json.jobId,
    job: async () => (await send('GET', `/jobs/${json.jobId}`)).json,
  };
}

describe('a job of a hub with a capacity', () => {
  it('takes the time that the service takes for few devices', async () => {
    const { clock, job, hub } = await running(5);
    expect(await job()).toMatchObject({ status: 'enqueued', progress: 0 });
    await clock.sleep(5000);
    expect(await job()).toMatchObject({ status: 'running', progress: 0 });
    expect(hub.registry.all()).toEqual([]);
    await clock.sleep(20_000);
    const { status, startTimeUtc, endTimeUtc } = await job();
    const took = Date.parse(endTimeUtc) - Date.parse(startTimeUtc);
    expect(status).toBe('completed');
    expect(took).toBeGreaterThan(15_000);
    expect(took).toBeLessThan(20_000);
  });

  it('of S1 goes through 3,000 lines in nine minutes, and leaves the quota of registry operations alone', async () => {
    const { clock, job, hub, send } = await running(3000, { burstSeconds: 0 });
    await clock.sleep(5 * 60_000);
    const { status, progress } = await job();
    expect(status).toBe('running');
    expect(progress).toBeGreaterThan(40);
    expect(progress).toBeLessThan(70);
    expect((await send('GET', '/devices')).status).toBe(200);
    expect(hub.counts().queuedMilliseconds).toBe(0);
    await clock.sleep(5 * 60_000);
    expect(await job()).toMatchObject({ status: 'completed', progress: 100 });
    expect(hub.registry.all()).toHaveLength(3000);
  });

  it('can be cancelled: it stops where it is, and what it wrote stays', async () => {
    const { clock, job, hub, send, jobId, container } = await running(3000);
    await clock.sleep(3 * 60_000);
    expect((await send('DELETE', `/jobs/${jobId}`)).status).toBe(204);
    const written = hub.registry.all().length;
    expect(written).toBeGreaterThan(0);
    expect(written).toBeLessThan(3000);
    const { status, endTimeUtc } = await job();
    expect([status, Date.parse(endTimeUtc) > 0]).toEqual(['cancelled', true]);
    await clock.sleep(60 * 60_000);
    expect(hub.registry.all()).toHaveLength(written);
    expect((await job()).status).toBe('cancelled');
    expect((await send('POST', '/jobs/create', wantedJob(container))).status).toBe(200);
  });

  it('goes when the hub is reset', async () => {
    const { clock, hub, send } = await running(3000);
    await clock.sleep(3 * 60_000);
    hub.reset();
    await clock.sleep(60 * 60_000);
    expect((await send('GET', '/jobs')).json).toEqual([]);
    expect(hub.registry.all()).toEqual([]);
  });
});

// One that has not looked at its blob yet, and one in the midst of it: each finds out at another call of the service.
it.each([5, 40_000])('a job of %d lines whose container goes away fails, and says why', async (count) => {
  const { clock, job, container } = await running(count);
  await clock.sleep(count > 5 ? 2 * 60_000 : 5_000);
  expect(await job()).toMatchObject({ status: 'running' });
  await container.remove();
  await clock.sleep(3 * 60 * 60_000);
  expect(await job()).toMatchObject({
    status: 'failed',
    failureReason: 'The import broke off: the blob devices.txt cannot be read any more',
  });
});

describe('over a restart', () => {
  it('jobs are known; one that had not ended has failed, with what it wrote in the registry', async () => {
    const directory = folderWith();
    const { hub, clock, jobId } = await running(3000, { directory });
    await clock.sleep(4 * 60_000);
    await hub.close();
    const file = join(directory, 'jobs.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const second = await hubWith({ directory });
    const { json } = await call(second, 'GET', `/jobs/${jobId}`);
    expect(json).toMatchObject({ status: 'failed', failureReason: endedWithHub });
    expect(json.progress).toBeGreaterThan(0);
    expect(second.registry.all().length).toBeGreaterThan(0);
    const again = await call(second, 'POST', '/jobs/create', {
      body: wantedJob(await containerOf(blobs, creations(1))),
    });
    expect(await ended(second, again.json.jobId)).toMatchObject({ status: 'completed' });
    await second.close();
    const third = await hubWith({ directory });
    const { json: all } = await call(third, 'GET', '/jobs');
    expect(all.map((job: { status: string }) => job.status)).toEqual(['failed', 'completed']);
  });

  it.each(['{', '{"jobs":[1]}', '{"jobs":[{"jobId":1}]}'])('%s in their place is refused', async (text) => {
    const directory = folderWith({ 'jobs.json': text });
    const path = join(directory, 'jobs.json');
    expect(said(await faultOf(startHub({ directory })))).toEqual(said(emulatorFault('not-its-jobs', { path })));
  });
});

const recording = join(import.meta.dirname, '../../../../shared/reference/iothub/recordings/import-job.json');

describeNeeding(['../shared/reference'], 'the recorded import', () => {
  it('goes the same way, name by name', async () => {
    const { Entries } = JSON.parse(readFileSync(recording, 'utf8'));
    const container = await containerOf(blobs, creations(5));
    const clock = simulatedClock(Date.parse(Entries[0].ResponseHeaders.Date));
    onTestFinished(clock.close);
    const hub: EmbeddedHub = await hubWith({
      clock: clock.now,
      sleep: clock.sleep,
      capacity: { tier: 'S3', units: 1 },
    });
    let jobId = '';
    const uris = { inputBlobContainerUri: container.uri('r'), outputBlobContainerUri: container.uri('rwd') };
    for (const { RequestMethod, RequestUri, RequestBody, ResponseHeaders, ResponseBody } of Entries) {
      await clock.sleep(Date.parse(ResponseHeaders.Date) - clock.now());
      const { pathname, search } = new URL(RequestUri.replace(Entries[0].ResponseBody.jobId, jobId));
      const body = wantedJob(container, uris);
      const answer = await call(hub, RequestMethod, pathname + search, {
        headers: { authorization: signature(hub, 'iothubowner', clock.now()) },
        ...(RequestBody === null ? {} : { body }),
      });
      jobId = answer.json.jobId;
      const own = { jobId, startTimeUtc: answer.json.startTimeUtc };
      const expected = Object.entries({ ...ResponseBody, ...own }).map(([name, value]) => [
        name,
        value === 'Sanitized' ? Object.entries(uris).find(([each]) => each === name)?.[1] : value,
      ]);
      const times = (text: string) => text.replace(/"endTimeUtc":"[^"]+"/, '"endTimeUtc":""');
      expect(times(JSON.stringify(answer.json))).toBe(times(JSON.stringify(Object.fromEntries(expected))));
      expect(answer.headers['content-type']).toBe(ResponseHeaders['Content-Type']);
    }
  });
});
