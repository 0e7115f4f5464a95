import type { Device } from '../../model/fleet.ts';
import { hostnameOf } from '../judge/hostname.ts';
import { generationOf } from '../judge/runtime.ts';

/**
 * Devices that know by which host name they reach their parent: the manifest's `config.parentHostname`, else the host name of the
 * parent itself, a device of the same hub in the fleet. Older runtimes have no parents; what is wrong with theirs is judged as written.
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
