import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../../src/emulator/hub.ts';
import { call, stockRegistry } from '../clients.ts';
import { edgeBody, start } from '../devices/identities.ts';

let hub: EmbeddedHub;
let registry: ReturnType<typeof stockRegistry>;
let now = start;

beforeAll(async () => {
  hub = await startHub();
  registry = stockRegistry(hub);
});
afterAll(async () => {
  registry.close();
  await hub.close();
});
beforeEach(() => {
  hub.reset();
  now = start;
});

const patch = (path: string, body: unknown, etag?: string) =>
  call(hub, 'PATCH', path, { body, headers: etag === undefined ? {} : { 'if-match': etag } });

describe('the twin of a device', () => {
  it.each([
    ['2020-03-13', undefined],
    ['2021-04-12', ''],
  ])('names no model, since its device never connects: in version %s %j', async (version, modelId) => {
    hub.registry.put(edgeBody('d'));
    await call(hub, 'PUT', '/devices/d/modules/m', { body: { deviceId: 'd', moduleId: 'm' } });
    const query = { body: { query: 'SELECT * FROM devices' }, version };
    const twins = [
      (await call(hub, 'GET', '/twins/d', { version })).json,
      (await call(hub, 'GET', '/twins/d/modules/m', { version })).json,
      (await call(hub, 'POST', '/devices/query', query)).json[0],
    ];
    expect(twins.map((twin) => twin.modelId)).toEqual([modelId, modelId, modelId]);
  });

  it('is patched by a POST that means a PATCH, as the Java SDK sends it', async () => {
    hub.registry.put({ deviceId: 'd' });
    const post = (meant: string) =>
      call(hub, 'POST', '/twins/d', { body: { tags: { a: 1 } }, headers: { 'x-http-method-override': meant } });
    expect((await post('PATCH')).json.tags).toEqual({ a: 1 });
    expect((await post('patch')).json.version).toBe(4);
    expect((await post('DELETE')).status).toBe(405);
    expect(hub.metrics()).toContain('route="PATCH /twins/{id}",status="200"} 2');
  });

  it('is there with the device, at its first version, in the order of the service', async () => {
    const device = hub.registry.put({ deviceId: 'd' });
    const { json, status, headers } = await call(hub, 'GET', '/twins/d');
    expect(status).toBe(200);
    expect(headers).not.toHaveProperty('etag');
    expect(Object.keys(json)).toEqual([
      'deviceId',
      'etag',
      'deviceEtag',
      'status',
      'statusUpdateTime',
      'connectionState',
      'lastActivityTime',
      'cloudToDeviceMessageCount',
      'authenticationType',
      'x509Thumbprint',
      'modelId',
      'version',
      'properties',
      'capabilities',
    ]);
    expect(json).toMatchObject({ etag: 'AAAAAAAAAAE=', deviceEtag: device.etag, version: 2 });
    expect(json.properties.desired).toEqual({ $metadata: { $lastUpdated: expect.any(String) }, $version: 1 });
    expect(hub.registry.twin('d')).toEqual(json);
    expect(hub.registry.twin('nobody')).toBeUndefined();
  });

  it('takes the whole twin back with a change in it, as the C# SDK sends it', async () => {
    hub.registry.put({ deviceId: 'd' });
    const { json: read } = await call(hub, 'GET', '/twins/d');
    read.properties.desired.username = 'userA';
    const { json: changed } = await patch('/twins/d', read, '*');
    const mark = { $lastUpdated: expect.any(String), $lastUpdatedVersion: 2 };
    expect(changed).toMatchObject({ etag: 'AAAAAAAAAAI=', version: 3, deviceEtag: read.deviceEtag });
    expect(changed.properties.desired).toEqual({
      username: 'userA',
      $metadata: { ...mark, username: mark },
      $version: 2,
    });
    expect(changed.properties.reported).toEqual(read.properties.reported);
  });

  it('has an etag apart from that of the identity', async () => {
    const { etag } = hub.registry.put(edgeBody('d'));
    await patch('/twins/d', { tags: { site: 'berlin' } });
    expect(hub.registry.get('d')?.etag).toBe(etag);
    hub.registry.put(edgeBody('d', { status: 'disabled' }));
    const { json } = await call(hub, 'GET', '/twins/d');
    expect(json).toMatchObject({ etag: 'AAAAAAAAAAI=', tags: { site: 'berlin' }, status: 'disabled' });
    expect(json.deviceEtag).not.toBe(etag);
  });

  it.each(['PATCH', 'PUT'])('is changed by %s only at the version that If-Match names', async (method) => {
    hub.registry.put({ deviceId: 'd' });
    const change = (etag: string) =>
      call(hub, method, '/twins/d', { body: { tags: { a: 1 } }, headers: { 'if-match': etag } });
    expect((await change('"AAAAAAAAAAE="')).json.etag).toBe('AAAAAAAAAAI=');
    const stale = await change('"AAAAAAAAAAE="');
    expect([stale.status, stale.json.Message]).toEqual([
      412,
      "ErrorCode:PreconditionFailed;ETag mismatch for device ID 'd'",
    ]);
    expect((await change('"*"')).status).toBe(200);
    expect((await change('')).status).toBe(200);
  });

  it('is replaced by PUT', async () => {
    hub.registry.put({ deviceId: 'd' });
    await patch('/twins/d', { tags: { a: 1 }, properties: { desired: { b: 1 } } });
    const { json } = await call(hub, 'PUT', '/twins/d', { body: { tags: { c: 1 } } });
    expect(json).toMatchObject({ tags: { c: 1 }, version: 4, properties: { desired: { $version: 3 } } });
    expect(json.properties.desired).not.toHaveProperty('b');
  });

  it('goes with the device, and another begins anew', async () => {
    hub.registry.put({ deviceId: 'd' });
    hub.registry.patchTwin('d', { tags: { a: 1 } });
    hub.registry.remove('d');
    hub.registry.put({ deviceId: 'd' });
    const { json } = await call(hub, 'GET', '/twins/d');
    expect(json.etag).toBe('AAAAAAAAAAE=');
    expect(json).not.toHaveProperty('tags');
  });

  it.each<[string, string, string, object, number, string]>([
    ['an unknown device', 'GET', '/twins/nobody', {}, 404, 'DeviceNotFound'],
    ['a change of an unknown device', 'PATCH', '/twins/nobody', { body: {} }, 404, 'DeviceNotFound'],
    ['no body', 'PATCH', '/twins/d', {}, 400, 'ArgumentNull'],
    ['a body that is a list', 'PUT', '/twins/d', { body: [] }, 400, 'ArgumentInvalid'],
    ['tags that are a list', 'PATCH', '/twins/d', { body: { tags: [] } }, 400, 'ArgumentInvalid'],
    ['a forbidden name', 'PATCH', '/twins/d', { body: { tags: { 'a.b': 1 } } }, 400, 'ArgumentInvalid'],
    ['a deletion', 'DELETE', '/twins/d', {}, 405, 'GenericMethodNotAllowed'],
    [
      'the policy registryReadWrite',
      'GET',
      '/twins/d',
      { policy: 'registryReadWrite' },
      401,
      'IotHubUnauthorizedAccess',
    ],
    ['the policy device', 'GET', '/twins/d', { policy: 'device' }, 401, 'IotHubUnauthorizedAccess'],
  ])('refuses %s', async (_, method, path, options, status, code) => {
    hub.registry.put({ deviceId: 'd' });
    const answer = await call(hub, method, path, options);
    expect([answer.status, answer.headers['iothub-errorcode']]).toEqual([status, code]);
    expect(hub.registry.twin('d')).toMatchObject({ etag: 'AAAAAAAAAAE=' });
  });

  it('is served to the policy service', async () => {
    hub.registry.put({ deviceId: 'd' });
    expect((await call(hub, 'GET', '/twins/d', { policy: 'service' })).status).toBe(200);
  });

  it('is what the stock SDK reads and changes', async () => {
    await registry.create(edgeBody('edge-1'));
    const { responseBody: twin } = await registry.getTwin('edge-1');
    await twin.update({ tags: { site: 'berlin' }, properties: { desired: { interval: 5 } } });
    expect(twin.tags).toEqual({ site: 'berlin' });
    await expect(registry.updateTwin('edge-1', { tags: { site: null } }, 'AAAAAAAAAAE=')).rejects.toThrow();
    const { responseBody: after } = await registry.updateTwin('edge-1', { tags: { site: null } }, twin.etag);
    expect(after.tags).toEqual({});
    expect(after.properties.desired.interval).toBe(5);
  });

  it('is what a query finds and shows', async () => {
    hub.registry.put(edgeBody('a'));
    hub.registry.put(edgeBody('b'));
    hub.registry.patchTwin('b', { tags: { site: 'berlin', Site: 'x' }, properties: { desired: { version: 7 } } });
    const { result } = await registry.createQuery("SELECT * FROM devices WHERE tags.site = 'berlin'").nextAsTwin();
    expect(result.map((twin) => [twin.deviceId, twin.tags])).toEqual([['b', { site: 'berlin', Site: 'x' }]]);
  });
});

it('counts calls of twins apart', async () => {
  hub.registry.put({ deviceId: 'd' });
  const before = hub.counts();
  await call(hub, 'GET', '/twins/d');
  await patch('/twins/d', {});
  await patch('/twins/d', {});
  const after = hub.counts();
  expect([after.twinReads - before.twinReads, after.twinWrites - before.twinWrites]).toEqual([1, 2]);
  expect(after.registryWrites).toBe(before.registryWrites);
});

it('survives a restart, and lags behind in queries as everything does', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'twins-'));
  try {
    const first = await startHub({ directory, clock: () => now, visibilityLagMs: 5000 });
    first.registry.put(edgeBody('d'));
    now += 10_000;
    const twin = first.registry.patchTwin('d', { tags: { site: 'berlin' }, properties: { desired: { a: { b: 1 } } } });
    expect(first.mintToken().split('.')).toHaveLength(3);
    const authorization = `Bearer ${first.mintToken()}`;
    const find = async () => {
      const body = { query: "SELECT deviceId FROM devices WHERE tags.site = 'berlin'" };
      return (await call(first, 'POST', '/devices/query', { body, headers: { authorization } })).json;
    };
    expect(await find()).toEqual([]);
    now += 5000;
    expect(await find()).toEqual([{ deviceId: 'd' }]);
    await first.close();
    const second = await startHub({ directory, clock: () => now });
    expect(second.registry.twin('d')).toEqual(twin);
    await second.close();
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
