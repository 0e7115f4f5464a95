import { join } from 'node:path';
import { startBlobService } from '../../__tests__/support/blob-service.ts';
import { cli, idsOf, scratch, thumbprintFleet } from '../fleet.ts';
import { startHubProcess } from '../hub.ts';
import { measure } from '../measure.ts';
import { seconds, whole } from '../page.ts';
import type { Bar } from './bar.ts';

const devices = 100_000;
const planted = 50;

interface Told {
  readonly outcome: {
    readonly created: number;
    readonly devices: readonly { readonly device: string; readonly result: string; readonly reason?: string }[];
  };
}

/**
 * Registers 100,000 new devices by an import job, through a real blob service. Somebody else has registered 50 of them
 * a moment before, with other thumbprints. Queries do not show these yet, so their lines are refused.
 */
export async function imports(): Promise<readonly Bar[]> {
  const ids = idsOf(devices);
  const taken = ids.filter((_, n) => n % (devices / planted) === 0);
  const folder = thumbprintFleet(ids);
  const blobs = await startBlobService();
  await blobs.makeContainer('fleet');
  const hub = await startHubProcess(['--visibility-lag', '3600000']);
  const others = await measure(apply(), { cwd: thumbprintFleet(taken, 'somebody else'), env: hub.env });
  if (others.code !== 0) throw new Error(others.stdout);
  const before = await hub.counted();
  const run = await measure([...apply(), '--json'], {
    cwd: folder,
    env: { ...hub.env, IOTHUB_IMPORT_CONTAINER: blobs.url('fleet', 'rwdlc') },
  });
  const after = await hub.counted();
  const left = await blobs.list('fleet');
  await hub.stop();
  await blobs.close();
  const { outcome }: Told = JSON.parse(run.stdout);
  const failed = outcome.devices.filter(({ result }) => result === 'failed');
  const named = failed.filter(({ device, reason }) => taken.includes(device) && reason !== undefined).length;
  const writes = after.registryWrites - before.registryWrites;
  return [
    {
      what: `import job of ${whole(devices)} devices, in ${seconds(run.seconds)}: arrived`,
      found: whole(outcome.created),
      bar: whole(devices - planted),
      holds: outcome.created === devices - planted && after.devices === devices,
    },
    {
      what: `the same: of ${planted} planted lines, told each with its reason (and no other device)`,
      found: whole(named),
      bar: whole(planted),
      holds: named === planted && failed.length === planted && run.code === 1,
    },
    { what: 'the same: registry operations that write', found: whole(writes), bar: '0', holds: writes === 0 },
    { what: 'the same: blobs left behind', found: whole(left.length), bar: '0', holds: left.length === 0 },
  ];
}

function apply(): readonly string[] {
  return [cli, 'apply', 'devices.csv', '--output-directory', join(scratch(), 'bundles')];
}
