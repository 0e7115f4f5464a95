import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { emulatorFault } from '../../../src/emulator/faults.ts';
import { startHub } from '../../../src/emulator/hub.ts';
import { faultOf, said } from '../../support/fault.ts';
import { call, stockRegistry } from '../clients.ts';
import { edgeBody } from '../devices/identities.ts';

it('keeps configurations over a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'configurations-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const first = await startHub({ directory });
  const client = stockRegistry(first);
  const content = { modulesContent: { $edgeAgent: { 'properties.desired': { schemaVersion: '1.1' } } } };
  await client.addConfiguration({ id: 'base', schemaVersion: '1.0', content, targetCondition: '*', priority: 3 });
  const { responseBody: before } = await client.getConfiguration('base');
  expect(before).toMatchObject({
    id: 'base',
    schemaVersion: '1.0',
    content,
    targetCondition: '*',
    priority: 3,
    etag: 'MQ==',
  });
  client.close();
  await first.close();
  const second = await startHub({ directory });
  const again = stockRegistry(second);
  expect((await again.getConfigurations()).responseBody).toEqual([before]);
  await again.updateConfiguration({ ...before, priority: 4 });
  expect((await again.getConfiguration('base')).responseBody).toMatchObject({ priority: 4, etag: 'Mg==' });
  await again.removeConfiguration('base');
  expect((await again.getConfigurations()).responseBody).toEqual([]);
  again.close();
  await second.close();
});

it('keeps what a deployment has made of a thousand devices, and its content once', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'deployments-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const image = 'contoso.azurecr.io/filter:1';
  const agent = { 'properties.desired': { modules: { filter: { settings: { image } } } } };
  const body = { id: 'base', content: { modulesContent: { $edgeAgent: agent } }, targetCondition: '*' };
  const first = await startHub({ directory });
  for (let at = 0; at < 1000; at++) first.registry.put(edgeBody(`edge-${at}`));
  await call(first, 'PUT', '/configurations/base', { body });
  const twin = async (hub: typeof first) => (await call(hub, 'GET', '/twins/edge-999/modules/$edgeAgent')).json;
  const before = await twin(first);
  expect(before.properties.desired).toMatchObject({ modules: { filter: { settings: { image } } }, $version: 2 });
  first.registry.report('edge-999', { lastDesiredVersion: 2, lastDesiredStatus: { code: 200 } }, '$edgeAgent');
  const counts = async (hub: typeof first) =>
    (await call(hub, 'GET', '/configurations/base')).json.systemMetrics.results;
  const counted = await counts(first);
  expect(counted).toMatchObject({ targetedCount: 1000, appliedCount: 1000, reportedSuccessfulCount: 1 });
  const onDisk = () => readFileSync(join(directory, 'devices.jsonl'), 'utf8');
  expect(onDisk().split(image)).toHaveLength(2);
  await first.close();
  expect(onDisk().split(image)).toHaveLength(2);
  expect(statSync(join(directory, 'configurations.json')).mode & 0o777).toBe(0o600);

  const second = await startHub({ directory });
  expect(await counts(second)).toEqual(counted);
  const after = await twin(second);
  expect({ ...after.properties.desired, etag: after.etag }).toEqual({
    ...before.properties.desired,
    etag: before.etag,
  });
  await call(second, 'DELETE', '/configurations/base');
  expect((await twin(second)).properties.desired).toEqual(before.properties.desired);
  const page = await call(second, 'GET', '/');
  expect(page.text).not.toContain('Deployments');
  await call(second, 'POST', '/_emulator/reset');
  await second.close();
});

it('shows them to people', async () => {
  const hub = await startHub();
  await call(hub, 'PUT', '/devices/edge-1', { body: edgeBody('edge-1') });
  const body = {
    id: 'base',
    content: { modulesContent: { $edgeAgent: {} } },
    targetCondition: "tags.a = '<b>'",
    priority: 7,
  };
  await call(hub, 'PUT', '/configurations/base', { body });
  const { text } = await call(hub, 'GET', '/');
  expect(text).toContain('<td>base</td><td>tags.a = &#39;&#60;b&#62;&#39;</td><td>7</td><td>0</td>');
  expect((await call(hub, 'GET', '/metrics')).text).toContain('operations_total{class="configuration",kind="write"} 1');
  await hub.close();
});

it.each(['{', '{"configurations":[{}]}'])('refuses configurations that are not its own: %s', async (text) => {
  const directory = mkdtempSync(join(tmpdir(), 'configurations-'));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const path = join(directory, 'configurations.json');
  writeFileSync(path, text);
  expect(said(await faultOf(startHub({ directory })))).toEqual(said(emulatorFault('not-its-configurations', { path })));
});
