import { join } from 'node:path';
import { startBlobService } from '../../__tests__/support/blob-service.ts';
import { cli, scratch, thumbprintFleet } from '../fleet.ts';
import { startHubProcess } from '../hub.ts';
import { measure } from '../measure.ts';
import { seconds, whole } from '../page.ts';
import type { Bar } from './bar.ts';

const devices = 100_000;

/** 100,000 new devices by an import job, through a real blob service. */
export async function imports(): Promise<readonly Bar[]> {
  const folder = thumbprintFleet(devices);
  const blobs = await startBlobService();
  await blobs.makeContainer('fleet');
  const hub = await startHubProcess();
  const {
    code,
    stdout,
    seconds: spent,
  } = await measure([cli, 'apply', 'devices.csv', '--output-directory', join(scratch(), 'bundles')], {
    cwd: folder,
    env: { ...hub.env, IOTHUB_IMPORT_CONTAINER: blobs.url('fleet', 'rwdlc') },
  });
  const { devices: arrived, registryWrites } = await hub.counted();
  await hub.stop();
  await blobs.close();
  if (code !== 0) console.error(stdout);
  return [
    {
      what: `import job of ${whole(devices)} devices, in ${seconds(spent)}: arrived`,
      found: whole(arrived),
      bar: whole(devices),
      holds: code === 0 && arrived === devices,
    },
    { what: 'the same: registry operations', found: whole(registryWrites), bar: '0', holds: registryWrites === 0 },
  ];
}
