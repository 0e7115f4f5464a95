import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { EmbeddedHub } from '../../../src/emulator/hub.ts';
import { type BlobService, startBlobService } from '../../support/blob-service.ts';
import { simulatedClock } from '../../support/clock.ts';
import { call, signature } from '../clients.ts';
import { edgeBody } from '../devices/identities.ts';
import { containerOf, hubWith, imported, line, wantedJob } from './imports.ts';

let blobs: BlobService;
beforeAll(async () => {
  blobs = await startBlobService();
});
afterAll(() => blobs.close());

const containerWith = (lines: readonly (string | object)[], name?: string) => containerOf(blobs, lines, name);

describe('an import job', () => {
  it('creates, updates and deletes line by line, and writes no errors where there are none', async () => {
    const hub = await hubWith();
    const old = hub.registry.put(edgeBody('old'));
    const older = hub.registry.put(edgeBody('older'));
    hub.registry.put(edgeBody('gone'));
    const scope = (id: string) => ({ deviceScope: hub.registry.get(id)?.deviceScope });
    const container = await containerWith([
      line('new', 'create', { tags: { site: 'berlin' } }),
      line('old', 'updateIfMatchETag', { eTag: old.etag, status: 'disabled', ...scope('old') }),
      line('older', 'UpdateIfMatchETag', { etag: `"${older.etag}"`, status: 'disabled', ...scope('older') }),
      { id: 'gone', importMode: 'delete' },
      line('either', 'createOrUpdate'),
      { id: 'plain', status: 'enabled' },
      { id: 'new', importMode: 'updateTwin', tags: { site: 'essen' } },
      '',
      line('either\u2028', 'create', { id: 'last', statusReason: 'a\u2028b' }),
    ]);
    expect(await imported(hub, container)).toMatchObject({ status: 'completed', progress: 100 });
    expect(await container.errors()).toBeUndefined();
    const found = hub.registry.all().map(({ deviceId, status, statusReason }) => [deviceId, status, statusReason]);
    expect(found.sort()).toEqual([
      ['either', 'enabled', null],
      ['last', 'enabled', 'a\u2028b'],
      ['new', 'enabled', null],
      ['old', 'disabled', null],
      ['older', 'disabled', null],
      ['plain', 'enabled', null],
    ]);
    expect(hub.registry.twin('new')).toMatchObject({ tags: { site: 'essen' } });
    expect(hub.counts()).toMatchObject({ importedLines: 8, registryWrites: 0 });
  });

  it('completes although lines fail, which are told one by one in importErrors.log', async () => {
    const hub = await hubWith();
    hub.registry.put(edgeBody('there'));
    const container = await containerWith([
      '\uFEFF{"id":"first","importMode":"create","status":"enabled"}',
      line('there', 'create'),
      line('nobody', 'update'),
      line('there', 'updateIfMatchETag', { eTag: 'MQ==' }),
      'no json',
      '[]',
      line('a b', 'create'),
      { id: 'without-status', importMode: 'create' },
      line('x', 'nonsense'),
      { id: 'first', moduleId: 'm', importMode: 'create' },
      { id: 'nobody', moduleId: 'm', importMode: 'create' },
      line('last', 'create'),
    ]);
    expect(await imported(hub, container)).toMatchObject({ status: 'completed', progress: 100 });
    expect(await container.errors()).toEqual([
      { deviceId: 'there', errorCode: 409001, errorStatus: expect.stringContaining('already registered') },
      { deviceId: 'nobody', errorCode: 404001, errorStatus: 'nobody' },
      { deviceId: 'there', errorCode: 412001, errorStatus: expect.stringContaining('did not match') },
      { deviceId: '', errorCode: 400012, errorStatus: 'Line 5 is not a JSON object.' },
      { deviceId: '', errorCode: 400012, errorStatus: 'Line 6 is not a JSON object.' },
      { deviceId: 'a b', errorCode: 400004, errorStatus: expect.any(String) },
      { deviceId: 'without-status', errorCode: 400004, errorStatus: expect.stringContaining("'status'") },
      { deviceId: 'x', errorCode: 400004, errorStatus: expect.stringContaining('nonsense') },
      { deviceId: 'nobody', moduleId: 'm', errorCode: 404001, errorStatus: 'nobody' },
    ]);
    expect(hub.registry.all().map(({ deviceId }) => deviceId)).toEqual(['there', 'first', 'last']);
  });

  it('reads the blob it is told to, and takes an old importErrors.log away', async () => {
    const hub = await hubWith();
    const container = await containerWith([line('a', 'create')], 'fleet.txt');
    await container.put('importErrors.log', '{"deviceId":"of-yesterday"}\n');
    await imported(hub, container, { inputBlobName: 'fleet.txt', storageAuthenticationType: 'keyBased' });
    expect(hub.registry.get('a')).toBeDefined();
    expect(await container.errors()).toBeUndefined();
  });

  it('uses the identity of the hub where it has one', async () => {
    const container = await containerWith([line('a', 'create')]);
    const bare = (permissions: string) => container.uri(permissions).split('?')[0]!;
    const identityBased = {
      inputBlobContainerUri: bare('r'),
      outputBlobContainerUri: bare('rwd'),
      storageAuthenticationType: 'identityBased',
    };
    const hub = await hubWith({ identity: (uri) => (uri === bare('r') ? container.uri('rwd') : uri) });
    expect(await imported(hub, container, identityBased)).toMatchObject({ status: 'completed' });
    const without = await hubWith();
    const refused = await call(without, 'POST', '/jobs/create', { body: wantedJob(container, identityBased) });
    expect(refused.headers['iothub-errorcode']).toBe('BlobContainerValidationError');
  });

  it('of 20,000 lines lets others be served meanwhile, and tells how far it is', { timeout: 300_000 }, async () => {
    const hub = await hubWith();
    const lines = Array.from({ length: 20_000 }, (_, n) => line(n % 1000 === 7 ? 'a b' : `edge-${n}`, 'create'));
    const container = await containerWith(lines);
    const { json } = await call(hub, 'POST', '/jobs/create', { body: wantedJob(container) });
    const seen = new Set<number>();
    for (;;) {
      const { json: job } = await call(hub, 'GET', `/jobs/${json.jobId}`);
      seen.add(job.progress);
      if (job.status === 'completed') break;
      expect(job.status).toMatch(/enqueued|running/);
    }
    expect(seen.size).toBeGreaterThan(3);
    expect([...seen]).toEqual([...seen].sort((a, b) => a - b));
    expect(hub.registry.all()).toHaveLength(19_980);
    expect(await container.errors()).toHaveLength(20);
  });
});

describe('is refused', () => {
  const answered = async (hub: EmbeddedHub, body: unknown) => {
    const { status, json, headers } = await call(hub, 'POST', '/jobs/create', { body });
    return [status, headers['iothub-errorcode'], /Message: (.*)/.exec(json.Message)?.[1]];
  };

  it('a second job while one runs, in the words of the service; after it has ended another may start', async () => {
    const clock = simulatedClock();
    onTestFinished(clock.close);
    const hub = await hubWith({ clock: clock.now, sleep: clock.sleep, capacity: { tier: 'S3', units: 1 } });
    const headers = () => ({ authorization: signature(hub, 'iothubowner', clock.now()) });
    const container = await containerWith([line('a', 'create')]);
    const create = () => call(hub, 'POST', '/jobs/create', { body: wantedJob(container), headers: headers() });
    const first = await create();
    const second = await create();
    expect([second.status, second.headers['iothub-errorcode']]).toEqual([403, 'JobQuotaExceeded']);
    expect(second.json).toEqual({
      Message: expect.stringMatching(
        /^ErrorCode:JobQuotaExceeded;Error: 403 ErrorCode: JobQuotaExceeded\nMessage: Job quota has been exceeded\nTimestamp: \d\d\/\d\d\/2026 \d\d:\d\d:\d\d\nTracking ID: $/,
      ),
      ExceptionMessage: '',
    });
    await clock.sleep(60_000);
    const { json } = await call(hub, 'GET', `/jobs/${first.json.jobId}`, { headers: headers() });
    expect(json.status).toBe('completed');
    expect((await create()).status).toBe(200);
  });

  it('a container that may not be written or read, and a blob that is not there', async () => {
    const hub = await hubWith();
    const container = await containerWith([line('a', 'create')]);
    const unwritable = (permissions: string) =>
      `Unauthorized to ${permissions === 'rw' ? 'delete from' : 'write to'} output blob container.`;
    const unreadable = 'Failed to read devices blob from the input container.';
    const code = 'BlobContainerValidationError';
    for (const permissions of ['r', 'rw']) {
      const body = wantedJob(container, { outputBlobContainerUri: container.uri(permissions) });
      expect(await answered(hub, body)).toEqual([400, code, unwritable(permissions)]);
      const asExport = { type: 'export', outputBlobContainerUri: container.uri(permissions) };
      expect(await answered(hub, asExport)).toEqual([400, code, unwritable(permissions)]);
    }
    const unread = wantedJob(container, { inputBlobContainerUri: container.uri('w') });
    expect(await answered(hub, unread)).toEqual([400, code, unreadable]);
    expect(await answered(hub, wantedJob(container, { inputBlobName: 'nothing.txt' }))).toEqual([
      400,
      code,
      unreadable,
    ]);
    expect((await answered(hub, wantedJob(container)))[0]).toBe(200);
  });

  it.each([
    ['a firmware update', { type: 'firmwareUpdate' }, 'ArgumentInvalid'],
    ['an export to nowhere', { type: 'export', outputBlobContainerUri: undefined }, 'ArgumentNull'],
    ['an export that is unsure', { type: 'export', excludeKeysInExport: 'perhaps' }, 'ArgumentInvalid'],
    ['no type', { type: undefined }, 'ArgumentInvalid'],
    ['no input', { inputBlobContainerUri: undefined }, 'ArgumentNull'],
    ['no output', { outputBlobContainerUri: null }, 'ArgumentNull'],
    ['a container that is no URL', { inputBlobContainerUri: 'devices.txt' }, 'ArgumentInvalid'],
    ['a way to sign in that there is not', { storageAuthenticationType: 'magic' }, 'ArgumentInvalid'],
  ])('%s', async (_, more, code) => {
    const hub = await hubWith();
    const body = {
      type: 'import',
      inputBlobContainerUri: 'https://a/b',
      outputBlobContainerUri: 'https://a/b',
      ...more,
    };
    expect((await answered(hub, body)).slice(0, 2)).toEqual([400, code]);
  });

  it('whoever has no right to jobs', async () => {
    const hub = await hubWith();
    expect((await call(hub, 'POST', '/jobs/create', { body: {}, policy: 'registryRead' })).status).toBe(401);
    expect((await call(hub, 'GET', '/jobs', { policy: 'registryRead' })).json).toEqual([]);
    const headers = { authorization: `Bearer ${hub.mintToken({ roles: ['IoT Hub Registry Contributor'] })}` };
    expect((await call(hub, 'GET', '/jobs', { headers })).status).toBe(401);
    expect((await call(hub, 'GET', '/jobs/1')).headers['iothub-errorcode']).toBe('JobNotFound');
  });
});
