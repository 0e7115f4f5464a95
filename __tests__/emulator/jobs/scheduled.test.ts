import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { emulatorFault } from '../../../src/emulator/faults.ts';
import { type EmbeddedHub, startHub } from '../../../src/emulator/hub.ts';
import { jobLimits } from '../../../src/emulator/jobs/capacity.ts';
import {
  type ScheduledJob,
  scheduledJobDocument,
  wantedScheduledJob,
} from '../../../src/emulator/jobs/scheduled/scheduled-job.ts';
import {
  createScheduledJobs,
  endedWithHub,
  type ScheduledJobsOptions,
} from '../../../src/emulator/jobs/scheduled/scheduled-jobs.ts';
import { faultOf, said } from '../../support/fault.ts';
import { call, stockJobClient } from '../clients.ts';
import { edgeBody, refusal, start, testRegistry, wanted } from '../devices/identities.ts';

const update = { tags: { floor: 2, gone: null }, properties: { desired: { a: 1 } }, etag: '*' };
const body = { type: 'scheduleUpdateTwin', updateTwin: update, queryCondition: "tags.site = 'berlin'" };
const method = { type: 'scheduleDeviceMethod', cloudToDeviceMethod: { methodName: 'reboot' }, queryCondition: '*' };

describe('by HTTP', () => {
  let hub: EmbeddedHub;
  let client: ReturnType<typeof stockJobClient>;
  beforeAll(async () => {
    hub = await startHub();
    client = stockJobClient(hub);
  });
  afterAll(async () => {
    client.close();
    await hub.close();
  });
  beforeEach(() => {
    hub.reset();
    for (const id of ['a', 'b', 'c']) hub.registry.put(edgeBody(id));
    for (const id of ['a', 'c']) hub.registry.patchTwin(id, { tags: { site: 'berlin', gone: 1 } });
  });

  const put = (id: string, more: object = {}) =>
    call(hub, 'PUT', `/jobs/v2/${id}`, { body: { jobId: id, ...body, ...more } });
  const get = async (id: string) => (await call(hub, 'GET', `/jobs/v2/${id}`)).json;
  const ended = async (id: string) => {
    await expect.poll(async () => (await get(id)).status).toMatch(/completed|failed|cancelled/);
    return get(id);
  };
  const query = (text: string, headers: Record<string, string> = {}) =>
    call(hub, 'POST', '/devices/query', { body: { query: text }, headers });

  it('the stock client updates twins, calls methods, and asks for its jobs', async () => {
    const { jobStatus } = await client.scheduleTwinUpdate('twins-1', body.queryCondition, update, new Date(), 60);
    expect(jobStatus).toMatchObject({ jobId: 'twins-1', type: 'scheduleUpdateTwin', status: 'queued' });
    const done = await ended('twins-1');
    expect(done).toMatchObject({
      ...body,
      status: 'completed',
      maxExecutionTimeInSeconds: 60,
      endTime: expect.stringMatching(/Z$/),
      deviceJobStatistics: { deviceCount: 2, failedCount: 0, succeededCount: 2, runningCount: 0, pendingCount: 0 },
    });
    const twins = ['a', 'b', 'c'].map((id) => hub.registry.twin(id));
    expect(twins).toMatchObject([{ tags: { site: 'berlin', floor: 2 } }, {}, { properties: { desired: { a: 1 } } }]);
    expect(twins[0]).not.toHaveProperty('tags.gone');
    expect(twins[1]).not.toHaveProperty('tags');

    await client.scheduleDeviceMethod('methods-1', '*', { methodName: 'reboot' }, new Date(), 60);
    expect(await ended('methods-1')).toMatchObject({
      status: 'completed',
      cloudToDeviceMethod: { methodName: 'reboot' },
      deviceJobStatistics: { deviceCount: 3, failedCount: 3, succeededCount: 0 },
    });
    const { jobStatus: read } = await client.getJob('twins-1');
    expect(read).toEqual(done);
    const pages = client.createQuery('scheduleDeviceMethod');
    expect((await pages.next()).result).toMatchObject([{ jobId: 'methods-1' }]);
    expect(pages.hasMoreResults).toBe(false);
  });

  it('results are told device by device', async () => {
    await put('twins-2');
    await ended('twins-2');
    await put('methods-2', method);
    await ended('methods-2');
    const whole = await query("SELECT * FROM devices.jobs WHERE devices.jobs.jobId = 'twins-2'");
    expect(whole.headers['x-ms-item-type']).toBe('DeviceJob');
    expect(whole.json).toHaveLength(2);
    expect(whole.json[0]).toEqual({
      deviceId: 'a',
      jobId: 'twins-2',
      jobType: 'scheduleUpdateTwin',
      status: 'completed',
      startTimeUtc: expect.stringMatching(/Z$/),
      endTimeUtc: expect.stringMatching(/Z$/),
      createdDateTimeUtc: expect.stringMatching(/Z$/),
      lastUpdatedDateTimeUtc: expect.stringMatching(/Z$/),
      outcome: { deviceMethodResponse: null },
    });
    const failed = await query("SELECT deviceId, error.code AS code FROM devices.jobs WHERE status = 'failed'");
    expect(failed.headers['x-ms-item-type']).toBe('Raw');
    expect(failed.json).toEqual(['a', 'b', 'c'].map((deviceId) => ({ deviceId, code: '404103' })));
    expect((await query("SELECT COUNT() AS n FROM devices.jobs WHERE devices.jobs.deviceId = 'a'")).json).toEqual([
      { n: 2 },
    ]);
    const first = await query('select * from  devices.jobs', { 'x-ms-max-item-count': '3' });
    const token = String(first.headers['x-ms-continuation']);
    const last = await query('select * from  devices.jobs', { 'x-ms-max-item-count': '3', 'x-ms-continuation': token });
    expect([first.json.length, last.json.length, last.headers['x-ms-continuation']]).toEqual([3, 2, undefined]);
    expect((await query('SELECT * FROM devices.jobs', { 'x-ms-continuation': 'x.1' })).status).toBe(400);
    expect((await query("SELECT * FROM devices WHERE tags.site = 'from devices.jobs'")).json).toEqual([]);
  });

  it('jobs come page by page', async () => {
    for (const id of ['p-1', 'p-2', 'p-3']) await put(id);
    const page = (token?: string) =>
      call(hub, 'GET', '/jobs/v2/query?jobType=scheduleUpdateTwin', {
        headers: { 'x-ms-max-item-count': '2', ...(token === undefined ? {} : { 'x-ms-continuation': token }) },
      });
    const first = await page();
    const last = await page(String(first.headers['x-ms-continuation']));
    expect([...first.json, ...last.json].map(({ jobId }) => jobId)).toEqual(['p-1', 'p-2', 'p-3']);
    expect([first.headers['x-ms-item-type'], last.headers['x-ms-continuation']]).toEqual(['JobResponse', undefined]);
    expect((await page('x')).status).toBe(400);
    expect((await call(hub, 'GET', '/jobs')).json).toEqual([]);
  });

  it('a condition that is not understood is taken, and fails the job', async () => {
    const { json } = await put('wrong', { queryCondition: 'tags.site ==' });
    expect(json.status).toBe('queued');
    expect(await ended('wrong')).toMatchObject({ status: 'failed', failureReason: expect.stringContaining('query') });
  });

  it('a job that nobody has made is unknown, not missing; cancelling it is 404', async () => {
    expect(await get('nothing')).toEqual({ type: 'unknown', status: 'unknown' });
    const cancelled = await call(hub, 'POST', '/jobs/v2/nothing/cancel');
    expect([cancelled.status, cancelled.headers['iothub-errorcode']]).toEqual([404, 'JobNotFound']);
  });

  it('a job is cancelled before its time, and then no more', async () => {
    const soon = new Date(Date.now() + 3_600_000).toISOString();
    await put('later', { startTime: soon });
    await expect.poll(async () => (await get('later')).status).toBe('scheduled');
    const cancel = () => call(hub, 'POST', '/jobs/v2/later/cancel');
    expect((await cancel()).json).toMatchObject({ jobId: 'later', status: 'cancelled', startTime: soon });
    const again = await cancel();
    expect([again.status, again.headers['iothub-errorcode']]).toEqual([405, 'OperationNotAllowedInCurrentState']);
  });

  it.each<[string, string, object, number, string]>([
    ['an id in capitals', 'JOB', {}, 400, 'ArgumentInvalid'],
    ['an id with an underscore', 'a_b', {}, 400, 'ArgumentInvalid'],
    ['an id of 65 characters', 'x'.repeat(65), {}, 400, 'ArgumentInvalid'],
    ['another id in the body', 'job', { jobId: 'other' }, 400, 'ArgumentInvalid'],
    ['no condition', 'job', { queryCondition: undefined }, 400, 'ArgumentNull'],
    ['a type of another day', 'job', { type: 'firmwareUpdate' }, 400, 'ArgumentInvalid'],
    ['no twin', 'job', { updateTwin: undefined }, 400, 'ArgumentNull'],
    ['a twin that nobody may have', 'job', { updateTwin: { tags: { 'a.b': 1 } } }, 400, 'ArgumentInvalid'],
    ['no method', 'job', { type: 'scheduleDeviceMethod' }, 400, 'ArgumentNull'],
    ['a method without a name', 'job', { ...method, cloudToDeviceMethod: {} }, 400, 'ArgumentNull'],
    ['no time at all', 'job', { maxExecutionTimeInSeconds: 0 }, 400, 'ArgumentInvalid'],
    ['a start that is no time', 'job', { startTime: 'soon' }, 400, 'ArgumentInvalid'],
    [
      'a start in eight days',
      'job',
      { startTime: new Date(Date.now() + 192 * 3_600_000).toISOString() },
      400,
      'ArgumentInvalid',
    ],
  ])('%s is refused', async (_, id, more, status, code) => {
    const answer = await put(id, more);
    expect([answer.status, answer.headers['iothub-errorcode']]).toEqual([status, code]);
    expect((await call(hub, 'GET', '/jobs/v2/query')).json).toEqual([]);
  });

  it('an id is given once', async () => {
    expect((await put("it's-1")).status).toBe(200);
    expect((await put("it's-1")).headers['iothub-errorcode']).toBe('JobAlreadyExists');
  });

  it('whoever has no right to jobs is refused', async () => {
    const denied = await call(hub, 'PUT', '/jobs/v2/job', { body, policy: 'registryRead' });
    const read = await call(hub, 'GET', '/jobs/v2/job', { policy: 'registryRead' });
    const service = await call(hub, 'POST', '/jobs/v2/job/cancel', { policy: 'service' });
    expect([denied.status, read.status, service.status]).toEqual([401, 200, 401]);
  });
});

describe('in time', () => {
  /** A clock that moves by hand. It wakes who is due, and lets everything else happen. */
  function handClock(registry: { now: number }) {
    const sleepers: { readonly due: number; readonly wake: () => void }[] = [];
    return {
      now: () => registry.now,
      sleep: (milliseconds: number, signal?: AbortSignal) =>
        new Promise<void>((wake, reject) => {
          sleepers.push({ due: registry.now + milliseconds, wake });
          signal?.addEventListener('abort', () => reject(signal.reason));
        }),
      async forward(milliseconds: number) {
        for (let turn = 0; turn < 20; turn += 1) await nextTurn();
        registry.now += milliseconds;
        for (const { due, wake } of sleepers) if (due <= registry.now) wake();
        for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      },
    };
  }

  function jobsOn(devices: number, more: Partial<ScheduledJobsOptions> = {}, stored: readonly ScheduledJob[] = []) {
    const registry = testRegistry();
    for (let at = 0; at < devices; at += 1) registry.create(wanted({ deviceId: `d${at}` }));
    const clock = handClock(registry);
    const kept: (readonly ScheduledJob[])[] = [];
    const jobs = createScheduledJobs({
      registry,
      pace: clock,
      limits: undefined,
      stored,
      keep: (all) => kept.push(all),
      flush: () => {},
      ...more,
    });
    const create = (id: string, fields: object = {}) =>
      jobs.create(wantedScheduledJob(id, { ...body, queryCondition: '*', ...fields }, registry.now));
    return { registry, clock, jobs, create, kept };
  }

  const at = (milliseconds: number) => new Date(start + milliseconds).toISOString();

  it('a job waits for its start, and takes the devices that there are then', async () => {
    const { registry, clock, jobs, create } = jobsOn(1);
    create('j', { startTime: at(5000) });
    expect(jobs.find('j')?.status).toBe('queued');
    await clock.forward(4000);
    expect(jobs.find('j')?.status).toBe('scheduled');
    registry.create(wanted({ deviceId: 'late' }));
    await clock.forward(1000);
    expect(jobs.find('j')).toMatchObject({ status: 'completed', endTime: at(5000) });
    expect(jobs.find('j')?.results?.map(({ deviceId }) => deviceId)).toEqual(['d0', 'late']);
  });

  it('a device that is deleted meanwhile, or whose etag is another, fails alone', async () => {
    const { registry, clock, jobs, create } = jobsOn(150, { limits: { active: 1, devicesPerSecond: 100 } });
    registry.amend('d1', { twin: { counter: 7, tags: {} } });
    create('j', { updateTwin: { ...update, etag: 'AAAAAAAAAAE=' } });
    await clock.forward(0);
    registry.remove('d149', undefined);
    await clock.forward(5000);
    const failed = jobs.find('j')?.results?.filter(({ status }) => status === 'failed');
    expect(failed?.map(({ deviceId, error }) => [deviceId, error?.code])).toEqual([
      ['d1', '412001'],
      ['d149', '404001'],
    ]);
    expect(registry.get('d0').twin?.counter).toBe(2);
  });

  it('goes on as fast as the hub’s size allows, and ends when its time is over', async () => {
    const { clock, jobs, create } = jobsOn(250, { limits: jobLimits({ tier: 'S1', units: 1 }) });
    create('j', { maxExecutionTimeInSeconds: 15 });
    await clock.forward(0);
    const running = jobs.find('j')!;
    expect(scheduledJobDocument(running)).toMatchObject({
      status: 'running',
      deviceJobStatistics: { deviceCount: 250, succeededCount: 99, pendingCount: 151 },
    });
    await clock.forward(10_000);
    await clock.forward(10_000);
    expect(scheduledJobDocument(jobs.find('j')!)).toMatchObject({
      status: 'completed',
      deviceJobStatistics: { succeededCount: 199, failedCount: 51, pendingCount: 0 },
    });
    expect(jobs.find('j')?.results?.at(-1)?.error?.code).toBe('504101');
  });

  it('takes as many jobs at a time as the hub’s size allows, waiting ones too', async () => {
    const { clock, jobs, create } = jobsOn(1, { limits: jobLimits({ tier: 'S2', units: 1 }) });
    for (const id of ['a', 'b', 'c', 'd', 'e']) create(id, { startTime: at(60_000) });
    expect(refusal(() => create('f'))).toMatch(/^ThrottlingMaxActiveJobCountExceeded/);
    jobs.cancel('a');
    await clock.forward(0);
    create('f');
    expect(refusal(() => jobs.cancel('a'))).toMatch(/^OperationNotAllowedInCurrentState/);
    await clock.forward(60_000);
    expect(jobs.list().map(({ status }) => status)).toEqual(['cancelled', ...Array(5).fill('completed')]);
    expect(['F1', 'S1', 'S3'].map((tier) => jobLimits({ tier: tier as 'F1', units: 1 }).active)).toEqual([1, 1, 10]);
  });

  it('forgets the oldest of more than a hundred, and all on demand', async () => {
    const { clock, jobs, create } = jobsOn(1);
    for (let n = 0; n < 103; n += 1) create(`j${n}`);
    await clock.forward(0);
    expect(jobs.list().map(({ jobId }) => jobId)).toEqual(Array.from({ length: 100 }, (_, n) => `j${n + 3}`));
    create('waiting', { startTime: at(1000) });
    jobs.clear();
    await clock.forward(1000);
    expect([...jobs.list(), ...jobs.rows()]).toEqual([]);
  });

  it('goes on after a restart with what had not begun; what ran is failed', async () => {
    const { clock, jobs, create, kept } = jobsOn(200, { limits: { active: 3, devicesPerSecond: 1 } });
    create('ran', { startTime: at(0) });
    create('waits', { startTime: at(7000) });
    await clock.forward(0);
    await jobs.close();
    const stored: readonly ScheduledJob[] = JSON.parse(JSON.stringify(kept.at(-1)));
    const next = jobsOn(2, {}, stored);
    expect(next.jobs.find('ran')).toMatchObject({ status: 'failed', failureReason: endedWithHub });
    await next.clock.forward(7000);
    expect(next.jobs.find('waits')).toMatchObject({ status: 'completed', results: [{ deviceId: 'd0' }, {}] });
  });
});

describe('on disk', () => {
  it('jobs outlive a restart, and the file is for its owner', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'hub-'));
    onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
    const file = join(directory, 'scheduled-jobs.json');
    const first = await startHub({ directory });
    const startTime = new Date(Date.now() + 3_600_000).toISOString();
    await call(first, 'PUT', '/jobs/v2/later', { body: { ...body, startTime } });
    await first.close();
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    const second = await startHub({ directory });
    expect((await call(second, 'GET', '/jobs/v2/later')).json).toMatchObject({
      startTime,
      queryCondition: body.queryCondition,
    });
    await second.close();
    writeFileSync(file, '{"jobs":[{"jobId":"x"}]}');
    expect(said(await faultOf(startHub({ directory })))).toEqual(said(emulatorFault('not-its-jobs', { path: file })));
  });
});
