import { Fault } from './fault.ts';

/** What the service's quotas are counted by. */
export const operationClasses = ['registry', 'query', 'twin-read', 'twin-write', 'job'] as const;
export type OperationClass = (typeof operationClasses)[number];

/** Size of a hub: tier and number of units. */
export interface Capacity {
  readonly tier: Tier;
  readonly units: number;
}

type Tier = keyof typeof mostUnits;

const mostUnits = { F1: 1, S1: 200, S2: 200, S3: 10 } as const;
const expected = 'S1x1 to S1x200, S2x1 to S2x200, S3x1 to S3x10, or F1x1';

/** Reads `S1x2`: two units of S1. Throws a usage `Fault` for what no hub can have; `name` is the option's. */
export function parseCapacity(text: string, name: string): Capacity {
  const [, named = '', units = ''] = /^([A-Z]\d)x(\d{1,3})$/i.exec(text.trim()) ?? [];
  const tier = named.toUpperCase();
  if (isTier(tier) && Number(units) >= 1 && Number(units) <= mostUnits[tier]) return { tier, units: Number(units) };
  throw new Fault(`${name}: ${JSON.stringify(text)} is not ${expected}`, `Give ${name} ${expected}.`, {
    kind: 'usage',
  });
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
    // Documented by the second; units of S1 do not add up, and those of S2 only beyond ten.
    'twin-read': 60 * twinOperations(tier, units, 100, 500),
    'twin-write': 60 * twinOperations(tier, units, 50, 250),
    job: perUnit(100, 5000),
  };
}

function twinOperations(tier: Tier, units: number, least: number, perLargeUnit: number): number {
  if (tier === 'S3') return units * perLargeUnit;
  return tier === 'S2' ? Math.max(least, (units * least) / 10) : least;
}
