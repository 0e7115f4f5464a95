import type { Change } from '../model/plan.ts';
import { describeReasons } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';

/** Devices as people read them, every cell as it is: for an apply what became of them, for a plan what would. */
export interface DeviceTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Without the devices that are as they should be; first those that need somebody. Of `list`, all that the hubs have. */
export function deviceTable(report: Report): DeviceTable {
  if (report.command === 'list') return listTable(report);
  const applied = report.outcomes.length > 0;
  const rows = (applied ? outcomeRows(report) : report.changes.map(changeRow)).filter(({ result }) => {
    return result !== 'unchanged';
  });
  const ordered = [...rows.filter(needsSomebody), ...rows.filter((row) => !needsSomebody(row))];
  return {
    head: ['Device', 'Hub', applied ? 'Result' : 'Change', 'Why'],
    rows: ordered.map(({ device, hub, result, why }) => [device, hub, result, why]),
  };
}

interface Row {
  readonly device: string;
  readonly hub: string;
  readonly result: string;
  readonly why: string;
}

function outcomeRows({ outcomes, changes }: Report): readonly Row[] {
  const planned = new Map(changes.map((change) => [`${change.hub}/${change.id}`, why(change)]));
  return outcomes.map(({ device, hub, result, reason }) => {
    return { device, hub, result, why: reason ?? planned.get(`${hub}/${device}`) ?? '' };
  });
}

function changeRow(change: Change): Row {
  return { device: change.id, hub: change.hub, result: change.kind, why: why(change) };
}

function why(change: Change): string {
  if (change.kind === 'create') return 'new';
  return change.kind === 'unchanged' ? '' : describeReasons(change.reasons);
}

function needsSomebody({ result }: Row): boolean {
  return ['failed', 'unknown', 'conflict', 'blocked'].includes(result);
}

function listTable({ listed }: Report): DeviceTable {
  const rows = listed.map(({ device, hub, managed }) => {
    return [device.id, hub, device.status, device.authentication, managed ? 'yes' : 'no'];
  });
  return { head: ['Device', 'Hub', 'Status', 'Signs in by', 'In the manifest'], rows };
}
