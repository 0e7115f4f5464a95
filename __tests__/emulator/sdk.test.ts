import { Registry } from 'azure-iothub';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { startBlobService } from '../support/blob-service.ts';
import { stockRegistry } from './clients.ts';
import { a40, b40, edgeBody, key } from './devices/identities.ts';

/** Calls of the SDK's registry that the embedded hub does not answer, and why. */
const omitted: Readonly<Record<string, { readonly reason: string; readonly args: readonly unknown[] }>> = {};

let hub: EmbeddedHub;
let registry: ReturnType<typeof stockRegistry>;
/** Every call that a test makes, by name. */
const called = new Set<string>();

beforeAll(async () => {
  hub = await startHub();
  registry = new Proxy(stockRegistry(hub), {
    get(target, name) {
      called.add(String(name));
      return Reflect.get(target, name);
    },
  });
});
afterAll(async () => {
  registry.close();
  await hub.close();
});
beforeEach(() => {
  for (const device of hub.registry.all()) hub.registry.remove(device.deviceId);
});

/** Status and error name of a refusal, as the SDK passes it on. */
async function refusal(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => expect.fail('The call went well.'),
    (thrown) => thrown,
  );
  const code = /ErrorCode:(\w+)/.exec(String(error.responseBody))?.[1];
  return `${error.response?.statusCode} ${code}`;
}

describe('devices, one by one, by the stock SDK', () => {
  it('create, get, update, list and delete', async () => {
    const { responseBody: created } = await registry.create(edgeBody('edge-1'));
    expect(created).toMatchObject({ deviceId: 'edge-1', status: 'enabled', capabilities: { iotEdge: true } });
    expect((await registry.get('edge-1')).responseBody.authentication).toMatchObject({
      type: 'selfSigned',
      x509Thumbprint: { primaryThumbprint: a40, secondaryThumbprint: b40 },
    });
    const { responseBody: updated } = await registry.update({ ...created, status: 'disabled', statusReason: 'lost' });
    expect(updated).toMatchObject({ status: 'disabled', statusReason: 'lost', generationId: created.generationId });
    expect((await registry.list()).responseBody.map((device) => device.deviceId)).toEqual(['edge-1']);
    await registry.delete('edge-1');
    expect((await registry.list()).responseBody).toEqual([]);
  });

  it('are refused in the terms of the service', async () => {
    await registry.create({ deviceId: 'd' });
    expect(await refusal(registry.create({ deviceId: 'd' }))).toBe('409 DeviceAlreadyExists');
    expect(await refusal(registry.get('nobody'))).toBe('404 DeviceNotFound');
    expect(await refusal(registry.update({ deviceId: 'nobody' }))).toBe('404 DeviceNotFound');
    expect(await refusal(registry.delete('nobody'))).toBe('404 DeviceNotFound');
  });

  it('have the keys that were brought, or new ones', async () => {
    const symmetricKey = { primaryKey: key, secondaryKey: key };
    await registry.create({ deviceId: 'brought', authentication: { type: 'sas', symmetricKey } });
    expect((await registry.get('brought')).responseBody.authentication?.symmetricKey).toEqual(symmetricKey);
    const { responseBody: made } = await registry.create({ deviceId: 'made' });
    expect(made.authentication?.symmetricKey?.primaryKey).toMatch(/^[A-Za-z0-9+/]{43}=$/);
  });

  it('are children of the edge device whose scope they bring', async () => {
    await registry.create(edgeBody('gateway'));
    const { deviceScope } = hub.registry.get('gateway')!;
    // The types of the SDK do not know scopes.
    const child = { deviceId: 'leaf', deviceScope };
    expect((await registry.create(child)).responseBody).toMatchObject({ deviceScope });
    const { responseBody: below } = await registry.create(edgeBody('below', { parentScopes: [deviceScope] }));
    expect(below).toMatchObject({ parentScopes: [deviceScope] });
    expect(below).not.toMatchObject({ deviceScope });
  });
});

describe('devices in bulk, by the stock SDK', () => {
  const enabled = () => hub.registry.all().map((device) => `${device.deviceId} ${device.status}`);

  it('addDevices applies all but what exists', async () => {
    await registry.addDevices([edgeBody('a'), edgeBody('b')]);
    expect(await refusal(registry.addDevices([edgeBody('b'), edgeBody('c')]))).toBe('400 undefined');
    expect(enabled()).toEqual(['a enabled', 'b enabled', 'c enabled']);
  });

  it.each([
    [true, ['a disabled', 'b disabled']],
    [false, ['a enabled', 'b disabled']],
  ])('updateDevices, force %s, after somebody else has written to a', async (force, expected) => {
    await registry.addDevices([edgeBody('a'), edgeBody('b')]);
    const { responseBody: read } = await registry.list();
    hub.registry.put({ ...hub.registry.get('a'), statusReason: 'somebody else' });
    const wanted = read.map((device) => ({ ...device, status: 'disabled' as const }));
    const outcome = await registry.updateDevices(wanted, force).then(
      ({ responseBody }) => responseBody,
      (error) => JSON.parse(error.responseBody),
    );
    expect(outcome.isSuccessful).toBe(force);
    expect(outcome.errors.map((error: { errorCode: number }) => error.errorCode)).toEqual(force ? [] : [412001]);
    expect(enabled()).toEqual(expected);
  });

  it.each([
    [true, []],
    [false, ['a enabled']],
  ])('removeDevices, force %s, after somebody else has written to a', async (force, expected) => {
    await registry.addDevices([edgeBody('a'), edgeBody('b')]);
    const { responseBody: read } = await registry.list();
    hub.registry.put({ ...hub.registry.get('a'), statusReason: 'somebody else' });
    await registry.removeDevices(read, force).catch((error) => {
      expect(JSON.parse(error.responseBody).errors).toMatchObject([{ deviceId: 'a', errorCode: 412001 }]);
    });
    expect(enabled()).toEqual(expected);
  });
});

describe('queries and statistics, by the stock SDK', () => {
  it('createQuery turns the pages, as twins or as they come', async () => {
    await registry.addDevices(Array.from({ length: 25 }, (_, at) => edgeBody(`d${at}`)));
    const twins = registry.createQuery("SELECT * FROM devices WHERE status = 'enabled'", 10);
    const sizes = [];
    const ids = [];
    while (twins.hasMoreResults) {
      const { result } = await twins.nextAsTwin();
      sizes.push(result.length);
      ids.push(...result.map((twin) => twin.deviceId));
    }
    expect(sizes).toEqual([10, 10, 5]);
    expect(new Set(ids).size).toBe(25);
    const rows = registry.createQuery("SELECT deviceId AS id FROM devices WHERE deviceId IN ['d1', 'd2']");
    expect((await rows.next()).result).toEqual([{ id: 'd1' }, { id: 'd2' }]);
  });

  it('getRegistryStatistics counts', async () => {
    await registry.addDevices([edgeBody('a'), edgeBody('b', { status: 'disabled' })]);
    expect((await registry.getRegistryStatistics()).responseBody).toEqual({
      totalDeviceCount: 2,
      enabledDeviceCount: 1,
      disabledDeviceCount: 1,
    });
  });
});

describe('twins, by the stock SDK', () => {
  it('getTwin, updateTwin: tags and desired properties are merged, null takes away', async () => {
    const { responseBody: device } = await registry.create(edgeBody('edge-1'));
    const { responseBody: twin } = await registry.getTwin('edge-1');
    expect(twin).toMatchObject({ deviceId: 'edge-1', properties: { desired: { $version: 1 } } });
    expect(Object(twin).deviceEtag).toBe(Object(device).etag);
    const patch = { tags: { site: 'berlin', line: { no: 4 } }, properties: { desired: { interval: 5 } } };
    const { responseBody: first } = await registry.updateTwin('edge-1', patch, '*');
    expect(first).toMatchObject({ tags: patch.tags, properties: { desired: { interval: 5, $version: 2 } } });
    expect(first.etag).not.toBe(twin.etag);
    const { responseBody: second } = await registry.updateTwin('edge-1', { tags: { site: null } }, first.etag);
    expect(second.tags).toEqual({ line: { no: 4 } });
    expect(second.properties.desired.$version).toBe(2);
    expect((await registry.getTwin('edge-1')).responseBody).toMatchObject({
      tags: { line: { no: 4 } },
      etag: second.etag,
    });
  });

  it('an old etag is refused, and so is a twin that is not there', async () => {
    await registry.create(edgeBody('edge-1'));
    const { responseBody: twin } = await registry.getTwin('edge-1');
    await registry.updateTwin('edge-1', { tags: { site: 'berlin' } }, twin.etag);
    expect(await refusal(registry.updateTwin('edge-1', { tags: { site: 'bonn' } }, twin.etag))).toBe(
      '412 PreconditionFailed',
    );
    expect(await refusal(registry.getTwin('nobody'))).toBe('404 DeviceNotFound');
    expect(await refusal(registry.updateTwin('nobody', {}, '*'))).toBe('404 DeviceNotFound');
  });

  it('a twin that was read updates itself, and a query finds its tags', async () => {
    await registry.addDevices([edgeBody('a'), edgeBody('b')]);
    const { responseBody: twin } = await registry.getTwin('a');
    await twin.update({ tags: { site: 'berlin' } });
    const found = await registry.createQuery("SELECT deviceId FROM devices WHERE tags.site = 'berlin'").next();
    expect(found.result).toEqual([{ deviceId: 'a' }]);
  });

  it('the twin does not move when the identity does, but names its new etag', async () => {
    const { responseBody: created } = await registry.create(edgeBody('edge-1'));
    const { responseBody: before } = await registry.getTwin('edge-1');
    const { responseBody: updated } = await registry.update({ ...created, status: 'disabled' });
    const { responseBody: after } = await registry.getTwin('edge-1');
    expect([after.etag, Object(after).deviceEtag]).toEqual([before.etag, Object(updated).etag]);
  });
});

describe('modules, by the stock SDK', () => {
  it('getModulesOnDevice names the two that every edge device has', async () => {
    await registry.create(edgeBody('edge-1'));
    const { responseBody: modules } = await registry.getModulesOnDevice('edge-1');
    expect(modules.map((module) => module.moduleId).sort()).toEqual(['$edgeAgent', '$edgeHub']);
    await registry.create({ deviceId: 'leaf-1' });
    expect((await registry.getModulesOnDevice('leaf-1')).responseBody).toEqual([]);
  });

  it('addModule, getModule, updateModule and removeModule', async () => {
    await registry.create(edgeBody('edge-1'));
    await registry.addModule({ deviceId: 'edge-1', moduleId: 'filter', managedBy: 'us' });
    const { responseBody: filter } = await registry.getModule('edge-1', 'filter');
    expect(filter).toMatchObject({ deviceId: 'edge-1', moduleId: 'filter', managedBy: 'us' });
    const { responseBody: moved } = await registry.updateModule({ ...filter, managedBy: 'them' });
    expect(moved).toMatchObject({ managedBy: 'them' });
    await registry.updateModule({ ...filter, managedBy: 'anybody' }, true);
    expect((await registry.getModule('edge-1', 'filter')).responseBody).toMatchObject({ managedBy: 'anybody' });
    await registry.removeModule('edge-1', 'filter');
    expect(await refusal(registry.getModule('edge-1', 'filter'))).toBe('404 ModuleNotFound');
  });

  it('are refused where there are none, or one already, or another version', async () => {
    await registry.create(edgeBody('edge-1'));
    await registry.addModule({ deviceId: 'edge-1', moduleId: 'filter' });
    expect(await refusal(registry.addModule({ deviceId: 'edge-1', moduleId: 'filter' }))).toMatch(/^409 /);
    expect(await refusal(registry.addModule({ deviceId: 'nobody', moduleId: 'filter' }))).toBe('401 undefined'); // Its words are in modules.test.ts.
    const { responseBody: read } = await registry.getModule('edge-1', 'filter');
    await registry.updateModule({ ...read, managedBy: 'somebody else' }, true);
    expect(await refusal(registry.updateModule({ ...read, managedBy: 'us' }, false))).toBe('412 PreconditionFailed');
    // Given a module, its promise never asks the service: only the form with a callback removes by etag.
    const removal = new Promise((done, failed) =>
      registry.removeModule(read, (error, body) => (error ? failed(error) : done(body))),
    );
    expect(await refusal(removal)).toBe('412 PreconditionFailed');
  });

  it('getModuleTwin and updateModuleTwin', async () => {
    await registry.create(edgeBody('edge-1'));
    await registry.addModule({ deviceId: 'edge-1', moduleId: 'filter' });
    const { responseBody: twin } = await registry.getModuleTwin('edge-1', 'filter');
    expect(twin).toMatchObject({ deviceId: 'edge-1', moduleId: 'filter' });
    const patch = { properties: { desired: { limit: 7 } } };
    const { responseBody: patched } = await registry.updateModuleTwin('edge-1', 'filter', patch, twin.etag);
    expect(patched.properties.desired).toMatchObject({ limit: 7, $version: 2 });
    expect(await refusal(registry.getModuleTwin('edge-1', 'nothing'))).toBe('404 ModuleNotFound');
  });

  it('go with their device', async () => {
    await registry.create(edgeBody('edge-1'));
    await registry.addModule({ deviceId: 'edge-1', moduleId: 'filter' });
    await registry.delete('edge-1');
    await registry.create(edgeBody('edge-1'));
    expect((await registry.getModulesOnDevice('edge-1')).responseBody).toHaveLength(2);
  });
});

describe('configurations', () => {
  const content = { modulesContent: { $edgeAgent: { 'properties.desired': { modules: { filter: {} } } } } };
  const base = { id: 'base', schemaVersion: '1.0', content, targetCondition: '*', priority: 1 };

  it('are created, read, changed and removed', async () => {
    await registry.addConfiguration(base);
    const { responseBody: created } = await registry.getConfiguration('base');
    await registry.updateConfiguration({ ...created, priority: 2 });
    expect(await refusal(registry.updateConfiguration(created))).toBe('412 PreconditionFailed');
    await registry.updateConfiguration(created, true);
    expect((await registry.getConfigurations()).responseBody).toMatchObject([
      { id: 'base', priority: 1, etag: 'Mw==' },
    ]);
    await registry.removeConfiguration('base');
    expect(await refusal(registry.getConfiguration('base'))).toBe('404 ConfigurationNotFound');
  });

  it('may be applied to one edge device', async () => {
    await registry.create(edgeBody('edge-1'));
    await registry.create({ deviceId: 'leaf-1' });
    await registry.applyConfigurationContentOnDevice('edge-1', content);
    const { responseBody: modules } = await registry.getModulesOnDevice('edge-1');
    expect(modules.map(({ moduleId }) => moduleId)).toEqual(['$edgeAgent', '$edgeHub', 'filter']);
    expect(await refusal(registry.applyConfigurationContentOnDevice('leaf-1', content))).toBe('400 ArgumentInvalid');
  });
});

describe('import and export jobs', () => {
  it('take devices from one container, write what went wrong into another, and write all devices', async () => {
    const blobs = await startBlobService();
    onTestFinished(() => blobs.close());
    await blobs.makeContainer('input');
    await blobs.makeContainer('output');
    const line = JSON.stringify({ id: 'edge-1', importMode: 'create', status: 'enabled' });
    await fetch(blobs.url('input/devices.txt', 'cw'), {
      method: 'PUT',
      headers: { 'x-ms-blob-type': 'BlockBlob' },
      body: `${line}\n${line}\n`,
    });
    const job: ReturnType<typeof JSON.parse> = await registry.importDevicesFromBlob(
      blobs.url('input', 'r'),
      blobs.url('output', 'rwd'),
    );
    const status = async () => Reflect.get(await registry.getJob(job.jobId), 'status');
    await expect.poll(status).toBe('completed');
    expect(hub.registry.get('edge-1')).toBeDefined();
    expect(await (await fetch(blobs.url('output/importErrors.log', 'r'))).text()).toContain('"errorCode":409001');
    expect((await registry.listJobs()).responseBody).toMatchObject([{ jobId: job.jobId, progress: 100 }]);
    await registry.cancelJob(job.jobId); // It has ended.
    expect(await status()).toBe('completed');
    expect(await refusal(registry.cancelJob('nothing'))).toBe('404 JobNotFound');
    const byIdentity = registry.importDevicesFromBlobByIdentity('https://a.invalid/in', 'https://a.invalid/out');
    expect(await refusal(byIdentity)).toBe('400 BlobContainerValidationError');

    await registry.addModule({ deviceId: 'edge-1', moduleId: 'filter' });
    const exported = async (excludeKeys: boolean) => {
      const started: ReturnType<typeof JSON.parse> = await registry.exportDevicesToBlob(
        blobs.url('output', 'rwd'),
        excludeKeys,
      );
      const state = async () => Reflect.get(await registry.getJob(started.jobId), 'status');
      await expect.poll(state).toBe('completed');
      const text = await (await fetch(blobs.url('output/devices.txt', 'r'))).text();
      return text.trimEnd().split('\n');
    };
    const whole = await exported(false);
    expect(whole.map((each) => JSON.parse(each))).toMatchObject([{ id: 'edge-1' }, { moduleId: 'filter' }]);
    const [warning = '', ...bare] = await exported(true);
    expect(warning).not.toMatch(/^\{/);
    expect(bare.map((each) => JSON.parse(each).authentication.symmetricKey.primaryKey)).toEqual([null, null]);
    const unreachable = registry.exportDevicesToBlobByIdentity('https://a.invalid/out', false);
    expect(await refusal(unreachable)).toBe('400 BlobContainerValidationError');
  });
});

describe('the rest of the SDK', () => {
  it.each(Object.entries(omitted).map(([name, { reason, args }]) => ({ name, reason, args })))(
    '$name ($reason) is refused',
    async ({ name, args }) => {
      const method: unknown = Reflect.get(registry, name);
      if (typeof method !== 'function') expect.fail(`The SDK has no ${name}.`);
      await registry.create(edgeBody('edge-1'));
      expect(await refusal(method.apply(registry, args))).toBe('501 NotImplemented');
    },
  );

  it('is nothing: every call it has is made above, or named as omitted', () => {
    const public_ = Object.getOwnPropertyNames(Registry.prototype).filter((name) => !/^(_|constructor$)/.test(name));
    expect(public_.filter((name) => !called.has(name))).toEqual([]);
    expect(Object.keys(omitted).filter((name) => !public_.includes(name))).toEqual([]);
  });
});
