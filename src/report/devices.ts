import type { Change } from '../model/plan.ts';
import { describeChange, describeClaim } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';
import { ownerLabel } from './owners.ts';

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
  listed: ['Device', 'Hub', 'Status', 'Signs in by', 'Owner', 'In the manifest'],
} as const;

/** Returns the devices that change or changed, or could not. Those that somebody has to look at come first. */
export function deviceRows(report: Report): readonly DeviceRow[] {
  const all = report.outcomes.length > 0 ? outcomeRows(report) : report.changes.flatMap(changeRows);
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
  const claims = new Map(changes.map((change) => [`${change.hub}/${change.id}`, claimRows(change, 'claimed')]));
  return outcomes.flatMap(({ device, hub, result, reason, owner }) => {
    const name = `${hub}/${device}`;
    const row = { device, hub, result, why: reason ?? planned.get(name) ?? '' };
    return owner === 'claimed' ? [row, ...(claims.get(name) ?? [])] : [row];
  });
}

function changeRows(change: Change): readonly DeviceRow[] {
  const row = { device: change.id, hub: change.hub, result: change.kind, why: describeChange(change) };
  return [row, ...claimRows(change, 'claim')];
}

/** A device that is updated and claimed has a row for each. */
function claimRows(change: Change, result: string): readonly DeviceRow[] {
  if (change.kind !== 'update' || change.claim === undefined) return [];
  return [{ device: change.id, hub: change.hub, result, why: describeClaim(change.claim) }];
}

function needsSomebody({ result }: DeviceRow): boolean {
  return ['failed', 'unknown', 'conflict', 'blocked'].includes(result);
}

function listTable({ listed, owner }: Report): DeviceTable {
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
  return { head: heads.listed, rows };
}
