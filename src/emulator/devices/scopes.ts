import { Refused } from '../wire/errors.ts';
import type { Identity, WantedIdentity } from './identity.ts';

const prefix = 'ms-azure-iot-edge://';

/** The scope of an edge device; `ticks` are those of its creation, or nothing. */
export function ownScope(deviceId: string, ticks: string): string {
  return `${prefix}${deviceId}-${ticks}`;
}

/**
 * An edge device has a scope of its own, made by the hub, and its parent in `parentScopes`; a leaf device has its parent's scope as
 * `deviceScope`, which the hub repeats in `parentScopes`. A scope that a client makes up for an edge device is ignored, and one that
 * was a leaf's gets `fresh` (both reported from a live hub).
 */
export function scopes(
  wanted: WantedIdentity,
  fresh: string,
  current: Identity | undefined,
): Pick<Identity, 'edge' | 'deviceScope' | 'parentScopes'> {
  const own = current?.edge ? current.deviceScope : undefined;
  if (wanted.edge) {
    const parents = wanted.parentScopes ?? [];
    return { edge: true, deviceScope: own ?? fresh, ...(parents.length === 0 ? {} : { parentScopes: parents }) };
  }
  const parent = wanted.deviceScope === own ? undefined : wanted.deviceScope;
  return parent ? { edge: false, deviceScope: parent, parentScopes: [parent] } : { edge: false };
}

/**
 * Throws `Refused` where a device is newly given a parent that is no edge device of this hub. A parent that it has already is not
 * looked at again: the device may have outlived it.
 */
export function requireParent(
  devices: ReadonlyMap<string, Identity>,
  wanted: WantedIdentity,
  current: Identity | undefined,
): void {
  const parent = wanted.edge ? wanted.parentScopes?.[0] : wanted.deviceScope;
  if (!parent || parent === current?.parentScopes?.[0]) return;
  // An edge device that becomes a leaf sends its own scope along.
  if (!wanted.edge && parent === current?.deviceScope) return;
  if (hasScope(devices, parent)) return;
  throw new Refused('ArgumentInvalid', `The parent scope '${parent}' is not that of an edge device of this hub.`);
}

/** Whether an edge device has this scope: `ms-azure-iot-edge://<device id>-<ticks>`. */
export function hasScope(devices: ReadonlyMap<string, Identity>, scope: string): boolean {
  if (!scope.startsWith(prefix)) return false;
  const device = devices.get(scope.slice(prefix.length, scope.lastIndexOf('-')));
  return device?.edge === true && device.deviceScope === scope;
}
