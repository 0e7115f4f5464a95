import type { Device } from '../model/fleet.ts';
import type { RegisteredDevice } from '../model/registration.ts';

/** The status reason of a device that was disabled because no manifest declares it any more. */
export const removalMark = 'removed from the manifest (provision-iot-edge)';

/** Tells whether this product disabled the device and nobody has changed its status or reason since. */
export function isRemoved({ status, statusReason }: RegisteredDevice): boolean {
  return status === 'disabled' && statusReason === removalMark;
}

/**
 * Returns the status that a registered device should have: that of the manifest, or else its current one. A device that was
 * disabled for its removal from the manifest, and is declared again, is enabled again.
 */
export function wantedStatus(
  device: Pick<Device, 'status' | 'statusReason'>,
  found: RegisteredDevice,
): { readonly status: RegisteredDevice['status']; readonly statusReason?: string } {
  const back = isRemoved(found);
  const status = device.status ?? (back ? 'enabled' : found.status);
  const statusReason = device.statusReason ?? (back ? undefined : found.statusReason);
  return { status, ...(statusReason === undefined ? {} : { statusReason }) };
}
