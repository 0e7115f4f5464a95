import { idOf } from '../__tests__/plan/devices.ts';
import { startHub } from '../src/emulator/hub.ts';
import { readConnectionStrings } from '../src/hub/connection-string.ts';
import { openRegistry } from '../src/hub/registry.ts';
import { idsOf } from './fleet.ts';
import { table, whole } from './page.ts';

const cases = [
  { fleet: 1, hub: 1 },
  { fleet: 10, hub: 100_000 },
  { fleet: 11, hub: 11 },
  { fleet: 1_000, hub: 1_000 },
  { fleet: 1_000, hub: 100_000 },
  { fleet: 10_000, hub: 10_000 },
  { fleet: 10_000, hub: 100_000 },
  { fleet: 100_000, hub: 100_000 },
];

/** What a plan reads from a hub, as the embedded hub counts it, for each size of the fleet and of the hub. */
export async function readsTable(): Promise<string> {
  const rows: string[][] = [];
  for (const { fleet, hub: size } of cases) {
    const hub = await startHub();
    for (const id of idsOf(size)) hub.registry.put({ deviceId: id, capabilities: { iotEdge: true } });
    const [credential] = readConnectionStrings(hub.connectionString);
    if (credential === undefined) throw new Error('the hub has no connection string');
    const registry = await openRegistry(credential, { userAgent: 'bench', ca: hub.ca });
    const found = await registry.read(idsOf(fleet).map(idOf), { tags: 'marked' });
    if (found.size !== fleet) throw new Error(`${found.size} of ${fleet} devices read`);
    const { registryReads, queries, requests } = hub.counts();
    registry.close();
    await hub.close();
    rows.push([whole(fleet), whole(size), whole(registryReads), whole(queries), whole(requests)]);
  }
  return table(['devices of the fleet', 'devices of the hub', 'registry operations', 'queries', 'requests'], rows);
}
