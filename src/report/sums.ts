import type { Rotation } from '../model/plan.ts';
import { rotationNames } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';
import { plural } from './counts.ts';

/**
 * Sums up a table of devices beyond its counts, one line each:
 * `certificates: staging a new certificate (1000 devices)`.
 */
export function sumLines(report: Pick<Report, 'changes' | 'outcomes'>): readonly string[] {
  const tagged = taggedDevices(report);
  const rotations = rotationCounts(report);
  return [
    ...(rotations.length === 0 ? [] : [sums.certificates(rotations)]),
    ...(tagged === 0 ? [] : [sums.tags(tagged)]),
  ];
}

/** The texts of these lines. */
export const sums = {
  certificates: (rotations: readonly (readonly [rotation: Rotation, devices: number])[]) => {
    const texts = rotations.map(([rotation, count]) => `${rotationNames[rotation]} (${plural(count, 'device')})`);
    return `certificates: ${texts.join(', ')}`;
  },

  tags: (devices: number) => `tags: ${plural(devices, 'device')}`,
};

/**
 * Counts the devices whose tags were written, or are to be written. Tags are not registry operations, so they have
 * their own line.
 */
function taggedDevices({ changes, outcomes }: Pick<Report, 'changes' | 'outcomes'>): number {
  if (outcomes.length > 0) return outcomes.filter(({ tags }) => tags === 'written').length;
  return changes.filter((change) => {
    if (change.kind === 'create') return change.registration.tags !== undefined;
    return change.kind === 'update' && change.tags !== undefined;
  }).length;
}

function rotationCounts({ changes }: Pick<Report, 'changes'>): readonly (readonly [Rotation, number])[] {
  const counted = new Map<Rotation, number>();
  for (const change of changes) {
    const rotation = 'rotation' in change ? change.rotation : undefined;
    if (rotation !== undefined) counted.set(rotation, (counted.get(rotation) ?? 0) + 1);
  }
  return [...counted];
}
