import type { Report } from '../model/report.ts';

/**
 * How the words of a report stand to its changes. `planned`: they are to be made; `done`: `apply` has tried to make them;
 * `refused`: `apply` or `plan` has stopped before them; `found`: `verify` has found them as differences.
 */
export type Phase = 'planned' | 'done' | 'refused' | 'found';

export function phaseOf({ command, result, outcomes }: Pick<Report, 'command' | 'result' | 'outcomes'>): Phase {
  if (outcomes.length > 0) return 'done';
  if (command === 'verify') return 'found';
  return result === 'invalid' || command === 'apply' ? 'refused' : 'planned';
}
