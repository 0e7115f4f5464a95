import type { Report } from '../model/report.ts';

/** Devices by what became of them; in a plan, by what would. */
export interface Counts {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly removed: number;
  readonly failed: number;
  readonly unknown: number;
}

/** What was done: all zero for a command that writes nothing. */
export function outcomeCounts({ outcomes }: Report): Counts {
  const count = (result: string) => outcomes.filter((outcome) => outcome.result === result).length;
  return {
    created: count('created'),
    updated: count('updated'),
    unchanged: count('unchanged'),
    removed: 0,
    failed: count('failed'),
    unknown: count('unknown'),
  };
}

/** What was done, or, where nothing was, what the plan holds; a conflict or a blocked change counts as failed. */
export function counts(report: Report): Counts {
  if (report.outcomes.length > 0) return outcomeCounts(report);
  const count = (...kinds: readonly string[]) => report.changes.filter(({ kind }) => kinds.includes(kind)).length;
  return {
    created: count('create'),
    updated: count('update'),
    unchanged: count('unchanged'),
    removed: 0,
    failed: count('conflict', 'blocked'),
    unknown: 0,
  };
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
