import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { applyBulk } from '../../../src/emulator/devices/bulk.ts';
import { modulesOf, wantedModule } from '../../../src/emulator/devices/module.ts';
import { createModule, updateModule } from '../../../src/emulator/devices/modules.ts';
import { type EmbeddedHub, startHub } from '../../../src/emulator/hub.ts';
import { call, stockRegistry } from '../clients.ts';
import { a40, b40, edgeBody, key, refusal, testRegistry, wanted } from './identities.ts';

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
beforeEach(() => hub.reset());

const path = '/devices/d/modules/m';
const body = { deviceId: 'd', moduleId: 'm' };
const put = (etag?: string, more: object = {}) =>
  call(hub, 'PUT', path, { body: { ...body, ...more }, headers: etag === undefined ? {} : { 'if-match': etag } });
const names = async (deviceId: string) =>
  (await call(hub, 'GET', `/devices/${deviceId}/modules`)).json.map((module: { moduleId: string }) => module.moduleId);

describe('the modules of a device', () => {
  it('are none, or those of the runtime of an edge device', async () => {
    hub.registry.put({ deviceId: 'leaf' });
    hub.registry.put(edgeBody('edge'));
    expect(await names('leaf')).toEqual([]);
    expect(await names('edge')).toEqual(['$edgeAgent', '$edgeHub']);
    const { json } = await call(hub, 'GET', '/devices/edge/modules/$edgeAgent');
    expect(json).toMatchObject({ moduleId: '$edgeAgent', deviceId: 'edge', authentication: { type: 'none' } });
  });

  it('are in the form of the service: created without Z in its times, then with; no ETag header', async () => {
    hub.registry.put({ deviceId: 'd' });
    const created = await put('""');
    expect([created.status, created.headers.etag]).toEqual([200, undefined]);
    expect(created.json).toEqual({
      moduleId: 'm',
      managedBy: null,
      deviceId: 'd',
      generationId: expect.stringMatching(/^\d{18}$/),
      etag: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
      connectionState: 'Disconnected',
      connectionStateUpdatedTime: '0001-01-01T00:00:00',
      lastActivityTime: '0001-01-01T00:00:00',
      cloudToDeviceMessageCount: 0,
      authentication: {
        symmetricKey: { primaryKey: expect.any(String), secondaryKey: expect.any(String) },
        x509Thumbprint: { primaryThumbprint: null, secondaryThumbprint: null },
        type: 'sas',
      },
    });
    const { json } = await call(hub, 'GET', path);
    expect(json).toEqual({
      ...created.json,
      connectionStateUpdatedTime: '0001-01-01T00:00:00Z',
      lastActivityTime: '0001-01-01T00:00:00Z',
    });
    expect(json.generationId).not.toBe(hub.registry.get('d')?.generationId);
  });

  it('are updated with If-Match alone, and at the right version', async () => {
    const device = hub.registry.put({ deviceId: 'd' });
    expect((await put('*')).status).toBe(404);
    const { json: created } = await put();
    const keys = { symmetricKey: { primaryKey: key, secondaryKey: key } };
    const updated = await put(`"${created.etag}"`, { managedBy: 'SomeChangedValue', authentication: keys });
    expect(updated.json).toMatchObject({
      managedBy: 'SomeChangedValue',
      generationId: created.generationId,
      authentication: { symmetricKey: { primaryKey: key } },
    });
    const stale = await put(`"${created.etag}"`);
    expect([stale.status, stale.json.Message]).toEqual([
      412,
      expect.stringContaining('Device version did not match, existingVersion:'),
    ]);
    expect((await put('*')).json.managedBy).toBeNull();
    expect(hub.registry.get('d')).toEqual(device);
  });

  it('are refused a second time in the second form of the service', async () => {
    hub.registry.put({ deviceId: 'd' });
    await put();
    const again = await put();
    expect([again.status, again.headers['iothub-errorcode']]).toEqual([409, 'ModuleAlreadyExistsOnDevice']);
    expect(again.json).toEqual({
      errorCode: 409301,
      message: 'Device d in IotHub localhost already contains Module m.',
      trackingId: expect.stringMatching(/^[0-9a-f]{32}-G:0-TimeStamp:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      timestampUtc: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
    });
  });

  it('are deleted with If-Match, and with their device', async () => {
    hub.registry.put({ deviceId: 'd' });
    const { json: created } = await put();
    const remove = (etag?: string) =>
      call(hub, 'DELETE', path, { headers: etag === undefined ? {} : { 'if-match': etag } });
    expect((await remove()).json.Message).toBe('ErrorCode:PreconditionFailed;Etag missing');
    expect((await remove('"MQ=="')).status).toBe(412);
    expect((await remove(`"${created.etag}"`)).status).toBe(204);
    expect((await remove('*')).headers['iothub-errorcode']).toBe('ModuleNotFound');
    await put();
    hub.registry.remove('d');
    hub.registry.put({ deviceId: 'd' });
    expect(await names('d')).toEqual([]);
  });

  it('outlive an update of their device; those of the runtime end with its being an edge device', async () => {
    hub.registry.put(edgeBody('d'));
    await put();
    await call(hub, 'PATCH', '/twins/d/modules/$edgeHub', { body: { tags: { a: 1 } } });
    hub.registry.put(edgeBody('d', { statusReason: 'moved' }));
    expect(await names('d')).toEqual(['$edgeAgent', '$edgeHub', 'm']);
    hub.registry.put({ deviceId: 'd' });
    expect(await names('d')).toEqual(['m']);
    hub.registry.put(edgeBody('d'));
    expect((await call(hub, 'GET', '/twins/d/modules/$edgeHub')).json).not.toHaveProperty('tags');
  });

  it.each<[string, string, string, object, number, string]>([
    ['a module that is not there', 'GET', path, {}, 404, 'ModuleNotFound'],
    ['a twin of a module that is not there', 'GET', '/twins/d/modules/m', {}, 404, 'ModuleNotFound'],
    ['no body', 'PUT', path, {}, 400, 'ArgumentNull'],
    ['a body without the device', 'PUT', path, { body: { moduleId: 'm' } }, 400, 'ArgumentNull'],
    ['a body of another module', 'PUT', path, { body: { ...body, moduleId: 'n' } }, 400, 'ArgumentInvalid'],
    [
      'an id that is none',
      'PUT',
      '/devices/d/modules/a%20b',
      { body: { deviceId: 'd', moduleId: 'a b' } },
      400,
      'ArgumentInvalid',
    ],
    [
      'an id of the runtime',
      'PUT',
      '/devices/d/modules/$mine',
      { body: { deviceId: 'd', moduleId: '$mine' } },
      400,
      'ArgumentInvalid',
    ],
    [
      'thumbprints that are none',
      'PUT',
      path,
      { body: { ...body, authentication: { x509Thumbprint: { primaryThumbprint: 'x' } } } },
      400,
      'ArgumentInvalid',
    ],
    [
      'the end of the runtime',
      'DELETE',
      '/devices/d/modules/$edgeAgent',
      { headers: { 'if-match': '*' } },
      400,
      'InvalidOperation',
    ],
    ['the policy service', 'GET', '/devices/d/modules', { policy: 'service' }, 401, 'IotHubUnauthorizedAccess'],
    ['writing with registryRead', 'PUT', path, { body, policy: 'registryRead' }, 401, 'IotHubUnauthorizedAccess'],
  ])('refuse %s', async (_, method, target, options, status, code) => {
    hub.registry.put(edgeBody('d'));
    const answer = await call(hub, method, target, options);
    expect([answer.status, answer.headers['iothub-errorcode']]).toEqual([status, code]);
    expect(await names('d')).toEqual(['$edgeAgent', '$edgeHub']);
  });

  it.each(['nobody', 'off'])(
    'of a device that does not exist or is disabled are refused to a signature, not to Entra: %s',
    async (id) => {
      hub.registry.put(edgeBody('off', { status: 'disabled' }));
      const calls = [
        ['GET', '/modules'],
        ['GET', '/modules/$edgeHub'],
        ['PUT', '/modules/m', { deviceId: id, moduleId: 'm' }],
        ['DELETE', '/modules/m'],
      ] as const;
      const answers = async (authorization: () => object) => {
        const made = [];
        for (const [method, target, sent] of calls) {
          const headers = { 'if-match': method === 'DELETE' ? '*' : '', ...authorization() };
          made.push(await call(hub, method, `/devices/${id}${target}`, { body: sent, headers }));
        }
        return made;
      };
      const signed = await answers(() => ({}));
      for (const { status, headers, json } of signed) {
        expect([status, headers['iothub-errorcode']]).toEqual([401, 'IotHubUnauthorizedAccess']);
        expect(JSON.parse(json.Message)).toMatchObject({ errorCode: 401002, message: 'Unauthorized access' });
      }
      const byToken = await answers(() => ({ authorization: `Bearer ${hub.mintToken()}` }));
      expect(byToken.map(({ status }) => status)).toEqual(id === 'off' ? [200, 200, 200, 204] : [404, 404, 404, 404]);
      const twin = await call(hub, 'GET', `/twins/${id}/modules/$edgeHub`);
      expect(twin.status).toBe(id === 'off' ? 200 : 404);
    },
  );

  it('that want no authentication get keys', () => {
    const some = testRegistry();
    some.create(wanted({ deviceId: 'd' }));
    const made = createModule(some, 'd', wantedModule('m', { authentication: { type: 'none' } }));
    expect(made.authentication).toMatchObject({ type: 'sas', primary: expect.any(String) });
  });

  it('are 50 at most', () => {
    const some = testRegistry();
    some.create(wanted(edgeBody('d')));
    for (let at = 0; at < 48; at += 1) createModule(some, 'd', wantedModule(`m${at}`, {}));
    expect(refusal(() => createModule(some, 'd', wantedModule('one more', {})))).toMatch(/identifier/);
    expect(refusal(() => createModule(some, 'd', wantedModule('one-more', {})))).toMatch(/^TooManyModulesOnDevice/);
    expect(modulesOf(some.get('d'))).toHaveLength(50);
  });

  it('of the runtime may be given an authentication', () => {
    const some = testRegistry();
    some.create(wanted(edgeBody('d')));
    const thumbprints = { x509Thumbprint: { primaryThumbprint: a40, secondaryThumbprint: b40 } };
    updateModule(
      some,
      'd',
      wantedModule('$edgeAgent', { managedBy: 'IotEdge', authentication: thumbprints }),
      undefined,
    );
    const [agent, edgeHub] = modulesOf(some.get('d'));
    expect([agent?.authentication.primary, edgeHub?.authentication.type]).toEqual([a40, 'none']);
  });
});

it('the stock SDK creates, reads, updates and removes a module, and changes its twin', async () => {
  await registry.create({ deviceId: 'd' });
  const { responseBody: created } = await registry.addModule(body);
  expect((await registry.getModule('d', 'm')).responseBody.generationId).toBe(created.generationId);
  expect((await registry.getModulesOnDevice('d')).responseBody.map((module) => module.moduleId)).toEqual(['m']);
  await registry.updateModule({ ...body, managedBy: 'me' }, true);
  await expect(registry.updateModule({ ...body, etag: created.etag ?? '' })).rejects.toThrow();
  const { responseBody: twin } = await registry.getModuleTwin('d', 'm');
  await twin.update({ tags: { a: 1 }, properties: { desired: { b: 1 } } });
  expect((await registry.getModuleTwin('d', 'm')).responseBody).toMatchObject({
    etag: 'AAAAAAAAAAI=',
    moduleId: 'm',
    tags: { a: 1 },
    properties: { desired: { b: 1, $version: 2 } },
  });
  await registry.removeModule('d', 'm');
  expect((await registry.getModulesOnDevice('d')).responseBody).toEqual([]);
});

describe('the twin of a module', () => {
  it('names its module, and no capabilities; unused sections are dated never', async () => {
    hub.registry.put({ deviceId: 'd' });
    const { json: created } = await put();
    const { json } = await call(hub, 'GET', '/twins/d/modules/m');
    const unused = { $metadata: { $lastUpdated: '0001-01-01T00:00:00Z' }, $version: 1 };
    expect(json).toMatchObject({
      deviceId: 'd',
      moduleId: 'm',
      etag: 'AAAAAAAAAAE=',
      deviceEtag: created.etag,
      version: 2,
    });
    expect(json.properties).toEqual({ desired: unused, reported: unused });
    expect(json).not.toHaveProperty('capabilities');
  });

  it('is patched and replaced apart from that of its device', async () => {
    hub.registry.put({ deviceId: 'd' });
    await put();
    const target = '/twins/d/modules/m';
    await call(hub, 'PATCH', target, { body: { tags: { a: 1 } } });
    const { json } = await call(hub, 'PUT', target, {
      body: { tags: { b: 1 } },
      headers: { 'if-match': '"AAAAAAAAAAI="' },
    });
    expect([json.etag, json.tags]).toEqual(['AAAAAAAAAAM=', { b: 1 }]);
    const stale = await call(hub, 'PATCH', target, { body: {}, headers: { 'if-match': '"AAAAAAAAAAI="' } });
    expect(stale.json.Message).toBe("ErrorCode:PreconditionFailed;ETag mismatch for device ID 'd'");
    expect(hub.registry.twin('d')).toMatchObject({ etag: 'AAAAAAAAAAE=' });
  });
});

describe('modules in bulk', () => {
  const entry = (moduleId: unknown, importMode: string, more: object = {}) => ({
    id: 'd',
    moduleId,
    importMode,
    ...more,
  });

  it('are many of one device in one call, each with a twin', () => {
    const some = testRegistry();
    some.create(wanted({ deviceId: 'd' }));
    const desired = { properties: { desired: { user: 'userA' } } };
    const result = applyBulk(some, [entry('m1', 'create', desired), entry('m2', 'create', desired)]);
    expect(result.isSuccessful).toBe(true);
    const time = new Date(some.now).toISOString();
    expect(
      modulesOf(some.get('d')).map(({ moduleId, twin }) => [moduleId, twin?.desired?.metadata.$lastUpdated]),
    ).toEqual([
      ['m1', time],
      ['m2', time],
    ]);
  });

  it('are updated, deleted, and their twins changed', () => {
    const some = testRegistry();
    some.create(wanted({ deviceId: 'd' }));
    applyBulk(some, [entry('m1', 'createOrUpdate'), entry('m2', 'create')]);
    const result = applyBulk(some, [
      entry('m1', 'createOrUpdate', { managedBy: 'me', tags: { a: 1 } }),
      entry('m2', 'delete'),
    ]);
    expect(result.errors).toEqual([]);
    expect(modulesOf(some.get('d'))).toMatchObject([{ moduleId: 'm1', managedBy: 'me', twin: { tags: { a: 1 } } }]);
    expect(applyBulk(some, [entry('m1', 'updateTwin', { tags: { a: null } })]).errors).toEqual([]);
    expect(modulesOf(some.get('d'))[0]?.twin?.tags).toEqual({});
  });

  it('name the module where they fail, and never touch its device', () => {
    const some = testRegistry();
    const device = some.create(wanted({ deviceId: 'd' }));
    const result = applyBulk(some, [
      entry('m', 'delete'),
      entry(7.5, 'update'),
      entry('same', 'create'),
      entry('same', 'create'),
      { ...entry('m', 'create'), id: 'nobody' },
    ]);
    expect(result.errors).toMatchObject([
      { deviceId: 'd', moduleId: 'm', errorCode: 404010 },
      { deviceId: 'd', moduleId: '7.5', errorCode: 404010 },
      { deviceId: 'd', moduleId: 'same', errorCode: 400011 },
      { deviceId: 'd', moduleId: 'same', errorCode: 400011 },
      { deviceId: 'nobody', moduleId: 'm', errorCode: 404001 },
    ]);
    expect(some.get('d')).toBe(device);
  });
});
