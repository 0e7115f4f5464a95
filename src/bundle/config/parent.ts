import type { Device } from '../../model/fleet.ts';
import { hostnameOf } from '../judge/hostname.ts';
import { generationOf } from '../judge/runtime.ts';

/**
 * Returns the devices with the host name of their parent: `config.parentHostname` of the manifest, else the host name
 * of the parent, which is a device of the same hub in the fleet. Runtimes before 1.2 have no parents. Their devices are
 * returned unchanged and judged as written.
 */
export function withParentHostnames(devices: readonly Device[], fleet: readonly Device[]): readonly Device[] {
  if (devices.every(({ parent }) => !parent)) return devices;
  const byKey = new Map(fleet.map((device) => [keyOf(device.id, device), device]));
  return devices.map((device) => {
    const { parent, config, runtime } = device;
    const gateway = parent ? byKey.get(keyOf(parent, device)) : undefined;
    if (gateway === undefined || config.parentHostname !== undefined) return device;
    if (generationOf(runtime.version) !== 'aziot') return device;
    return { ...device, config: { ...config, parentHostname: hostnameOf(gateway) } };
  });
}

function keyOf(id: string, { hub }: Device): string {
  return `${hub ?? ''}/${id}`;
}
