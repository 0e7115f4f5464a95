import type { Capacity } from '../../model/capacity.ts';

/**
 * Lines a minute of an import job, for any number of units. This is not documented. The only known figure is "about a
 * million an hour on S3"; the other tiers are assumed to be slower by the same factor as in registry operations.
 */
export function importedPerMinute({ tier }: Capacity): number {
  const onLarge = 1_000_000 / 60;
  return tier === 'S3' ? onLarge : onLarge / 50;
}
