import { describe, expect, it } from 'vitest';
import { edgeBody } from '../devices/identities.ts';
import { hubInProcess, type InProcess } from '../in-process.ts';

/** A deployment that sets all of the agent's modules. */
function base(modules: object = {}, more: object = {}) {
  return {
    modulesContent: {
      $edgeAgent: { 'properties.desired': { schemaVersion: '1.1', modules } },
      $edgeHub: { 'properties.desired': { schemaVersion: '1.1', routes: {} } },
      ...more,
    },
  };
}

/** One that adds to it. */
function layer(name: string, image: string) {
  return {
    modulesContent: {
      $edgeAgent: { [`properties.desired.modules.${name}`]: { settings: { image } } },
      $edgeHub: { [`properties.desired.routes.${name}`]: `FROM /messages/modules/${name}/* INTO $upstream` },
      [name]: { 'properties.desired.interval': 5 },
    },
  };
}

async function put({ send }: InProcess, id: string, content: object, more: object = {}, etag?: string): Promise<void> {
  const body = { id, content, targetCondition: '*', ...more };
  const answer = await send('PUT', `/configurations/${id}`, body, etag);
  expect([answer.status, answer.body.Message]).toEqual([200, undefined]);
}

async function edge({ send }: InProcess, id: string, tags: object = {}): Promise<void> {
  await send('PUT', `/devices/${id}`, edgeBody(id));
  await send('PATCH', `/twins/${id}`, { tags });
}

async function desired({ send }: InProcess, id: string, module?: string) {
  const path = module === undefined ? `/twins/${id}` : `/twins/${id}/modules/${module}`;
  const { $metadata: _, $version: __, ...values } = (await send('GET', path)).body.properties.desired;
  return values;
}

async function counts({ send }: InProcess, id: string) {
  return (await send('GET', `/configurations/${id}`)).body.systemMetrics.results;
}

async function modules({ send }: InProcess, id: string): Promise<readonly string[]> {
  return (await send('GET', `/devices/${id}/modules`)).body.map(({ moduleId }: { moduleId: string }) => moduleId);
}

const none = { targetedCount: 0, appliedCount: 0, reportedSuccessfulCount: 0, reportedFailedCount: 0 };

describe('a deployment', () => {
  it('reaches the modules of the edge devices that it targets, and counts them', async () => {
    const hub = hubInProcess();
    await edge(hub, 'e1', { site: 'berlin' });
    await edge(hub, 'e2', { site: 'ulm' });
    await hub.send('PUT', '/devices/leaf', { deviceId: 'leaf' });
    await put(
      hub,
      'c',
      base({ filter: { settings: { image: 'f:1' } } }, { filter: { 'properties.desired': { a: 1 } } }),
      {
        targetCondition: "tags.site = 'berlin'",
      },
    );
    expect(await counts(hub, 'c')).toEqual({ ...none, targetedCount: 1, appliedCount: 1 });
    expect(await modules(hub, 'e1')).toEqual(['$edgeAgent', '$edgeHub', 'filter']);
    expect(await modules(hub, 'e2')).toEqual(['$edgeAgent', '$edgeHub']);
    expect(await desired(hub, 'e1', '$edgeAgent')).toEqual({
      schemaVersion: '1.1',
      modules: { filter: { settings: { image: 'f:1' } } },
    });
    expect(await desired(hub, 'e1', 'filter')).toEqual({ a: 1 });
    expect(await desired(hub, 'e2', '$edgeAgent')).toEqual({});
    const { body: twin } = await hub.send('GET', '/twins/e1/modules/filter');
    expect(twin).toMatchObject({
      etag: 'AAAAAAAAAAI=',
      configurations: { c: { status: 'Applied' } },
      properties: { desired: { $version: 2, $metadata: { a: { $lastUpdatedBy: 'c' } } } },
    });
  });

  it('is found by the queries of its own metrics', async () => {
    const hub = hubInProcess();
    for (const id of ['e1', 'e2', 'e3']) await edge(hub, id, { site: id === 'e3' ? 'ulm' : 'berlin' });
    await put(hub, 'c', base(), { targetCondition: "tags.site = 'berlin' OR deviceId = 'x'" });
    await report(hub, 'e1', 200);
    await report(hub, 'e2', 400);
    const { body } = await hub.send('GET', '/configurations/c');
    expect(body.systemMetrics.results).toEqual({
      targetedCount: 2,
      appliedCount: 2,
      reportedSuccessfulCount: 1,
      reportedFailedCount: 1,
    });
    for (const [name, query] of Object.entries(body.systemMetrics.queries)) {
      const rows = (await hub.send('POST', '/devices/query', { query })).body;
      expect([name, rows.length]).toEqual([name, body.systemMetrics.results[name]]);
    }
  });

  it('wins by priority, then by age; when it goes, the next one takes over, and the last leaves its modules', async () => {
    const hub = hubInProcess();
    await edge(hub, 'e1');
    await put(hub, 'low', base({ low: {} }), { priority: 1 });
    await put(hub, 'first', base({ first: {} }), { priority: 5 });
    await put(hub, 'second', base({ second: {} }), { priority: 5 });
    const running = async () => Object.keys((await desired(hub, 'e1', '$edgeAgent')).modules);
    expect(await running()).toEqual(['second']);
    expect(await modules(hub, 'e1')).toEqual(['$edgeAgent', '$edgeHub', 'second']);
    expect((await hub.send('GET', '/twins/e1/modules/$edgeAgent')).body.configurations).toEqual({
      second: { status: 'Applied' },
      first: { status: 'Targeted' },
      low: { status: 'Targeted' },
    });
    expect([await counts(hub, 'first'), await counts(hub, 'second')]).toEqual([
      { ...none, targetedCount: 1 },
      { ...none, targetedCount: 1, appliedCount: 1 },
    ]);
    await put(hub, 'low', base(), { priority: 6 }, '*');
    expect(await running()).toEqual(['low']);
    await hub.send('DELETE', '/configurations/low');
    expect(await running()).toEqual(['second']);
    await hub.send('DELETE', '/configurations/second');
    expect(await running()).toEqual(['first']);
    await hub.send('DELETE', '/configurations/first');
    expect(await running()).toEqual(['first']);
    expect(await modules(hub, 'e1')).toEqual(['$edgeAgent', '$edgeHub', 'first']);
    expect((await hub.send('GET', '/twins/e1/modules/$edgeAgent')).body.configurations).toBeUndefined();
  });

  it('is layered: those above the base add to it, the stronger one over the weaker', async () => {
    const hub = hubInProcess();
    await edge(hub, 'e1');
    await put(hub, 'base', base({ a: { settings: { image: 'a:1' } } }), { priority: 1 });
    await put(hub, 'below', layer('b', 'b:0'), { priority: 0 });
    await put(hub, 'weaker', layer('b', 'b:1'), { priority: 2 });
    await put(hub, 'stronger', layer('b', 'b:2'), { priority: 3 });
    expect((await desired(hub, 'e1', '$edgeAgent')).modules).toEqual({
      a: { settings: { image: 'a:1' } },
      b: { settings: { image: 'b:2' } },
    });
    expect(await desired(hub, 'e1', '$edgeHub')).toEqual({
      schemaVersion: '1.1',
      routes: { b: 'FROM /messages/modules/b/* INTO $upstream' },
    });
    expect(await desired(hub, 'e1', 'b')).toEqual({ interval: 5 });
    const applied = async (id: string) => (await counts(hub, id)).appliedCount;
    expect([await applied('base'), await applied('below'), await applied('weaker'), await applied('stronger')]).toEqual(
      [1, 0, 1, 1],
    );
    await hub.send('DELETE', '/configurations/base');
    expect([await applied('weaker'), (await counts(hub, 'weaker')).targetedCount]).toEqual([0, 1]);
    expect((await desired(hub, 'e1', '$edgeAgent')).modules.b).toEqual({ settings: { image: 'b:2' } });
  });

  it('writes a twin only where it changes something, and replaces what was set by hand', async () => {
    const hub = hubInProcess();
    await edge(hub, 'e1');
    await put(hub, 'c', base({ a: {} }));
    const version = async () =>
      (await hub.send('GET', '/twins/e1/modules/$edgeAgent')).body.properties.desired.$version;
    expect(await version()).toBe(2);
    await put(hub, 'c', base(), { labels: { a: 'b' } }, '*');
    await hub.send('PATCH', '/twins/e1', { tags: { x: 1 } });
    expect(await version()).toBe(2);
    await hub.send('PATCH', '/twins/e1/modules/$edgeAgent', { properties: { desired: { modules: { b: {} } } } });
    expect(await version()).toBe(4);
    expect((await desired(hub, 'e1', '$edgeAgent')).modules).toEqual({ a: {} });
    await hub.send('POST', '/devices/e1/applyConfigurationContent', base({ b: {} }));
    expect((await desired(hub, 'e1', '$edgeAgent')).modules).toEqual({ a: {} });
    expect(await modules(hub, 'e1')).toEqual(['$edgeAgent', '$edgeHub', 'a']);
  });

  it('finds devices that come, change their tags, and go', async () => {
    const hub = hubInProcess();
    await put(hub, 'c', base(), { targetCondition: 'tags.on' });
    expect(await counts(hub, 'c')).toEqual(none);
    await edge(hub, 'e1', { on: true });
    await edge(hub, 'e2', { on: false });
    const targeted = async () => (await counts(hub, 'c')).targetedCount;
    expect(await targeted()).toBe(1);
    await hub.send('PATCH', '/twins/e2', { tags: { on: true } });
    expect(await targeted()).toBe(2);
    await hub.send('PUT', '/devices/e2', { deviceId: 'e2' }, '*'); // No edge device any longer.
    expect(await targeted()).toBe(1);
    await hub.send('DELETE', '/devices/e1', undefined, '*');
    expect(await targeted()).toBe(0);
  });
});

async function report({ send }: InProcess, id: string, code: number, version?: number): Promise<void> {
  const { body } = await send('GET', `/twins/${id}/modules/$edgeAgent`);
  const lastDesiredVersion = version ?? body.properties.desired.$version;
  const reported = { lastDesiredVersion, lastDesiredStatus: { code } };
  expect((await send('PATCH', `/_emulator/reported/${id}/modules/$edgeAgent`, reported)).status).toBe(204);
}

describe('a test that acts as the agent', () => {
  it('reports success, failure, and nothing for an earlier version', async () => {
    const hub = hubInProcess();
    for (const id of ['e1', 'e2', 'e3']) await edge(hub, id);
    await put(hub, 'c', base());
    await report(hub, 'e1', 200);
    await report(hub, 'e2', 406);
    await report(hub, 'e3', 200, 1);
    expect(await counts(hub, 'c')).toEqual({
      targetedCount: 3,
      appliedCount: 3,
      reportedSuccessfulCount: 1,
      reportedFailedCount: 1,
    });
    await report(hub, 'e2', 200);
    expect(await counts(hub, 'c')).toMatchObject({ reportedSuccessfulCount: 2, reportedFailedCount: 0 });
  });

  it('changes the reported part of the twin, and not its etag', async () => {
    const hub = hubInProcess();
    await hub.send('PUT', '/devices/d', { deviceId: 'd' });
    const before = (await hub.send('GET', '/twins/d')).body;
    await hub.send('PATCH', '/_emulator/reported/d', { a: { b: 1 }, c: 2 });
    await hub.send('PATCH', '/_emulator/reported/d', { c: null });
    const { body } = await hub.send('GET', '/twins/d');
    expect(body).toMatchObject({
      etag: before.etag,
      version: before.version + 2,
      properties: { desired: { $version: 1 } },
    });
    expect(body.properties.reported).toMatchObject({ a: { b: 1 }, $version: 3 });
    expect(body.properties.reported.c).toBeUndefined();
    await hub.send('PATCH', '/twins/d', { tags: { x: 1 } });
    expect((await hub.send('GET', '/twins/d')).body.properties.reported).toEqual(body.properties.reported);
    expect((await hub.send('PATCH', '/_emulator/reported/nobody', {})).status).toBe(404);
  });
});

describe('a configuration of devices', () => {
  it('sets its places beside what others have set, the stronger over the weaker, and takes them away again', async () => {
    const hub = hubInProcess();
    await hub.send('PUT', '/devices/d', { deviceId: 'd' });
    await hub.send('PATCH', '/twins/d', { properties: { desired: { mine: 1, deep: { mine: 2 } } } });
    await put(
      hub,
      'weak',
      { deviceContent: { 'properties.desired.deep.a': 'weak', 'properties.desired.b': 'weak' } },
      { priority: 1 },
    );
    await put(hub, 'strong', { deviceContent: { 'properties.desired.deep.a': 'strong' } }, { priority: 2 });
    expect(await desired(hub, 'd')).toEqual({ mine: 1, deep: { mine: 2, a: 'strong' }, b: 'weak' });
    expect((await hub.send('GET', '/twins/d')).body.configurations).toEqual({
      strong: { status: 'Applied' },
      weak: { status: 'Applied' },
    });
    expect(await counts(hub, 'weak')).toEqual({ targetedCount: 1, appliedCount: 1 });
    await hub.send('DELETE', '/configurations/strong');
    expect(await desired(hub, 'd')).toEqual({ mine: 1, deep: { mine: 2, a: 'weak' }, b: 'weak' });
    await put(hub, 'weak', { deviceContent: {} }, { targetCondition: '' }, '*');
    expect(await desired(hub, 'd')).toEqual({ mine: 1, deep: { mine: 2 } });
    expect(await counts(hub, 'weak')).toEqual({ targetedCount: 0, appliedCount: 0 });
  });
});

describe('a configuration of modules', () => {
  it('sets desired properties of the modules that it selects', async () => {
    const hub = hubInProcess();
    await hub.send('PUT', '/devices/d', { deviceId: 'd' });
    for (const moduleId of ['m', 'n'])
      await hub.send('PUT', `/devices/d/modules/${moduleId}`, { deviceId: 'd', moduleId });
    await put(
      hub,
      'c',
      { moduleContent: { 'properties.desired.a': 1 } },
      { targetCondition: "FROM devices.modules WHERE moduleId = 'm'" },
    );
    expect([await desired(hub, 'd', 'm'), await desired(hub, 'd', 'n')]).toEqual([{ a: 1 }, {}]);
    expect(await counts(hub, 'c')).toEqual({ targetedCount: 1, appliedCount: 1 });
    await hub.send('DELETE', '/configurations/c');
    expect(await desired(hub, 'd', 'm')).toEqual({});
  });
});

describe('applyConfigurationContent', () => {
  it('makes and removes modules as the Azure CLI finds them, and refuses what is no edge device', async () => {
    const hub = hubInProcess();
    await edge(hub, 'e1');
    await hub.send('PUT', '/devices/e1/modules/own', { deviceId: 'e1', moduleId: 'own' });
    const apply = async (content: object) =>
      (await hub.send('POST', '/devices/e1/applyConfigurationContent', content)).status;
    expect(await apply(base({ a: {} }, { a: { 'properties.desired': { x: 1 } } }))).toBe(204);
    expect(await modules(hub, 'e1')).toEqual(['$edgeAgent', '$edgeHub', 'own', 'a']);
    expect(await apply(base({ b: {} }, { c: {} }))).toBe(204);
    expect(await modules(hub, 'e1')).toEqual(['$edgeAgent', '$edgeHub', 'own', 'b', 'c']);
    expect(await apply(layer('d', 'd:1'))).toBe(204);
    expect((await desired(hub, 'e1', '$edgeAgent')).modules).toEqual({ b: {}, d: { settings: { image: 'd:1' } } });
    expect(await apply({ deviceContent: {} })).toBe(400);
    await hub.send('PUT', '/devices/leaf', { deviceId: 'leaf' });
    const refused = await hub.send('POST', '/devices/leaf/applyConfigurationContent', base());
    expect([refused.status, refused.body.Message]).toEqual([
      400,
      expect.stringContaining('Not an Azure IoT Edge device'),
    ]);
    expect((await hub.send('POST', '/devices/nobody/applyConfigurationContent', base())).status).toBe(404);
  });
});

describe('evaluation', () => {
  it('waits for its lag, and counts nothing before', async () => {
    const hub = hubInProcess({ lagMs: 1000 });
    await edge(hub, 'e1', { on: true });
    await put(hub, 'c', base({ a: {} }), {
      targetCondition: 'tags.on',
      metrics: { queries: { m: 'SELECT * FROM devices' } },
    });
    const read = async () => (await hub.send('GET', '/configurations/c')).body;
    expect(await read()).toMatchObject({ systemMetrics: { results: {} }, metrics: { results: {} } });
    hub.now += 999;
    expect(await desired(hub, 'e1', '$edgeAgent')).toEqual({});
    hub.now += 1;
    expect(await read()).toMatchObject({
      systemMetrics: { results: { targetedCount: 1 } },
      metrics: { results: { m: 1 } },
    });
    await hub.send('PATCH', '/twins/e1', { tags: { on: false } });
    expect((await counts(hub, 'c')).targetedCount).toBe(1);
    hub.now += 1000;
    expect((await counts(hub, 'c')).targetedCount).toBe(0);
  });

  it('of a changed condition leaves the other devices as they are', async () => {
    const hub = hubInProcess();
    for (const id of ['e1', 'e2', 'e3']) await edge(hub, id, { n: Number(id[1]) });
    await put(hub, 'c', base(), { targetCondition: 'tags.n <= 2' });
    await put(hub, 'd', base(), { targetCondition: 'tags.n = 3', priority: 9 });
    const targeted = async () => [(await counts(hub, 'c')).targetedCount, (await counts(hub, 'd')).targetedCount];
    expect(await targeted()).toEqual([2, 1]);
    await put(hub, 'c', base(), { targetCondition: 'tags.n >= 2' }, '*');
    expect(await targeted()).toEqual([2, 1]);
    expect((await hub.send('GET', '/twins/e3/modules/$edgeAgent')).body.configurations).toEqual({
      d: { status: 'Applied' },
      c: { status: 'Targeted' },
    });
    expect((await hub.send('GET', '/twins/e1/modules/$edgeAgent')).body.configurations).toBeUndefined();
  });
});
