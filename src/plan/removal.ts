import type { HubHost } from '../model/fleet.ts';
import type { Removal } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import { foreignness } from './compare.ts';
import { removalMark } from './status.ts';

/** What becomes of devices that the manifests no longer declare. */
export type Prune = 'none' | 'disable' | 'delete';

/**
 * What has to happen to the devices that were once declared and no longer are. Only to edge devices that sign in by thumbprints:
 * another one is not what was declared. One that is disabled already stays as it is, whoever did that.
 */
export function planRemovals(
  hub: HubHost,
  gone: Iterable<RegisteredDevice>,
  prune: Prune = 'none',
): readonly Removal[] {
  if (prune === 'none') return [];
  return [...gone].flatMap((found): readonly Removal[] => {
    const { id } = found;
    if (foreignness(found) !== undefined) return [];
    if (prune === 'delete') {
      const reasons = [{ field: 'registration', before: 'registered', after: null }] as const;
      return [{ kind: 'delete', id, hub, found, reasons }];
    }
    if (found.status === 'disabled') return [];
    const reasons = [
      { field: 'status', before: 'enabled', after: 'disabled' },
      { field: 'statusReason', before: found.statusReason ?? null, after: removalMark },
    ] as const;
    return [{ kind: 'disable', id, hub, found, reasons }];
  });
}
