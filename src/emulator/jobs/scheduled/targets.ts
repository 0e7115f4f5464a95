import type { Identity } from '../../devices/identity.ts';
import { compiledCondition } from '../../queries/compile.ts';
import { parseQuery } from '../../queries/query.ts';
import { deviceColumn } from '../../twins/twin.ts';

/** The ids of the devices that meet the condition of a job; `*` is met by all. Throws `Refused` if it is not understood. */
export function targetsOf(devices: Iterable<Identity>, condition: string): readonly string[] {
  const where = condition.trim() === '*' ? '' : ` WHERE ${condition}`;
  const meets = compiledCondition(parseQuery(`SELECT * FROM devices${where}`).where, deviceColumn);
  const found: string[] = [];
  for (const device of devices) {
    if (meets(device)) found.push(device.deviceId);
  }
  return found;
}
