import type { Device } from '../model/fleet.ts';
import type { RegisteredDevice } from '../model/registration.ts';

/** The status reason of a device that was disabled because no manifest declares it any more. */
export const removalMark = 'removed from the manifest (provision-iot-edge)';

/** Whether we have disabled it, and nobody has said anything else since. */
export function isRemoved({ status, statusReason }: RegisteredDevice): boolean {
  return status === 'disabled' && statusReason === removalMark;
}

/**
 * The status that a registered device shall have: as the manifest says, else as it is. One that was disabled because it was
 * removed from the manifest, and is back in it, is enabled again.
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
