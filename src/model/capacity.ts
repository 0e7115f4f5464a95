import { modelFault } from './faults.ts';

/** The classes of operations for which IoT Hub has separate quotas. */
export const operationClasses = ['registry', 'query', 'twin-read', 'twin-write', 'configuration', 'job'] as const;
export type OperationClass = (typeof operationClasses)[number];

/** The size of a hub: its tier and its number of units. */
export interface Capacity {
  readonly tier: Tier;
  readonly units: number;
}

type Tier = keyof typeof mostUnits;

const mostUnits = { F1: 1, S1: 200, S2: 200, S3: 10 } as const;
const sizes = 'S1x1 to S1x200, S2x1 to S2x200, S3x1 to S3x10, or F1x1';

/**
 * Reads `S1x2` as two units of S1. Throws a usage `Fault` for a size that no hub can have.
 * @param name the option that gave the text, for the message
 */
export function parseCapacity(text: string, name: string): Capacity {
  const [, named = '', units = ''] = /^([A-Z]\d)x(\d{1,3})$/i.exec(text.trim()) ?? [];
  const tier = named.toUpperCase();
  if (isTier(tier) && Number(units) >= 1 && Number(units) <= mostUnits[tier]) return { tier, units: Number(units) };
  throw modelFault('impossible-capacity', { option: name, given: text, sizes });
}

function isTier(text: string): text is Tier {
  return Object.hasOwn(mostUnits, text);
}

/**
 * Operations a minute.
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-quotas-throttling#operation-throttles
 */
export function operationsPerMinute({ tier, units }: Capacity): Readonly<Record<OperationClass, number>> {
  const large = tier === 'S3';
  const perUnit = (small: number, big: number) => units * (large ? big : small);
  return {
    registry: perUnit(100, 5000),
    query: perUnit(20, 1000),
    // The documentation gives these per second. Units of S1 do not add up; units of S2 count only from the eleventh.
    'twin-read': 60 * twinOperations(tier, units, 100, 500),
    'twin-write': 60 * twinOperations(tier, units, 50, 250),
    configuration: perUnit(20, 20),
    job: perUnit(100, 5000),
  };
}

function twinOperations(tier: Tier, units: number, least: number, perLargeUnit: number): number {
  if (tier === 'S3') return units * perLargeUnit;
  return tier === 'S2' ? Math.max(least, (units * least) / 10) : least;
}
