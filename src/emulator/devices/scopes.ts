import { Refused } from '../wire/errors.ts';
import type { Identity, WantedIdentity } from './identity.ts';

const prefix = 'ms-azure-iot-edge://';

/** The scope of an edge device. `ticks` are the ticks of its creation, or an empty text. */
export function ownScope(deviceId: string, ticks: string): string {
  return `${prefix}${deviceId}-${ticks}`;
}

/**
 * An edge device has its own scope, which the hub makes, and its parent in `parentScopes`. A leaf device has its
 * parent's scope as `deviceScope`, and the hub repeats it in `parentScopes`. If a client makes up a scope for an edge
 * device, it is ignored; if a leaf becomes an edge device, it gets `fresh` (both reported from a live hub).
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
 * Throws `Refused` if a device gets a new parent that is not an edge device of this hub. A parent that it already has
 * is not checked again, since that parent may have been deleted meanwhile.
 */
export function requireParent(
  devices: ReadonlyMap<string, Identity>,
  wanted: WantedIdentity,
  current: Identity | undefined,
): void {
  const parent = wanted.edge ? wanted.parentScopes?.[0] : wanted.deviceScope;
  if (!parent || parent === current?.parentScopes?.[0]) return;
  // A client that turns an edge device into a leaf sends the device's own scope along.
  if (!wanted.edge && parent === current?.deviceScope) return;
  if (hasScope(devices, parent)) return;
  throw new Refused('ArgumentInvalid', `The parent scope '${parent}' is not that of an edge device of this hub.`);
}

/**
 * Throws `Refused` if a leaf becomes an edge device and its parent's scope is sent as its own: the service fails then
 * (reported from a live hub). The parent belongs into `parentScopes`.
 */
export function requireOtherScope(wanted: WantedIdentity, current: Identity): void {
  if (current.edge || !wanted.edge || !wanted.deviceScope || wanted.deviceScope !== current.deviceScope) return;
  throw new Refused('ServiceUnavailable', 'ServiceUnavailable');
}

/** Whether an edge device has this scope: `ms-azure-iot-edge://<device id>-<ticks>`. */
export function hasScope(devices: ReadonlyMap<string, Identity>, scope: string): boolean {
  if (!scope.startsWith(prefix)) return false;
  const device = devices.get(scope.slice(prefix.length, scope.lastIndexOf('-')));
  return device?.edge === true && device.deviceScope === scope;
}
