import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import { readConnectionStrings } from '../../src/hub/connection-string.ts';
import { openRegistry } from '../../src/hub/registry.ts';
import { idOf } from '../../src/model/registry.ts';
import { create, deviceId, thumbprint } from '../hub/devices.ts';
import { startBlobService } from '../support/blob-service.ts';
import { describeNeeding } from '../support/needing.ts';
import { call, stockRegistry } from './clients.ts';
import { resembling } from './conversation.ts';
import { edgeBody } from './devices/identities.ts';
import { containerOf, wantedJob } from './jobs/imports.ts';
import { type Exchange, type Recorder, startRecorder } from './recorder.ts';
import { swaggerChecker, type Violation } from './swagger.ts';

const file = join(import.meta.dirname, '../../../shared/reference/iothub/swagger-2021-04-12.json');

interface Deviation {
  readonly name: string;
  readonly covers: (violation: Violation) => boolean;
}

const deviceJobNames =
  /^\/\d+\/(jobId|jobType|status|startTimeUtc|endTimeUtc|createdDateTimeUtc|lastUpdatedDateTimeUtc|outcome|error)$/;

/** Where real answers and clients are known to differ from the description. One that nothing needs any longer fails. */
const deviations: readonly Deviation[] = [
  {
    name: 'statusReason is null where there is none',
    covers: ({ side, path, value }) => side === 'answer' && /\/statusReason$/.test(path) && value === null,
  },
  {
    name: 'managedBy is null where nobody manages a module',
    covers: ({ side, path, value }) => side === 'answer' && /\/managedBy$/.test(path) && value === null,
  },
  {
    name: 'thumbprints and keys are null where there are none',
    covers: ({ side, path, value }) =>
      side === 'answer' && /\/(primary|secondary)(Thumbprint|Key)$/.test(path) && value === null,
  },
  {
    name: 'times in the answer to a creation have no zone',
    covers: ({ side, operation, keyword, value }) =>
      side === 'answer' && operation.startsWith('PUT') && keyword === 'format' && value === '0001-01-01T00:00:00',
  },
  ...[401, 404, 405, 409, 412].map((refusal) => ({
    name: `no refusal by ${refusal} is described`,
    covers: ({ keyword, status }: Violation) => keyword === 'status' && status === refusal,
  })),
  {
    name: 'the SDK writes importMode with a capital',
    covers: ({ side, path, value }) =>
      side === 'request' && /\/importMode$/.test(path) && /^(Update|Delete)IfMatchETag$/.test(String(value)),
  },
  {
    name: 'a value of a twin may be a number or a text, and $version is one; only objects are described',
    covers: ({ side, path, keyword }) =>
      side === 'answer' && keyword === 'type' && /\/(desired|reported|tags)\//.test(path),
  },
  {
    name: 'a job says whether it used a secondary storage (recorded)',
    covers: ({ side, path }) => side === 'answer' && /\/useSecondaryStorageAsSource$/.test(path),
  },
  {
    name: 'a twin names its model from 2020-05-31 on',
    covers: ({ side, path, value }) => side === 'answer' && /\/modelId$/.test(path) && value === '',
  },
  {
    name: 'jobs on queries come as a list, with the token in a header; an object with both is described',
    covers: ({ side, operation, keyword }) =>
      side === 'answer' && operation === 'GET /jobs/v2/query' && keyword === 'type',
  },
  {
    name: 'rows of devices.jobs are no twins (documented: query-jobs)',
    covers: ({ side, operation, path }) =>
      side === 'answer' && operation === 'POST /devices/query' && deviceJobNames.test(path),
  },
  {
    name: 'a twin names the configurations that target it (recorded)',
    covers: ({ side, path, operation }) =>
      side === 'answer' && /^\w+ \/twins/.test(operation) && path === '/configurations',
  },
  {
    name: 'schemaVersion and labels of a configuration are null where there are none (recorded)',
    covers: ({ side, path, value }) => side === 'answer' && /\/(schemaVersion|labels)$/.test(path) && value === null,
  },
  {
    name: 'a configuration sets a number or a text; only objects are described (recorded)',
    covers: ({ side, path, keyword }) => side === 'answer' && keyword === 'type' && /\/deviceContent\//.test(path),
  },
  {
    name: 'errorCode is a number in a bulk answer',
    covers: ({ side, path, value }) => side === 'answer' && /\/errorCode$/.test(path) && typeof value === 'number',
  },
];

let hub: EmbeddedHub;
let recorder: Recorder;

beforeAll(async () => {
  hub = await startHub();
  recorder = await startRecorder(hub);
});
afterAll(async () => {
  await recorder.close();
  await hub.close();
});

/** The calls that `act` makes, on an empty hub. */
async function recorded(act: () => Promise<void>): Promise<readonly Exchange[]> {
  for (const device of hub.registry.all()) hub.registry.remove(device.deviceId);
  const before = recorder.exchanges.length;
  await act();
  return recorder.exchanges.slice(before);
}

/** Everything that our client asks of a hub, with good and with bad answers. */
async function ourClient(): Promise<void> {
  const [credential] = readConnectionStrings(recorder.connectionStrings.iothubowner!);
  const registry = await openRegistry(credential!, { userAgent: 'provision-iot-edge/test', ca: recorder.ca });
  try {
    const fleet = Array.from({ length: 40 }, (_, at) => create(`edge-${at}`));
    await registry.write(fleet);
    await registry.write([create('edge-0'), create('edge-new')]); // One conflict.
    const found = await registry.readOne(deviceId('edge-0'));
    await registry.readOne(deviceId('nobody'));
    const { etag, ...registration } = found!;
    const thumbprints = { primary: thumbprint('C'), secondary: thumbprint('D') };
    const update = {
      mode: 'update',
      etag,
      registration: { ...registration, status: 'disabled', thumbprints },
    } as const;
    await registry.write([update]);
    await registry.write([update]); // With an etag that has gone stale.
    await registry.read([deviceId('edge-0')]);
    await registry.read(fleet.map(idOf));
    await registry.readEdgeDevices();
  } finally {
    registry.close();
  }
}

/** The other calls of the registry, by the stock SDK; what it has no call for by hand. */
async function otherClients(): Promise<void> {
  const registry = stockRegistry(recorder);
  const quietly = (promise: Promise<unknown>) => promise.catch(() => {});
  try {
    const { responseBody: created } = await registry.create(edgeBody('edge-1'));
    await registry.create({ deviceId: 'leaf-1' });
    await quietly(registry.create({ deviceId: 'leaf-1' }));
    await registry.update({ ...created, status: 'enabled', statusReason: 'found' });
    await registry.list();
    await registry.addDevices([edgeBody('edge-2'), edgeBody('edge-3')]);
    const { responseBody: listed } = await registry.list();
    await registry.updateDevices(listed, true);
    await quietly(registry.updateDevices(listed, false)); // Their etags are stale by now.
    await quietly(registry.removeDevices(listed, false));
    await registry.createQuery('SELECT * FROM devices', 2).next();
    await registry.getTwin('edge-1');
    await registry.updateTwin('edge-1', { tags: { site: { name: 'berlin' } } }, '*');
    await registry.addModule({ deviceId: 'edge-1', moduleId: 'filter' });
    const { responseBody: filter } = await registry.getModule('edge-1', 'filter');
    await registry.updateModule(filter);
    await registry.getModulesOnDevice('edge-1');
    await registry.removeModule('edge-1', 'filter');
    await registry.removeDevices(hub.registry.all().slice(1), true);
    await registry.delete('edge-1');
    await quietly(registry.get('edge-1'));
  } finally {
    registry.close();
  }
  await importAndExport();
  await jobsOnQueries();
  await methodsAndDevices();
  await configurations();
  await call(recorder, 'PUT', '/devices/d', { body: { deviceId: 'd' } });
  await call(recorder, 'PUT', '/devices/d', { body: { deviceId: 'd' }, headers: { 'if-match': '"MQ=="' } });
  await call(recorder, 'DELETE', '/devices/d', { headers: { 'if-match': '"MQ=="' } });
  await call(recorder, 'GET', '/devices?top=1');
  await call(recorder, 'GET', '/devices/d', { headers: { authorization: 'none' } });
}

/** Deployments to an edge device, and configurations of devices, with good and with bad answers. */
async function configurations(): Promise<void> {
  await call(recorder, 'PUT', '/devices/edge', { body: edgeBody('edge') });
  const modulesContent = { $edgeAgent: { 'properties.desired': { modules: { m: { type: 'docker' } } } } };
  const base = {
    id: 'base',
    content: { modulesContent },
    targetCondition: '*',
    metrics: { queries: { all: 'SELECT * FROM devices' } },
  };
  const plain = {
    id: 'plain',
    content: { deviceContent: { 'properties.desired.a': 1 } },
    targetCondition: 'tags.a',
    labels: { a: 'b' },
  };
  await call(recorder, 'PUT', '/configurations/base', { body: base });
  await call(recorder, 'PUT', '/configurations/plain', { body: plain });
  await call(recorder, 'PUT', '/configurations/plain', { body: plain });
  await call(recorder, 'PUT', '/configurations/plain', { body: plain, headers: { 'if-match': '"Mg=="' } });
  await call(recorder, 'PUT', '/configurations/plain', {
    body: { ...plain, priority: 2 },
    headers: { 'if-match': '*' },
  });
  await call(recorder, 'GET', '/configurations/base');
  await call(recorder, 'GET', '/configurations?top=2');
  await call(recorder, 'GET', '/twins/edge/modules/$edgeAgent');
  const queries = { targetCondition: 'tags.a =', customMetricQueries: { bad: 'SELEC' } };
  await call(recorder, 'POST', '/configurations/testQueries', { body: queries });
  await call(recorder, 'POST', '/devices/edge/applyConfigurationContent', { body: { modulesContent } });
  await call(recorder, 'DELETE', '/configurations/base');
  await call(recorder, 'DELETE', '/configurations/plain', { headers: { 'if-match': '*' } });
  await call(recorder, 'GET', '/configurations/plain');
}

/** Jobs from their creation to their end; then one that is not there. */
async function importAndExport(): Promise<void> {
  const blobs = await startBlobService();
  try {
    const container = await containerOf(blobs, ['{"id":"imported","status":"enabled"}']);
    const { json } = await call(recorder, 'POST', '/jobs/create', { body: wantedJob(container) });
    await expect.poll(() => hub.registry.get('imported')).toBeDefined();
    await call(recorder, 'GET', `/jobs/${json.jobId}`);
    await call(recorder, 'GET', '/jobs');
    await call(recorder, 'DELETE', `/jobs/${json.jobId}`);
    await call(recorder, 'DELETE', '/jobs/nothing');
    const body = { type: 'export', outputBlobContainerUri: container.uri('rwd'), excludeKeysInExport: true };
    await expect.poll(async () => (await call(recorder, 'POST', '/jobs/create', { body })).status).toBe(200);
  } finally {
    await blobs.close();
  }
}

async function jobsOnQueries(): Promise<void> {
  const common = { queryCondition: '*', maxExecutionTimeInSeconds: 60 };
  const updateTwin = { etag: '*', tags: { site: { name: 'essen' } } };
  const cloudToDeviceMethod = { methodName: 'reboot', payload: {}, responseTimeoutInSeconds: 30 };
  const startTime = new Date(Date.now() + 3_600_000).toISOString();
  const jobs = {
    twins: { ...common, type: 'scheduleUpdateTwin', updateTwin },
    methods: { ...common, type: 'scheduleDeviceMethod', cloudToDeviceMethod },
    later: { ...common, type: 'scheduleUpdateTwin', updateTwin, startTime },
    wrong: { ...common, type: 'scheduleUpdateTwin', updateTwin, queryCondition: '==' },
  };
  for (const [jobId, job] of Object.entries(jobs)) {
    await call(recorder, 'PUT', `/jobs/v2/${jobId}`, { body: { jobId, ...job } });
  }
  const read = async (id: string) => (await call(recorder, 'GET', `/jobs/v2/${id}`)).json.status;
  await expect.poll(() => read('methods')).toBe('completed');
  for (const id of ['wrong', 'nothing']) await read(id);
  await call(recorder, 'POST', '/jobs/v2/later/cancel');
  await call(recorder, 'POST', '/jobs/v2/later/cancel');
  await call(recorder, 'POST', '/jobs/v2/nothing/cancel');
  await call(recorder, 'GET', '/jobs/v2/query?jobType=scheduleUpdateTwin&jobStatus=completed');
  await call(recorder, 'POST', '/devices/query', { body: { query: 'SELECT * FROM devices.jobs' } });
}

/** Direct methods, and module identities of a device that is disabled. */
async function methodsAndDevices(): Promise<void> {
  hub.registry.put(edgeBody('off', { status: 'disabled' }));
  const method = { body: { methodName: 'reboot', payload: {}, responseTimeoutInSeconds: 30 } };
  await call(recorder, 'POST', '/twins/off/methods', method);
  await call(recorder, 'POST', '/twins/off/modules/$edgeAgent/methods', method);
  await call(recorder, 'GET', '/devices/off/modules');
}

describeNeeding(['../shared/reference'], "the service's own description, swagger 2021-04-12", () => {
  it('is met by all calls and answers but for the deviations that are named', async () => {
    const check = swaggerChecker(JSON.parse(readFileSync(file, 'utf8')));
    const ours = (await recorded(ourClient)).flatMap(check);
    // How other clients ask is theirs to say; what they are answered is the hub's.
    const others = (await recorded(otherClients)).flatMap(check).filter(({ side }) => side === 'answer');
    const violations = [...ours, ...others];
    const covering = (violation: Violation) => deviations.find(({ covers }) => covers(violation));
    expect(violations.filter((violation) => covering(violation) === undefined)).toEqual([]);
    const needed = new Set(violations.map(covering));
    expect(deviations.filter((deviation) => !needed.has(deviation)).map(({ name }) => name)).toEqual([]);
  });

  it('is one that finds what is wrong', async () => {
    const check = swaggerChecker(JSON.parse(readFileSync(file, 'utf8')));
    const [good] = await recorded(async () => {
      await call(recorder, 'POST', '/devices', { body: [{ id: 'd', importMode: 'create' }] });
    });
    const found = (change: Partial<Exchange>) =>
      check({ ...good!, ...change }).map(({ side, path, keyword }) => `${side} ${path} ${keyword}`);
    expect(found({})).toEqual([]);
    expect(found({ query: {} })).toEqual(['request /api-version required']);
    expect(found({ query: { ...good!.query, more: '1' } })).toEqual(['request /more additionalProperties']);
    expect(found({ body: [{ id: 1 }] })).toEqual(['request /0/id type']);
    expect(found({ body: [{ device: 'd' }] })).toEqual(['request /0/device additionalProperties']);
    expect(found({ answer: { isSuccessful: 'yes' } })).toEqual(['answer /isSuccessful type']);
    expect(found({ status: 207 })).toEqual(['answer  status']);
    expect(() => found({ path: '/nowhere' })).toThrow('not in the description');
  });
});

it('our client asks in the words that are written down (fixtures/client.json)', async () => {
  const written = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures/client.json'), 'utf8'));
  const asked = (await recorded(ourClient)).map(({ method, path, query, headers, body }) => ({
    method,
    path,
    query,
    headers: Object.fromEntries(telling.flatMap((name) => (name in headers ? [[name, headers[name]]] : []))),
    // The long list of devices is more of the same.
    body: Array.isArray(body) ? body.slice(0, 2) : body,
  }));
  const found: unknown = JSON.parse(JSON.stringify(asked));
  expect(resembling(written, found, new Map())).toEqual(written);
});

const telling = ['content-type', 'if-match', 'x-ms-max-item-count', 'x-ms-continuation', 'authorization', 'user-agent'];
