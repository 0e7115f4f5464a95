import { spawnSync } from 'node:child_process';
import { idsOf, thumbprintOf } from './fleet.ts';
import { startHubProcess } from './hub.ts';
import { seconds } from './page.ts';

const devices = 10;

/**
 * One sentence about `az iot hub device-identity create`. It is measured device by device if az and its extension are
 * installed.
 */
export async function azTime(): Promise<string> {
  if (spawnSync('az', ['iot', 'hub', 'device-identity', 'create', '--help']).status !== 0) {
    return 'Not measured: `az iot hub device-identity create`, since az with its extension azure-iot is not installed on this machine.';
  }
  const hub = await startHubProcess();
  const begun = performance.now();
  for (const id of idsOf(devices)) {
    const { status, stderr } = spawnSync('az', create(id, hub.connectionString), {
      env: { ...process.env, REQUESTS_CA_BUNDLE: hub.caFile },
      encoding: 'utf8',
    });
    if (status !== 0) {
      await hub.stop();
      return `Not measured: \`az iot hub device-identity create\` failed on the embedded hub (${stderr.trim().split('\n').at(-1)}).`;
    }
  }
  const each = (performance.now() - begun) / 1000 / devices;
  await hub.stop();
  return `\`az iot hub device-identity create\`: ${seconds(each)} a device, measured over ${devices} devices.`;
}

function create(id: string, connectionString: string): readonly string[] {
  const thumbprints = ['--ptp', thumbprintOf(id, 'primary'), '--stp', thumbprintOf(id, 'secondary')];
  const device = ['--device-id', id, '--edge-enabled', '--auth-method', 'x509_thumbprint', ...thumbprints];
  return ['iot', 'hub', 'device-identity', 'create', '--login', connectionString, ...device];
}
