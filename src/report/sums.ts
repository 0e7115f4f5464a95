import type { Report } from '../model/report.ts';
import { number, plural } from './counts.ts';
import { ownerLabel, ownerLabels } from './owners.ts';

/** Says what the list of changes does not show, one line each: `owners: this repository (2 devices), none (1 device)`. */
export function sumLines(
  report: Pick<Report, 'command' | 'changes' | 'outcomes' | 'owner' | 'kept'>,
): readonly string[] {
  const { kept = 0 } = report;
  const refused = report.outcomes.filter(({ owner }) => owner === 'refused').length;
  const owners = report.command === 'verify' ? ownerCounts(report) : [];
  return [
    ...(owners.length === 0 ? [] : [sums.owners(owners)]),
    ...(refused === 0 ? [] : [sums.refused(refused)]),
    ...(kept === 0 ? [] : [sums.kept(kept)]),
  ];
}

/** The texts of these lines. */
export const sums = {
  owners: (owners: readonly (readonly [owner: string, devices: number])[]) => {
    return `Owners: ${owners.map(([owner, count]) => `${owner} (${plural(count, 'device')})`).join(', ')}`;
  },

  refused: (devices: number) =>
    `Owner: the hub refused this run's mark of ${plural(devices, 'new device')}, so prune cannot remove them`,

  kept: (devices: number) =>
    devices === 1
      ? "Kept: 1 device that no manifest declares any more; prune leaves it, since it is not this repository's"
      : `Kept: ${number(devices)} devices that no manifest declares any more; prune leaves them, since they are not this repository's`,
};

/** Counts the devices of each owner, this repository first. */
function ownerCounts({ changes, owner }: Pick<Report, 'changes' | 'owner'>): readonly (readonly [string, number])[] {
  const counted = new Map<string, number>();
  for (const change of changes) {
    const name = 'found' in change ? ownerLabel(change.found, owner) : undefined;
    if (name !== undefined) counted.set(name, (counted.get(name) ?? 0) + 1);
  }
  return [...counted].sort(([a], [b]) => Number(b === ownerLabels.ours) - Number(a === ownerLabels.ours));
}
