// Calls the hub of IOTHUB_CONNECTION_STRING by every public method of Microsoft's registry client for Node, as it is shipped, and prints what
// each was told, as one JSON document.
import iothub from 'azure-iothub';

const { Registry } = iothub;
const registry = Registry.fromConnectionString(process.env.IOTHUB_CONNECTION_STRING ?? '');
const [input = '', output = ''] = [process.env.INPUT, process.env.OUTPUT];
const told: Record<string, unknown> = {};
const called = new Set<string>();

/** Makes a call and keeps what it was told: the body of the answer, or the number of a refusal. */
async function tell(name: string, call: () => Promise<unknown>): Promise<void> {
  called.add(name.split(' ')[0] ?? '');
  told[name] = await call().then(
    (answer) => (answer instanceof Object && 'responseBody' in answer ? answer.responseBody : answer),
    (error) => `${error.response?.statusCode ?? error}`,
  );
}

const authentication = {
  type: 'selfSigned',
  x509Thumbprint: { primaryThumbprint: '1F'.repeat(20), secondaryThumbprint: '2E'.repeat(20) },
} as const;
const edge = (deviceId: string) => ({ deviceId, capabilities: { iotEdge: true }, authentication });
const content = {
  modulesContent: {
    $edgeAgent: { 'properties.desired': { schemaVersion: '1.1', modules: {} } },
    $edgeHub: { 'properties.desired': { schemaVersion: '1.1', routes: {} } },
  },
};
const configuration = {
  id: 'rollout-1',
  content,
  priority: 5,
  targetCondition: "tags.line = '4'",
  schemaVersion: '1.0',
};

await tell('create', () => registry.create(edge('edge-1')));
await tell('create again', () => registry.create(edge('edge-1')));
await tell('get', () => registry.get('edge-1'));
await tell('update', async () =>
  registry.update({ ...(await registry.get('edge-1')).responseBody, statusReason: 'moved' }),
);
await tell('addDevices', () => registry.addDevices([edge('edge-2'), edge('edge-3')]));
await tell('updateDevices', async () => registry.updateDevices([(await registry.get('edge-2')).responseBody], true));
await tell('list', async () => (await registry.list()).responseBody.map(({ deviceId }) => deviceId).sort());
await tell('removeDevices', () => registry.removeDevices([{ deviceId: 'edge-3' }], true));
await tell('getRegistryStatistics', () => registry.getRegistryStatistics());

await tell('getTwin', () => registry.getTwin('edge-1'));
await tell('updateTwin', () => registry.updateTwin('edge-1', { tags: { line: '4' } }, '*'));
await tell(
  'createQuery',
  async () => (await registry.createQuery('SELECT deviceId FROM devices', 1).nextAsTwin()).result.length,
);

await tell('addModule', () => registry.addModule({ deviceId: 'edge-1', moduleId: 'filter' }));
await tell('getModule', () => registry.getModule('edge-1', 'filter'));
await tell('updateModule', async () =>
  registry.updateModule({ ...(await registry.getModule('edge-1', 'filter')).responseBody, managedBy: 'us' }),
);
await tell('getModulesOnDevice', async () =>
  (await registry.getModulesOnDevice('edge-1')).responseBody.map(({ moduleId }) => moduleId).sort(),
);
await tell('getModuleTwin', () => registry.getModuleTwin('edge-1', 'filter'));
await tell('updateModuleTwin', () =>
  registry.updateModuleTwin('edge-1', 'filter', { properties: { desired: { limit: 7 } } }, '*'),
);

await tell('addConfiguration', () => registry.addConfiguration(configuration));
await tell('addConfiguration again', () => registry.addConfiguration(configuration));
await tell('getConfiguration', () => registry.getConfiguration('rollout-1'));
await tell('getConfigurations', () => registry.getConfigurations());
await tell('updateConfiguration', async () =>
  registry.updateConfiguration({ ...(await registry.getConfiguration('rollout-1')).responseBody, priority: 7 }),
);
await tell('updateConfiguration by force', () => registry.updateConfiguration({ ...configuration, priority: 9 }, true));
await tell('removeConfiguration', () => registry.removeConfiguration('rollout-1'));
await tell('getConfiguration of none', () => registry.getConfiguration('rollout-1'));
await tell('applyConfigurationContentOnDevice', () => registry.applyConfigurationContentOnDevice('edge-1', content));

let jobId = '';
/** Waits for a job to end, since the hub takes one at a time, and gives its status. */
async function ended(begun: Promise<unknown>): Promise<unknown> {
  const job = await begun;
  ({ jobId } = job instanceof Object && 'responseBody' in job ? Object(job.responseBody) : Object(job));
  for (;;) {
    const now = Object(await registry.getJob(jobId));
    const { status } = now.responseBody ?? now;
    if (['completed', 'failed', 'cancelled'].includes(status)) return status;
    await new Promise((later) => setTimeout(later, 20));
  }
}
await tell('importDevicesFromBlob', () => ended(registry.importDevicesFromBlob(input, output)));
await tell('importDevicesFromBlobByIdentity', () =>
  registry.importDevicesFromBlobByIdentity('https://a.invalid/in', 'https://a.invalid/out'),
);
await tell('exportDevicesToBlob', () => ended(registry.exportDevicesToBlob(output, true)));
await tell('exportDevicesToBlobByIdentity', () =>
  registry.exportDevicesToBlobByIdentity('https://a.invalid/out', true),
);
await tell('listJobs', async () => (await registry.listJobs()).responseBody.length);
await tell('getJob', () => registry.getJob('nothing'));
await tell('cancelJob', () => registry.cancelJob(jobId)); // It has ended: that is no fault.

await tell('removeModule', () => registry.removeModule('edge-1', 'filter'));
await tell('delete', () => registry.delete('edge-1'));

const methods = Object.getOwnPropertyNames(Registry.prototype).filter((name) => !/^(_|constructor$)/.test(name));
const missed = methods.filter((name) => !called.has(name));
process.stdout.write(`${JSON.stringify({ ...told, missed })}\n`);
