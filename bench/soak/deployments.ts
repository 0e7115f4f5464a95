import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { idsOf, scratch } from '../fleet.ts';
import { startHubProcess } from '../hub.ts';
import { seconds, whole } from '../page.ts';
import type { Bar } from './bar.ts';

const devices = 100_000;
const deployments = 100;

/**
 * An embedded hub with 100,000 edge devices, each with one of 100 deployments. Then one deployment targets all of them:
 * measured is from its PUT to the answer that counts them all, everything on disk.
 */
export async function deploymentsAtScale(): Promise<readonly Bar[]> {
  const folder = scratch();
  const lines = idsOf(devices).map((id, at) =>
    JSON.stringify({ id, status: 'enabled', capabilities: { iotEdge: true }, tags: { ring: at % deployments } }),
  );
  writeFileSync(join(folder, 'seed.txt'), lines.join('\n'));
  const hub = await startHubProcess(['--seed', join(folder, 'seed.txt'), '--directory', join(folder, 'hub')]);
  const put = (ring: number, targetCondition: string, etag = {}) => {
    const image = `contoso.azurecr.io/module-${ring}:1.0`;
    const agent = { schemaVersion: '1.1', modules: { telemetry: { type: 'docker', settings: { image } } } };
    const hubs = { schemaVersion: '1.1', routes: { all: 'FROM /messages/* INTO $upstream' } };
    const modulesContent = { $edgeAgent: { 'properties.desired': agent }, $edgeHub: { 'properties.desired': hubs } };
    const body = { id: `ring-${ring}`, content: { modulesContent }, targetCondition, priority: ring };
    return hub.call('PUT', `/configurations/ring-${ring}`, body, etag);
  };
  const applied = async (ring: number): Promise<number> =>
    (await hub.call('GET', `/configurations/ring-${ring}`)).systemMetrics.results.appliedCount;
  const first = await timed(async () => {
    for (let ring = 0; ring < deployments; ring++) await put(ring, `tags.ring = ${ring}`);
    await applied(0);
  });
  const last = deployments - 1;
  const few = await applied(last);
  const changed = await timed(async () => {
    await put(last, 'tags.ring >= 0', { 'if-match': '*' });
    await applied(last);
  });
  const all = await applied(last);
  const peak = await hub.stop();
  return [
    {
      what: `embedded hub, ${whole(devices)} devices and ${deployments} deployments (made in ${seconds(first)}): a changed target condition evaluated, all devices redeployed`,
      found: seconds(changed),
      bar: 'under 5 s',
      holds: changed < 5 && few === devices / deployments && all === devices,
    },
    {
      what: 'the same: peak memory of the hub',
      found: `${Math.round(peak)} MB`,
      bar: 'under 600 MB',
      holds: peak < 600,
    },
  ];
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await act();
  return (performance.now() - begun) / 1000;
}
