import { type Capacity, operationsPerMinute } from '../model/capacity.ts';
import type { Change } from '../model/plan.ts';

/** What the changes of one hub will take. */
export interface Estimate {
  /** Registry operations: one for each device that is created, updated or removed. */
  readonly operations: number;
  /** Devices whose tags are written afterwards. New devices are created with theirs. */
  readonly tags: number;
  /** Duration at the pace that the quota allows. */
  readonly minutes: number;
  /** Registry operations a minute: the quota of `capacity`; if that is not known, the smallest quota that a hub has. */
  readonly perMinute: number;
  /** If absent, not known. */
  readonly capacity?: Capacity;
}

/** The smallest hub. */
const least: Capacity = { tier: 'S1', units: 1 };

export function estimate(changes: readonly Change[], capacity: Capacity | undefined): Estimate {
  const operations = changes.filter(isOperation).length;
  const tags = changes.filter((change) => change.kind === 'update' && change.tags !== undefined).length;
  const rates = operationsPerMinute(capacity ?? least);
  const minutes = operations / rates.registry + tags / rates['twin-write'];
  return { operations, tags, minutes, perMinute: rates.registry, ...(capacity === undefined ? {} : { capacity }) };
}

/** Whether the change takes a registry operation. */
export function isOperation(change: Change): boolean {
  switch (change.kind) {
    case 'create':
    case 'disable':
    case 'delete':
      return true;
    case 'update':
      return change.registers;
    default:
      return false;
  }
}
