import type { ChangeKind, DeviceOutcome } from '../model/plan.ts';
import type { Report } from '../model/report.ts';

/** How many devices have which result, done or planned. */
export interface Counts {
  readonly created: number;
  readonly updated: number;
  /** Devices that became this repository's. One that was updated too counts there as well. */
  readonly claimed: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly failed: number;
  readonly unknown: number;
}

/** Counts what was done. All counts are zero if nothing was written. */
export function outcomeCounts({ outcomes }: Report): Counts {
  const count = (result: DeviceOutcome['result']) => outcomes.filter((outcome) => outcome.result === result).length;
  return {
    created: count('created'),
    updated: count('updated'),
    claimed: outcomes.filter(({ owner }) => owner === 'claimed').length,
    unchanged: count('unchanged'),
    removed: count('removed'),
    failed: count('failed'),
    unknown: count('unknown'),
  };
}

/** Counts what `apply` has done, or what the other commands plan. A conflict and a blocked change count as failed. */
export function counts(report: Report): Counts {
  if (report.command === 'apply') return outcomeCounts(report);
  const count = (...kinds: readonly ChangeKind[]) => report.changes.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    created: count('create'),
    updated: count('update'),
    claimed: report.changes.filter((change) => 'claim' in change && change.claim !== undefined).length,
    unchanged: count('unchanged'),
    removed: count('disable', 'delete'),
    failed: count('conflict', 'blocked'),
    unknown: 0,
  };
}

/** `1 device`, `1,000 devices` */
export function plural(count: number, noun: string): string {
  return `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** `1,000`. Unlike `toLocaleString`, it loads nothing, so `validate` starts as fast. */
export function number(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ',');
}
