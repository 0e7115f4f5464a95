import type { Device } from '../model/fleet.ts';
import { type DeviceEndpoint, deviceEndpoint, isHubHost } from '../model/hub-name.ts';

/** The host name of the hub in the configuration of a device. `validate` needs no hub: a device without one gets `localhost`. */
export function endpointOf({ hub, hubForm }: Device): DeviceEndpoint {
  const named = hub ?? ['localhost'].find(isHubHost);
  if (named === undefined) throw new Error('localhost is not a host name');
  return deviceEndpoint(named, hubForm);
}
