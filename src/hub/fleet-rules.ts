import type { Finding, Subject } from '../model/finding.ts';
import type { Device, HubHost } from '../model/fleet.ts';
import { nameForDevices } from '../model/hub-name.ts';
import { finding } from '../rules/rules.ts';

/**
 * Checks the devices of each hub against one another: ids that collide, parents that are not declared, circles of
 * parents.
 */
export function fleetFindings(devices: readonly Device[]): readonly Finding[] {
  const byHub = new Map<HubHost | undefined, Device[]>();
  for (const device of devices) {
    const others = byHub.get(device.hub);
    if (others === undefined) byHub.set(device.hub, [device]);
    else others.push(device);
  }
  return [...byHub.values()].flatMap((ofHub) => [...idFindings(ofHub), ...parentFindings(ofHub)]);
}

function idFindings(devices: readonly Device[]): readonly Finding[] {
  const findings: Finding[] = [];
  const byId = new Map<string, Device>();
  const byLowerCase = new Map<string, Device>();
  for (const device of devices) {
    const { id } = device;
    const same = byId.get(id);
    const alike = byLowerCase.get(id.toLowerCase());
    if (same !== undefined) {
      findings.push(finding('device/duplicate', { id, first: placeOf(same) }, subject(device, 'id')));
      continue;
    }
    if (alike !== undefined) {
      const details = { id, other: alike.id, first: placeOf(alike) };
      findings.push(finding('device/case-collision', details, subject(device, 'id')));
    } else {
      byLowerCase.set(id.toLowerCase(), device);
    }
    byId.set(id, device);
  }
  return findings;
}

function parentFindings(devices: readonly Device[]): readonly Finding[] {
  const byId = new Map<string, Device>(devices.map((device) => [device.id, device]));
  const unknown = devices.flatMap((device) => {
    const { parent, hub } = device;
    // An empty parent removes the parent.
    if (!parent || byId.has(parent)) return [];
    return [finding('device/parent-unknown', { parent, hub }, subject(device, 'parent'))];
  });
  const apart = devices.flatMap((device) => otherHubName(device, byId.get(device.parent ?? '')) ?? []);
  const circles = circlesOf(devices, byId).map((circle) => {
    const ids = circle.map(({ id }) => id);
    return finding('device/parent-cycle', { chain: [...ids, ...ids.slice(0, 1)] }, subject(circle[0], 'parent'));
  });
  return [...unknown, ...apart, ...circles];
}

/** A gateway takes only tokens for the host name of the hub that it has itself. */
function otherHubName(device: Device, parent: Device | undefined): Finding | undefined {
  const { id, hub, hubForm = 'classic' } = device;
  if (hub === undefined || parent === undefined || (parent.hubForm ?? 'classic') === hubForm) return undefined;
  const details = {
    id,
    given: nameForDevices(hub, hubForm),
    parent: parent.id,
    ofParent: nameForDevices(hub, parent.hubForm),
  };
  return finding('device/parent-hub-name', details, subject(device, 'hub'));
}

/** Gives every circle of parents once. Each begins with the device that comes first in the fleet. */
function circlesOf(devices: readonly Device[], byId: ReadonlyMap<string, Device>): readonly (readonly Device[])[] {
  const seen = new Set<Device>();
  const order = new Map(devices.map((device, index) => [device, index]));
  const circles: (readonly Device[])[] = [];
  for (const start of devices) {
    const way: Device[] = [];
    let device: Device | undefined = start;
    while (device !== undefined && !seen.has(device)) {
      seen.add(device);
      way.push(device);
      device = device.parent === undefined ? undefined : byId.get(device.parent);
    }
    const closing = device === undefined ? -1 : way.indexOf(device);
    if (closing < 0) continue;
    const circle = way.slice(closing);
    const ranks = circle.map((member) => order.get(member) ?? 0);
    const first = ranks.indexOf(Math.min(...ranks));
    circles.push([...circle.slice(first), ...circle.slice(0, first)]);
  }
  return circles;
}

function subject(device: Device | undefined, key: string): Subject {
  return device === undefined ? {} : { place: device.place(key), device: device.id, hub: device.hub };
}

function placeOf(device: Device): string {
  const { file, line } = device.place('id');
  return `${file}:${line}`;
}
