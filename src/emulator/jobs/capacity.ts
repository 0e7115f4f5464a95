import type { Capacity } from '../../model/capacity.ts';

/**
 * Lines of an import job a minute, whatever the units. Nowhere documented: "about a million an hour on S3" is the one figure known, and
 * the other tiers are taken to be as much slower as they are at registry operations.
 */
export function importedPerMinute({ tier }: Capacity): number {
  const onLarge = 1_000_000 / 60;
  return tier === 'S3' ? onLarge : onLarge / 50;
}
