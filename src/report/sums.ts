import type { Rotation } from '../model/plan.ts';
import { rotationNames } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';
import { plural } from './counts.ts';
import { ownerLabel, ownerLabels } from './owners.ts';

/**
 * Sums up a table of devices beyond its counts, one line each:
 * `certificates: staging a new certificate (1000 devices)`.
 */
export function sumLines(
  report: Pick<Report, 'command' | 'changes' | 'outcomes' | 'owner' | 'kept'>,
): readonly string[] {
  const tagged = taggedDevices(report);
  const rotations = rotationCounts(report);
  const { kept = 0 } = report;
  const refused = report.outcomes.filter(({ owner }) => owner === 'refused').length;
  const owners = report.command === 'verify' ? ownerCounts(report) : [];
  return [
    ...(rotations.length === 0 ? [] : [sums.certificates(rotations)]),
    ...(tagged === 0 ? [] : [sums.tags(tagged)]),
    ...(owners.length === 0 ? [] : [sums.owners(owners)]),
    ...(refused === 0 ? [] : [sums.refused(refused)]),
    ...(kept === 0 ? [] : [sums.kept(kept)]),
  ];
}

/** The texts of these lines. */
export const sums = {
  certificates: (rotations: readonly (readonly [rotation: Rotation, devices: number])[]) => {
    const texts = rotations.map(([rotation, count]) => `${rotationNames[rotation]} (${plural(count, 'device')})`);
    return `certificates: ${texts.join(', ')}`;
  },

  tags: (devices: number) => `tags: ${plural(devices, 'device')}`,

  owners: (owners: readonly (readonly [owner: string, devices: number])[]) => {
    return `owners: ${owners.map(([owner, count]) => `${owner} (${plural(count, 'device')})`).join(', ')}`;
  },

  refused: (devices: number) =>
    `owner: the hub refused this run's mark of ${plural(devices, 'new device')}, so prune cannot remove them`,

  kept: (devices: number) =>
    `${plural(devices, 'device')} that no manifest declares any more: prune leaves them, since they are not this repository's`,
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

/** Counts the devices of each owner, this repository first. */
function ownerCounts({ changes, owner }: Pick<Report, 'changes' | 'owner'>): readonly (readonly [string, number])[] {
  const counted = new Map<string, number>();
  for (const change of changes) {
    const name = 'found' in change ? ownerLabel(change.found, owner) : undefined;
    if (name !== undefined) counted.set(name, (counted.get(name) ?? 0) + 1);
  }
  return [...counted].sort(([a], [b]) => Number(b === ownerLabels.ours) - Number(a === ownerLabels.ours));
}

function rotationCounts({ changes }: Pick<Report, 'changes'>): readonly (readonly [Rotation, number])[] {
  const counted = new Map<Rotation, number>();
  for (const change of changes) {
    const rotation = 'rotation' in change ? change.rotation : undefined;
    if (rotation !== undefined) counted.set(rotation, (counted.get(rotation) ?? 0) + 1);
  }
  return [...counted];
}
