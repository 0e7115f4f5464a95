import { type Capacity, operationsPerMinute } from '../model/capacity.ts';
import type { Change } from '../model/plan.ts';

/** What the changes of one hub will take. */
export interface Estimate {
  /** Registry operations: one for each device that is created, updated or removed. */
  readonly operations: number;
  /** Devices that import jobs can write. Removals go in bulks, each directly after its mark was read. */
  readonly importable: number;
  /** Devices whose tags or marks are written afterwards. New devices are created with theirs. */
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
  const tags = changes.filter(writesTwin).length;
  const rates = operationsPerMinute(capacity ?? least);
  const minutes = operations / rates.registry + tags / rates['twin-write'];
  const importable = changes.filter(isImportable).length;
  return {
    operations,
    importable,
    tags,
    minutes,
    perMinute: rates.registry,
    ...(capacity === undefined ? {} : { capacity }),
  };
}

/** Whether an import job can write the change. */
export function isImportable(change: Change): boolean {
  return isOperation(change) && change.kind !== 'disable' && change.kind !== 'delete';
}

/** Whether the change writes into the twin of an existing device. */
export function writesTwin(change: Change): boolean {
  return change.kind === 'claim' || (change.kind === 'update' && (change.tags ?? change.claim) !== undefined);
}

/** Whether the change takes a registry operation. */
function isOperation(change: Change): boolean {
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
