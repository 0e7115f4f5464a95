import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../../src/emulator/hub.ts';
import { call, signature, stockRegistry } from '../clients.ts';
import { a40, b40, c64, edgeBody } from '../devices/identities.ts';

let hub: EmbeddedHub;
let registry: ReturnType<typeof stockRegistry>;

beforeAll(async () => {
  hub = await startHub();
  registry = stockRegistry(hub);
});
afterAll(async () => {
  registry.close();
  await hub.close();
});
beforeEach(() => {
  for (const device of hub.registry.all()) hub.registry.remove(device.deviceId);
});

/** How a call of the stock SDK fails: the name of its error, and the service's body. */
async function failure(promise: unknown): Promise<{ name: string; body: string }> {
  const error = await Promise.resolve(promise).then(
    () => expect.fail('The call went well.'),
    (thrown) => thrown,
  );
  return { name: error.constructor.name, body: String(error.responseBody) };
}

describe('the stock SDK', () => {
  it('creates, reads, updates and deletes an edge device', async () => {
    const created = await registry.create(edgeBody('edge-1'));
    expect(created.responseBody).toMatchObject({ deviceId: 'edge-1', capabilities: { iotEdge: true } });
    const { responseBody: read } = await registry.get('edge-1');
    expect(read).toMatchObject({
      status: 'enabled',
      authentication: { type: 'selfSigned', x509Thumbprint: { primaryThumbprint: a40, secondaryThumbprint: b40 } },
    });
    const { responseBody: updated } = await registry.update({ ...read, status: 'disabled', statusReason: 'lost' });
    expect(updated).toMatchObject({
      status: 'disabled',
      statusReason: 'lost',
      deviceScope: hub.registry.get('edge-1')?.deviceScope,
    });
    await registry.delete('edge-1');
    expect(hub.registry.all()).toEqual([]);
  });

  it('learns what is wrong by its own kinds of error', async () => {
    await registry.create(edgeBody('edge-1'));
    const again = await failure(registry.create(edgeBody('edge-1')));
    expect(again).toMatchObject({ name: 'DeviceAlreadyExistsError' });
    expect(again.body).toContain("ErrorCode:DeviceAlreadyExists;A device with ID 'edge-1' is already registered.");
    expect((await failure(registry.get('nobody'))).name).toBe('DeviceNotFoundError');
    expect((await failure(registry.update(edgeBody('nobody')))).name).toBe('DeviceNotFoundError');
    expect((await failure(registry.delete('nobody'))).name).toBe('DeviceNotFoundError');
    const scopeless = await failure(registry.update(edgeBody('edge-1')));
    expect(scopeless.name).toBe('ArgumentError');
    expect(scopeless.body).toContain('Device scope is immutable');
  });

  it('reaches ids of every permitted character', async () => {
    const ids = ['a:b*c?', '..', '.', "-._:%#*?!(),+=@$';", '100%', '%41', 'query', 'x'.repeat(128)];
    for (const id of ids) {
      await registry.create({ deviceId: id });
      expect((await registry.get(id)).responseBody.deviceId).toBe(id);
    }
    expect(hub.registry.all().map((device) => device.deviceId)).toEqual(ids);
  });

  it('adds, updates and removes in bulk, and reads a partial failure from a 400', async () => {
    const devices = Array.from({ length: 100 }, (_, at) => edgeBody(`d${at}`));
    expect((await registry.addDevices(devices)).responseBody).toEqual({ isSuccessful: true, errors: [], warnings: [] });
    const read = (await registry.list()).responseBody;
    expect(read).toHaveLength(100);

    hub.registry.put({ ...hub.registry.get('d7'), statusReason: 'someone else was here' });
    const failed = await failure(
      registry.updateDevices(
        read.map((device) => ({ ...device, status: 'disabled' })),
        false,
      ),
    );
    expect(failed.name).toBe('ArgumentError');
    expect(JSON.parse(failed.body)).toMatchObject({
      isSuccessful: false,
      errors: [{ deviceId: 'd7', errorCode: 412001 }],
    });
    const statuses = hub.registry.all().map((device) => device.status);
    expect(statuses.filter((status) => status === 'disabled')).toHaveLength(99);
    expect(hub.registry.get('d7')?.status).toBe('enabled');

    expect((await registry.removeDevices(hub.registry.all().slice(), true)).responseBody.isSuccessful).toBe(true);
    expect(hub.registry.all()).toEqual([]);
  });

  it('queries page by page', async () => {
    const devices = Array.from({ length: 25 }, (_, at) =>
      edgeBody(`d${at}`, { capabilities: { iotEdge: at % 5 !== 0 } }),
    );
    await registry.addDevices(devices);
    const query = registry.createQuery('SELECT * FROM devices WHERE capabilities.iotEdge = true', 8);
    const sizes = [];
    const ids = [];
    while (query.hasMoreResults) {
      const { result } = await query.nextAsTwin(); // `next()` without a token begins anew.
      sizes.push(result.length);
      ids.push(...result.map((twin) => twin.deviceId));
    }
    expect(sizes).toEqual([8, 8, 4]);
    expect(new Set(ids).size).toBe(20);
  });

  it('asks for statistics', async () => {
    await registry.addDevices([edgeBody('a'), edgeBody('b', { status: 'disabled' })]);
    expect((await registry.getRegistryStatistics()).responseBody).toEqual({
      totalDeviceCount: 2,
      enabledDeviceCount: 1,
      disabledDeviceCount: 1,
    });
  });

  it('is told that no device is connected', async () => {
    await registry.create(edgeBody('a'));
    expect((await call(hub, 'GET', '/statistics/service')).json).toEqual({ connectedDeviceCount: 0 });
  });

  it.each([
    ['registryRead', 'reads', () => registryOf('registryRead').get('edge-1'), true],
    ['registryRead', 'writes', () => registryOf('registryRead').create(edgeBody('x')), false],
    ['registryReadWrite', 'writes', () => registryOf('registryReadWrite').create(edgeBody('x')), true],
    [
      'registryReadWrite',
      'queries',
      () => registryOf('registryReadWrite').createQuery('SELECT * FROM devices').next(),
      false,
    ],
    ['service', 'queries', () => registryOf('service').createQuery('SELECT * FROM devices').next(), true],
    ['service', 'reads', () => registryOf('service').get('edge-1'), false],
  ])('with the policy %s %s only if it may', async (_policy, _verb, act, allowed) => {
    await registry.create(edgeBody('edge-1'));
    if (allowed) await act();
    else expect((await failure(act())).name).toBe('UnauthorizedError');
    for (const opened of open.splice(0)) opened.close();
  });
});

const open: ReturnType<typeof stockRegistry>[] = [];
function registryOf(policy: Parameters<typeof stockRegistry>[1]) {
  const opened = stockRegistry(hub, policy);
  open.push(opened);
  return opened;
}

describe('answers', () => {
  it('carry etag, request id and error code as the service does', async () => {
    const created = await call(hub, 'PUT', '/devices/d', { body: { deviceId: 'd' } });
    expect(created.status).toBe(200);
    expect(created.headers.etag).toBe(`"${created.json.etag}"`);
    expect(created.headers['content-type']).toBe('application/json; charset=utf-8');
    const refused = await call(hub, 'GET', '/devices/nobody');
    expect(refused.status).toBe(404);
    expect(refused.headers['iothub-errorcode']).toBe('DeviceNotFound');
    expect(refused.json).toEqual({
      Message: 'ErrorCode:DeviceNotFound;nobody',
      ExceptionMessage: expect.stringMatching(
        /^Tracking ID:[0-9a-f]{32}-G:0-TimeStamp:\d\d\/\d\d\/\d{4} \d\d:\d\d:\d\d$/,
      ),
    });
    const id = String(refused.headers['x-ms-request-id']).replaceAll('-', '');
    expect(refused.json.ExceptionMessage).toContain(id);
  });

  it('show a device to the eyes of a query only in whole twins of its own kind', async () => {
    hub.registry.put(edgeBody('d'));
    const whole = await call(hub, 'POST', '/devices/query', { body: { query: 'SELECT * FROM devices' } });
    expect(whole.headers['x-ms-item-type']).toBe('Twin');
    expect(whole.json[0].deviceEtag).toBe(hub.registry.get('d')?.etag);
    const columns = await call(hub, 'POST', '/devices/query', { body: { query: 'SELECT deviceId FROM devices' } });
    expect(columns.headers['x-ms-item-type']).toBe('Raw');
    expect(columns.json).toEqual([{ deviceId: 'd' }]);
  });

  it.each([
    ['100 without a size', undefined, 100],
    ['at most 1000', '5000', 1000],
    ['100 for a size that is none', 'many', 100],
    ['as many as asked for', '7', 7],
  ])('hold %s', async (_, size, expected) => {
    for (let at = 0; at < 1001; at += 1) hub.registry.put({ deviceId: `d${at}` });
    const headers = size === undefined ? {} : { 'x-ms-max-item-count': size };
    const page = await call(hub, 'POST', '/devices/query', {
      body: { query: 'SELECT deviceId FROM devices' },
      headers,
    });
    expect(page.json).toHaveLength(expected);
    expect(page.headers['x-ms-continuation']).toBeDefined();
  });

  it.each([
    ['?top=2', 2],
    ['?top=0', 5],
    ['?top=1001', 5],
    ['?top=x', 5],
    ['', 5],
  ])('list devices%s', async (search, expected) => {
    for (let at = 0; at < 5; at += 1) hub.registry.put({ deviceId: `d${at}` });
    expect((await call(hub, 'GET', `/devices${search}`)).json).toHaveLength(expected);
  });
});

describe('If-Match', () => {
  const put = (etag: string | undefined, more: object = {}) =>
    call(hub, 'PUT', '/devices/d', {
      body: { deviceId: 'd', ...more },
      headers: etag === undefined ? {} : { 'if-match': etag },
    });

  it.each([undefined, '""', ''])('%j only creates', async (etag) => {
    expect((await put(etag)).status).toBe(200);
    expect((await put(etag)).status).toBe(409);
  });

  it.each(['*', '"*"'])('%s only updates', async (etag) => {
    expect((await put(etag)).status).toBe(404);
    hub.registry.put({ deviceId: 'd' });
    expect((await put(etag, { status: 'disabled' })).json.status).toBe('disabled');
  });

  it.each([
    ['quoted', (etag: string) => `"${etag}"`],
    ['bare', (etag: string) => etag],
    ['weak', (etag: string) => `W/"${etag}"`],
  ])('with an etag, %s, updates that version only', async (_, form) => {
    const { etag } = hub.registry.put({ deviceId: 'd' });
    expect((await put(form(etag))).status).toBe(200);
    const stale = await put(form(etag));
    expect(stale.status).toBe(412);
    expect(stale.headers['iothub-errorcode']).toBe('PreconditionFailed');
  });

  it('is wanted by a deletion', async () => {
    const { etag } = hub.registry.put({ deviceId: 'd' });
    const missing = await call(hub, 'DELETE', '/devices/d');
    expect([missing.status, missing.json.Message]).toEqual([412, 'ErrorCode:PreconditionFailed;Etag missing']);
    const stale = await call(hub, 'DELETE', '/devices/d', { headers: { 'if-match': '"MQ=="' } });
    expect(stale.status).toBe(412);
    const right = await call(hub, 'DELETE', '/devices/d', { headers: { 'if-match': `"${etag}"` } });
    expect([right.status, right.text]).toEqual([204, '']);
  });
});

describe('refusals', () => {
  const body = { deviceId: 'd' };
  it.each<[string, string, string, Parameters<typeof call>[3], number, string]>([
    ['no signature', 'GET', '/devices/d', { headers: { authorization: '' } }, 401, 'IotHubUnauthorizedAccess'],
    ['an unknown path', 'GET', '/nowhere', {}, 404, 'GenericNotFound'],
    ['a path below a device', 'GET', '/devices/d/files', {}, 404, 'GenericNotFound'],
    ['an unknown method', 'PATCH', '/devices/d', {}, 405, 'GenericMethodNotAllowed'],
    ['no api-version', 'GET', '/devices/d?api-version=', {}, 400, 'InvalidProtocolVersion'],
    ['a nonsense api-version', 'GET', '/devices/d?api-version=latest', {}, 400, 'InvalidProtocolVersion'],
    ['a version of no calendar', 'GET', '/devices/d?api-version=2021-99-99', {}, 400, 'InvalidProtocolVersion'],
    ['a version before the first', 'GET', '/devices/d?api-version=2001-01-01', {}, 400, 'InvalidProtocolVersion'],
    ['a path encoded wrongly', 'GET', '/devices/%zz', {}, 400, 'ArgumentInvalid'],
    ['no body', 'PUT', '/devices/d', {}, 400, 'ArgumentNull'],
    ['a body that is no JSON', 'PUT', '/devices/d', { text: '{' }, 400, 'ArgumentInvalid'],
    ['a body that is no object', 'PUT', '/devices/d', { body: [] }, 400, 'ArgumentInvalid'],
    ['a body without an id', 'PUT', '/devices/d', { body: {} }, 400, 'ArgumentNull'],
    ['a body of another id', 'PUT', '/devices/D', { body }, 400, 'ArgumentInvalid'],
    ['an id that is none', 'PUT', '/devices/a%20b', { body: { deviceId: 'a b' } }, 400, 'ArgumentInvalid'],
    ['a body of 5 MB', 'PUT', '/devices/d', { text: ' '.repeat(5 << 20) }, 413, 'MessageTooLarge'],
    ['101 devices', 'POST', '/devices', { body: Array(101).fill(body) }, 413, 'TooManyDevices'],
    ['a query that is none', 'POST', '/devices/query', { body: { query: 'DROP TABLE' } }, 400, 'ArgumentInvalid'],
    ['no query', 'POST', '/devices/query', { body: {} }, 400, 'ArgumentNull'],
    [
      'mixed thumbprints',
      'PUT',
      '/devices/d',
      {
        body: edgeBody('d', {
          authentication: { x509Thumbprint: { primaryThumbprint: a40, secondaryThumbprint: c64 } },
        }),
      },
      400,
      'ArgumentInvalid',
    ],
  ])('%s', async (_, method, path, options, status, code) => {
    const answer = await call(hub, method, path, options);
    expect([answer.status, answer.headers['iothub-errorcode']]).toEqual([status, code]);
    expect(answer.json.Message).toMatch(new RegExp(`^ErrorCode:${code};`));
    expect(hub.registry.all()).toEqual([]);
  });

  it.each(['2018-06-30', '2020-03-13', '2020-05-31-preview', '2021-04-12', '2024-03-31'])(
    'spare the api-version %s',
    async (version) => {
      expect((await call(hub, 'GET', '/statistics/devices', { version })).status).toBe(200);
    },
  );
});

it('counts operations as the quota does: a bulk of three is three', async () => {
  const before = hub.counts();
  await registry.addDevices([{ deviceId: 'a' }, { deviceId: 'b' }, { deviceId: 'c' }]);
  await registry.create({ deviceId: 'd' });
  await registry.delete('a');
  await registry.get('b');
  await registry.getRegistryStatistics();
  await registry.createQuery('SELECT * FROM devices').next();
  await call(hub, 'GET', '/devices/b', { headers: { authorization: 'none' } });
  const after = hub.counts();
  expect({
    requests: after.requests - before.requests,
    registryReads: after.registryReads - before.registryReads,
    registryWrites: after.registryWrites - before.registryWrites,
    queries: after.queries - before.queries,
  }).toEqual({ requests: 7, registryReads: 2, registryWrites: 5, queries: 1 });
});

it('lets a thousand devices be created one by one in a blink', async () => {
  const begun = performance.now();
  for (let at = 0; at < 1000; at += 1) await registry.create(edgeBody(`d${at}`));
  expect(performance.now() - begun).toBeLessThan(20_000); // 0.5 s on a quiet machine.
  expect(hub.registry.all()).toHaveLength(1000);
});

it('judges tokens by the clock it was given', async () => {
  const future = await startHub({ clock: () => Date.now() + 7_200_000 });
  try {
    expect((await call(future, 'GET', '/devices')).status).toBe(401);
    const authorization = signature(future, 'iothubowner', Date.now() + 7_200_000);
    expect((await call(future, 'GET', '/devices', { headers: { authorization } })).status).toBe(200);
  } finally {
    await future.close();
  }
});
