import { type DeviceId, isDeviceId } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Reason, WantedParent } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';

/** Returns the parent that the manifest names, with its scope if the parent is in the hub. An empty text means no parent. */
export function wantedParent(
  { device }: Identity,
  found: ReadonlyMap<DeviceId, RegisteredDevice>,
): WantedParent | undefined {
  const { parent } = device;
  if (parent === undefined) return undefined;
  if (parent === '') return { id: null };
  if (!isDeviceId(parent)) return undefined; // refused earlier, because it is not a device of the fleet
  const scope = ownScopeOf(found.get(parent));
  return scope === undefined ? { id: parent } : { id: parent, scope };
}

/** Returns the scope that the children of an edge device refer to. */
export function ownScopeOf(device: RegisteredDevice | undefined): string | undefined {
  return device?.edge ? device.deviceScope : undefined;
}

/** Returns the scope of a device's parent: an edge device has it in `parentScopes`, a leaf device in `deviceScope`. */
export function parentScopeOf({ edge, deviceScope, parentScopes }: RegisteredDevice): string | undefined {
  return edge ? parentScopes?.[0] : deviceScope;
}

/** Returns the change of a device's parent, if there is one. It names the parents by their ids, which people know. */
export function parentDifference(found: RegisteredDevice, { id, scope }: WantedParent): Reason | undefined {
  const current = parentScopeOf(found);
  if (id !== null && scope === undefined) return { field: 'parent', before: idIn(current), after: id };
  if (current === scope) return undefined;
  const before = idIn(current);
  // A parent that was deleted and created again has the same id and another scope.
  return { field: 'parent', before: before === id && current !== undefined ? current : before, after: id };
}

/** Returns the device id in `ms-azure-iot-edge://<device id>-<ticks>`. Returns any other text unchanged. */
export function idIn(scope: string | undefined): string | null {
  return /^ms-azure-iot-edge:\/\/(.+)-\d+$/.exec(scope ?? '')?.[1] ?? scope ?? null;
}
