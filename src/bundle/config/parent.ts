import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { generationOf } from '../judge/runtime.ts';

/**
 * Returns the devices with the host name of their parent: `config.parentHostname` of the manifest, else
 * `config.hostname` of the parent, which is a device of the same hub in the fleet. Runtimes before 1.2 have no parents.
 * Their devices are returned unchanged and judged as written.
 */
export function withParentHostnames(devices: readonly Device[], fleet: readonly Device[]): readonly Device[] {
  const gatewayOf = gatewaysOf(devices, fleet);
  return devices.map((device) => {
    const hostname = gatewayOf(device)?.config.hostname;
    return hostname === undefined ? device : { ...device, config: { ...device.config, parentHostname: hostname } };
  });
}

/**
 * Returns a finding for each device whose parent has no host name in the manifest: its name is then known on the
 * gateway alone. A parent that is not of the fleet is a finding of another check.
 */
export function judgeParentHostnames(devices: readonly Device[], fleet: readonly Device[]): readonly Finding[] {
  const gatewayOf = gatewaysOf(devices, fleet);
  return devices.flatMap((device) => {
    const gateway = gatewayOf(device);
    if (gateway === undefined || gateway.config.hostname !== undefined) return [];
    const { file, line } = gateway.place('id');
    const details = { parent: gateway.id, declaredAt: `${file}:${line}` };
    const subject = { place: device.place('parent'), device: device.id, hub: device.hub };
    return [finding('config/no-parent-hostname', details, subject)];
  });
}

/** Finds the parent of a device that needs the name of one: from 1.2 on, if the manifest does not say it. */
function gatewaysOf(devices: readonly Device[], fleet: readonly Device[]): (device: Device) => Device | undefined {
  if (devices.every(({ parent }) => !parent)) return () => undefined;
  const byKey = new Map(fleet.map((device) => [keyOf(device.id, device), device]));
  return (device) => {
    const { parent, config, runtime } = device;
    if (!parent || config.parentHostname !== undefined) return undefined;
    return generationOf(runtime.version) === 'aziot' ? byKey.get(keyOf(parent, device)) : undefined;
  };
}

function keyOf(id: string, { hub }: Device): string {
  return `${hub ?? ''}/${id}`;
}
