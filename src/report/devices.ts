import type { Report } from '../model/report.ts';
import { ownerLabel } from './owners.ts';

/** The devices that the hubs have, as a table. The cells are not escaped. */
export interface DeviceTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export const listHead = ['Device', 'Hub', 'Status', 'Signs in by', 'Owner', 'In the manifest'] as const;

/** Returns the devices that `list` has found; no rows for other commands. */
export function listTable({ listed, owner }: Report): DeviceTable {
  const rows = listed.map(({ device, hub, managed }) => {
    return [
      device.id,
      hub,
      device.status,
      device.authentication,
      ownerLabel(device, owner) ?? '',
      managed ? 'yes' : 'no',
    ];
  });
  return { head: listHead, rows };
}
