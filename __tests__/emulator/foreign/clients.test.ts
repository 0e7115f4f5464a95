import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { serviceClientForJava } from '../../support/java.ts';
import { describeNeeding } from '../../support/needing.ts';
import { pythonWithSdk } from '../../support/python.ts';
import { isThere, type Tool } from '../../support/tools.ts';
import { documentedCalls } from '../documented-calls.ts';
import { type Told, throughTheDoor } from './door.ts';

const here = (name: string) => join(import.meta.dirname, name);
const withBlobs = [process.execPath, here('with-blobs.ts')];
const inJava =
  'keytool -importcert -noprompt -alias hub -file "$IOTHUB_CA_FILE" -keystore hub.p12 -storepass changeit 2>&- && ' +
  'exec java -Djavax.net.ssl.trustStore=hub.p12 -Djavax.net.ssl.trustStorePassword=changeit -XX:TieredStopAtLevel=1 -cp "$0" "$1"';

const clients = ['java', 'node', 'python'] as const;
type Client = (typeof clients)[number];

const own: readonly Tool[] = ['rights of root', 'a network of its own'];
const tools: Readonly<Record<Client, readonly Tool[]>> = {
  node: own,
  python: [...own, 'python3 with venv, azure-iot-hub of PyPI'],
  java: [...own, 'JDK with Maven, iot-service-client of Maven Central'],
};

const begun = new Map<Client, Promise<Told>>();

/** Runs a client once, whatever asks for it. They run at the same time. */
function toldTo(client: Client): Promise<Told> {
  const told = begun.get(client) ?? throughTheDoor(command[client]());
  begun.set(client, told);
  return told;
}

beforeAll(() => {
  const possible = clients.filter((client) => tools[client].every(isThere));
  // A failure is told by the test that asks for it.
  for (const client of possible) toldTo(client).catch(() => {});
});

const command: Readonly<Record<Client, () => readonly string[]>> = {
  node: () => [...withBlobs, process.execPath, here('stock-registry.ts')],
  python: () => [pythonWithSdk() ?? '', here('service.py')],
  java: () => [...withBlobs, 'sh', '-c', inJava, serviceClientForJava() ?? '', here('ServiceClient.java')],
};

/** What each call was told, in short. */
async function answers(client: Client): Promise<Readonly<Record<string, ReturnType<typeof JSON.parse>>>> {
  return (await toldTo(client)).told;
}

const thumbprints = { primaryThumbprint: '1F'.repeat(20), secondaryThumbprint: '2E'.repeat(20) };
const isEdge = { deviceId: 'edge-1', capabilities: { iotEdge: true } };

describeNeeding(tools.node, "Microsoft's registry client for Node, as shipped", () => {
  it('makes all its calls', async () => {
    expect(await answers('node')).toMatchObject({
      missed: [],
      create: { ...isEdge, authentication: { type: 'selfSigned', x509Thumbprint: thumbprints } },
      'create again': '409',
      get: isEdge,
      update: { ...isEdge, statusReason: 'moved' },
      addDevices: { isSuccessful: true },
      updateDevices: { isSuccessful: true },
      list: ['edge-1', 'edge-2', 'edge-3'],
      removeDevices: { isSuccessful: true },
      getRegistryStatistics: { totalDeviceCount: 2 },
      getTwin: { deviceId: 'edge-1', statusReason: 'moved' },
      updateTwin: { tags: { line: '4' } },
      createQuery: 1,
      addModule: { deviceId: 'edge-1', moduleId: 'filter' },
      getModule: { deviceId: 'edge-1', moduleId: 'filter' },
      updateModule: { managedBy: 'us' },
      getModulesOnDevice: ['$edgeAgent', '$edgeHub', 'filter'],
      getModuleTwin: { deviceId: 'edge-1', moduleId: 'filter' },
      updateModuleTwin: { properties: { desired: { limit: 7 } } },
      addConfiguration: { id: 'rollout-1', priority: 5, targetCondition: "tags.line = '4'" },
      'addConfiguration again': '409',
      getConfiguration: { id: 'rollout-1', content: { modulesContent: { $edgeAgent: {} } } },
      getConfigurations: [{ id: 'rollout-1' }],
      updateConfiguration: { priority: 7 },
      'updateConfiguration by force': { priority: 9 },
      'getConfiguration of none': '404',
      importDevicesFromBlob: 'completed',
      importDevicesFromBlobByIdentity: '400',
      exportDevicesToBlob: 'completed',
      exportDevicesToBlobByIdentity: '400',
      listJobs: 2,
      getJob: '404',
    });
    for (const call of [
      'cancelJob',
      'removeConfiguration',
      'applyConfigurationContentOnDevice',
      'removeModule',
      'delete',
    ]) {
      expect((await answers('node'))[call], call).toBeFalsy(); // No refusal and no body: 204.
    }
  });
});

describeNeeding(tools.python, 'the Python service SDK, as shipped', () => {
  it('counts, deploys, schedules and calls methods', async () => {
    expect(await answers('python')).toMatchObject({
      'service statistics': { connected_device_count: 0 },
      devices: ['edge-1'],
      create: { id: 'rollout-1', priority: 5, labels: { site: 'berlin' } },
      'create again': 409,
      get: { target_condition: "tags.line = '4'" },
      list: ['rollout-1'],
      update: { priority: 7 },
      test: {},
      'test of nonsense': { target_condition_error: expect.any(String) },
      'get of none': 404,
      'twin job': 'scheduleUpdateTwin',
      'twin job, later': 'completed',
      tags: { line: '4', floor: '2' },
      'method job': 'scheduleDeviceMethod',
      'method job, cancelled': 'cancelled',
      'import and export jobs': 0,
      method: 404,
      "module's method": 404,
      modules: true,
    });
  });
});

describeNeeding(tools.java, "Microsoft's service client for Java, as shipped", () => {
  const device = { id: 'edge-1', edge: true, type: 'selfSigned', thumbprints: Object.values(thumbprints) };

  it('makes at least 24 kinds of calls', async () => {
    const told = await answers('java');
    expect(told).toMatchObject({
      addDevice: { ...device, status: 'Enabled', scope: expect.stringMatching(/^ms-azure-iot-edge:\/\/edge-1-\d+$/) },
      'addDevice again': 'IotHubConflictException Conflict',
      'addDevice with keys': expect.any(Number),
      getDevice: device,
      'getDevice of none': 'IotHubNotFoundException NotFound',
      updateDevice: { ...device, status: 'Disabled' },
      'updateDevice back': { ...device, status: 'Enabled' },
      getStatistics: 2,
      addModule: 'filter',
      getModule: 'edge-1',
      getModulesOnDevice: ['$edgeAgent', '$edgeHub', 'filter'],
      updateModule: 'a2V5'.repeat(8),
      'twin get': 'edge-1',
      'twin patch': ['berlin', 2],
      'twin patch by an old etag': 'IotHubPreconditionFailedException PreconditionFailed',
      'twin replace': '{"line":"4"}',
      'module twin get': 'filter',
      'module twin patch': 7,
      'module twin replace': ['on'],
      queryTwins: 'edge-1',
      queryRaw: ['edge-1', 'leaf-1'],
      'queryRaw of nonsense': 'IotHubBadFormatException BadFormat',
      queryJobs: false,
      'configuration create': 5,
      'configuration create again': 'IotHubConflictException Conflict',
      'configuration get': "tags.line = '4'",
      'configurations get': 1,
      'configuration replace': 7,
      'configuration delete': 'deleted',
      'configuration get of none': 'IotHubNotFoundException NotFound',
      applyConfigurationContentOnDevice: 'applied',
      invoke: expect.stringMatching(/^IotHubNotFoundException |DeviceNotOnline/),
      'invoke on a module': expect.stringMatching(/^IotHubNotFoundException |DeviceNotOnline/),
      scheduleUpdateTwin: 'scheduleUpdateTwin',
      'scheduled job': 'completed',
      'tags by the job': '2',
      scheduleDirectMethod: 'scheduleDeviceMethod',
      'cancel of a scheduled job': 'cancelled',
      'query of scheduled jobs': true,
      importDevices: 'COMPLETED',
      'getDevice after the import': 'imported-1',
      exportDevices: 'COMPLETED',
      'getJob of none': 'IotHubNotFoundException NotFound',
      removeModule: 2,
      removeDevice: 0,
    });
    expect(Object.keys(told).length).toBeGreaterThan(24);
  });
});

const everyTool = [...new Set([...tools.node, ...tools.python, ...tools.java])];

describeNeeding(everyTool, 'the table of calls in docs/embedded-hub.md', () => {
  const documented = documentedCalls('What it answers');
  let carriedOut: ReadonlySet<string>;

  beforeAll(async () => {
    const all = await Promise.all(clients.map(toldTo));
    carriedOut = new Set(all.flatMap((one) => [...one.carriedOut]));
  });

  it.each(documented)('%s is carried out for a client that is not ours', (route) => {
    if (!(route in recorded)) expect([...carriedOut]).toContain(route);
  });

  it('has every call that they made', () => {
    expect([...carriedOut].filter((route) => !documented.includes(route) && route !== 'GET /metrics')).toEqual([]);
    expect(Object.keys(recorded).filter((route) => !documented.includes(route) || carriedOut.has(route))).toEqual([]);
  });
});

/** Calls that none of these clients makes, and where a recorded conversation or another tool exercises them. */
const recorded: Readonly<Record<string, string>> = {};
