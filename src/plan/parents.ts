import { type DeviceId, isDeviceId } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Reason, WantedParent } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';

/** The parent that a device is to have, with its scope if the hub has the parent already; an empty text in the manifest wants none. */
export function wantedParent(
  { device }: Identity,
  found: ReadonlyMap<DeviceId, RegisteredDevice>,
): WantedParent | undefined {
  const { parent } = device;
  if (parent === undefined) return undefined;
  if (parent === '') return { id: null };
  if (!isDeviceId(parent)) return undefined; // refused long before: it is no device of the fleet
  const scope = ownScopeOf(found.get(parent));
  return scope === undefined ? { id: parent } : { id: parent, scope };
}

/** The scope by which an edge device is somebody's parent. */
export function ownScopeOf(device: RegisteredDevice | undefined): string | undefined {
  return device?.edge ? device.deviceScope : undefined;
}

/** The scope of a device's parent: an edge device keeps it in `parentScopes`, a leaf device in `deviceScope`. */
export function parentScopeOf({ edge, deviceScope, parentScopes }: RegisteredDevice): string | undefined {
  return edge ? parentScopes?.[0] : deviceScope;
}

/** Why a device's parent is to change, if it is. People know devices by their ids, so those are told. */
export function parentDifference(found: RegisteredDevice, { id, scope }: WantedParent): Reason | undefined {
  const current = parentScopeOf(found);
  if (id !== null && scope === undefined) return { field: 'parent', before: idIn(current), after: id };
  if (current === scope) return undefined;
  const before = idIn(current);
  // A device that was made anew has its id of before, and another scope.
  return { field: 'parent', before: before === id && current !== undefined ? current : before, after: id };
}

/** The device id in `ms-azure-iot-edge://<device id>-<ticks>`; any other text as it is. */
export function idIn(scope: string | undefined): string | null {
  return /^ms-azure-iot-edge:\/\/(.+)-\d+$/.exec(scope ?? '')?.[1] ?? scope ?? null;
}
