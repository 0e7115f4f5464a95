import type { Change } from '../model/plan.ts';
import { describeChange } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';

/** Devices as people read them, every cell as it is: for an apply what became of them, for a plan what would. */
export interface DeviceTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Without the devices that are as they should be; first those that need somebody. Of `list`, all that the hubs have. */
export function deviceTable(report: Report): DeviceTable {
  if (report.command === 'list') return listTable(report);
  return {
    head: ['Device', 'Hub', report.outcomes.length > 0 ? 'Result' : 'Change', 'Why'],
    rows: deviceRows(report).map(({ device, hub, result, why }) => [device, hub, result, why]),
  };
}

/** The devices that are not as they should be, or were not; first those that need somebody. */
export function deviceRows(report: Report): readonly DeviceRow[] {
  const all = report.outcomes.length > 0 ? outcomeRows(report) : report.changes.map(changeRow);
  const rows = all.filter(({ result }) => result !== 'unchanged');
  return [...rows.filter(needsSomebody), ...rows.filter((row) => !needsSomebody(row))];
}

export interface DeviceRow {
  readonly device: string;
  readonly hub: string;
  readonly result: string;
  readonly why: string;
}

function outcomeRows({ outcomes, changes }: Report): readonly DeviceRow[] {
  const planned = new Map(changes.map((change) => [`${change.hub}/${change.id}`, describeChange(change)]));
  return outcomes.map(({ device, hub, result, reason }) => {
    return { device, hub, result, why: reason ?? planned.get(`${hub}/${device}`) ?? '' };
  });
}

function changeRow(change: Change): DeviceRow {
  return { device: change.id, hub: change.hub, result: change.kind, why: describeChange(change) };
}

function needsSomebody({ result }: DeviceRow): boolean {
  return ['failed', 'unknown', 'conflict', 'blocked'].includes(result);
}

function listTable({ listed }: Report): DeviceTable {
  const rows = listed.map(({ device, hub, managed }) => {
    return [device.id, hub, device.status, device.authentication, managed ? 'yes' : 'no'];
  });
  return { head: ['Device', 'Hub', 'Status', 'Signs in by', 'In the manifest'], rows };
}
