import type { Capacity } from '../../model/capacity.ts';
import type { JobLimits } from './scheduled/scheduled-jobs.ts';

/**
 * Lines a minute of an import job, for any number of units. This is not documented. The only known figure is "about a
 * million an hour on S3"; the other tiers are assumed to be slower by the same factor as in registry operations.
 */
export function importedPerMinute({ tier }: Capacity): number {
  const onLarge = 1_000_000 / 60;
  return tier === 'S3' ? onLarge : onLarge / 50;
}

/**
 * What jobs on queries may do, with any number of units.
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-quotas-throttling (active jobs; device operation throughput)
 */
export function jobLimits({ tier, units }: Capacity): JobLimits {
  if (tier === 'S3') return { active: 10, devicesPerSecond: 50 * units };
  if (tier === 'S2') return { active: 5, devicesPerSecond: Math.max(10, units) };
  return { active: 1, devicesPerSecond: 10 };
}
