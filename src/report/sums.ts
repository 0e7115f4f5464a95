import type { Rotation } from '../model/plan.ts';
import { rotationNames } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';
import { plural } from './counts.ts';

/** What a long table of devices comes to beside its counts, a line each: `certificates: staging a new certificate (1000 devices)`. */
export function sumLines(report: Pick<Report, 'changes' | 'outcomes'>): readonly string[] {
  const tagged = taggedDevices(report);
  const tags = tagged === 0 ? [] : [`tags: ${plural(tagged, 'device')}`];
  return [...rotationLines(report), ...tags];
}

/** Devices whose tags were written; of a plan, would be. They are no registry operations, and counted apart. */
function taggedDevices({ changes, outcomes }: Pick<Report, 'changes' | 'outcomes'>): number {
  if (outcomes.length > 0) return outcomes.filter(({ tags }) => tags === 'written').length;
  return changes.filter((change) => {
    if (change.kind === 'create') return change.registration.tags !== undefined;
    return change.kind === 'update' && change.tags !== undefined;
  }).length;
}

function rotationLines({ changes }: Pick<Report, 'changes'>): readonly string[] {
  const sums = new Map<Rotation, number>();
  for (const change of changes) {
    const rotation = 'rotation' in change ? change.rotation : undefined;
    if (rotation !== undefined) sums.set(rotation, (sums.get(rotation) ?? 0) + 1);
  }
  const rotations = [...sums].map(([rotation, count]) => `${rotationNames[rotation]} (${plural(count, 'device')})`);
  return rotations.length === 0 ? [] : [`certificates: ${rotations.join(', ')}`];
}
