import type { Identity } from '../../devices/identity.ts';
import { meets, parseQuery } from '../../queries/query.ts';
import { twinValue } from '../../twins/twin.ts';

/** The ids of the devices that meet the condition of a job; `*` is met by all. Throws `Refused` if it is not understood. */
export function targetsOf(devices: Iterable<Identity>, condition: string): readonly string[] {
  const where = condition.trim() === '*' ? '' : ` WHERE ${condition}`;
  const query = parseQuery(`SELECT * FROM devices${where}`);
  const found: string[] = [];
  for (const device of devices) {
    if (meets(query.where, (path) => twinValue(device, path))) found.push(device.deviceId);
  }
  return found;
}
