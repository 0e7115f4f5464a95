import type { DeviceGroup } from './device-groups.ts';
import { said } from './said.ts';
import { visible } from './visible.ts';

/**
 * Returns a group as lines: `~ edge-001, edge-002: swapping primary and secondary`, and its changed fields below. The hub is named where
 * the groups beside it are of several hubs.
 */
export function groupLines(group: DeviceGroup, beside: readonly DeviceGroup[]): readonly string[] {
  const { sign, devices, hub, what, fields } = group;
  const where = beside.some((other) => other.hub !== hub) ? ` in ${visible(hub)}` : '';
  const why = what === '' ? '' : `: ${visible(what)}`;
  return [
    `${sign} ${visible(said.someDevices(devices))}${where}${why}`,
    ...fields.map((field) => `    ${visible(field)}`),
  ];
}
