import type { Change } from '../model/plan.ts';
import { describeChange } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';

/**
 * The devices as a table: for `apply` the results, for the other commands the planned changes. The cells are not
 * escaped.
 */
export interface DeviceTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Returns the rows of `deviceRows`; for `list`, all devices that the hubs have. */
export function deviceTable(report: Report): DeviceTable {
  if (report.command === 'list') return listTable(report);
  return {
    head: report.outcomes.length > 0 ? heads.outcomes : heads.changes,
    rows: deviceRows(report).map(({ device, hub, result, why }) => [device, hub, result, why]),
  };
}

/** Column heads of the tables of devices. */
export const heads = {
  changes: ['Device', 'Hub', 'Change', 'Why'],
  outcomes: ['Device', 'Hub', 'Result', 'Why'],
  listed: ['Device', 'Hub', 'Status', 'Signs in by', 'In the manifest'],
} as const;

/** Returns the devices that change or changed, or could not. Those that somebody has to look at come first. */
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
  return { head: heads.listed, rows };
}
