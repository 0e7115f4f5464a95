import type { Device } from '../../model/fleet.ts';

/**
 * Whether a configuration can be written for the device. With Linux containers on Windows it cannot: only
 * `Initialize-IoTEdge` learns at which addresses the daemon listens. The device is then told what this script has
 * parameters for.
 */
export function carriesConfiguration({ runtime }: Device): boolean {
  return runtime.platform !== 'windows' || runtime.containerOs !== 'linux';
}

/** The registry of an image, as `Get-AgentRegistry` of IotEdgeSecurityDaemon.ps1 reads it. */
export function registryOf(image: string): string {
  const [first = '', ...rest] = image.split('/');
  return rest.length > 0 && first.includes('.') ? first : 'index.docker.io';
}
