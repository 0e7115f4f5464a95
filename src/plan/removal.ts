import type { Finding } from '../model/finding.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Removal } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import { finding } from '../rules/rules.ts';
import { foreignness } from './compare.ts';
import { removalMark } from './status.ts';

/** What to do with devices that the manifests no longer declare. */
export type Prune = 'none' | 'disable' | 'delete';

/**
 * Plans the removal of devices that were declared before and no longer are. Removes only edge devices that sign in with
 * thumbprints, because any other device is not the declared one. With `disable`, a device that is disabled already does not change.
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

/**
 * Gives a plan/parent-removed finding for each remaining device that connects through a removed one. A device whose parent the
 * manifest changes or removes is not affected.
 */
export function orphans(
  hub: HubHost,
  removals: readonly Removal[],
  staying: readonly (readonly [Identity, RegisteredDevice])[],
): readonly Finding[] {
  const scopes = new Map(removals.map(({ id, found }) => [found.deviceScope, id]));
  return staying.flatMap(([{ device }, found]) => {
    if (device.parent !== undefined) return [];
    const parent = found.parentScopes?.map((scope) => scopes.get(scope)).find((id) => id !== undefined);
    if (parent === undefined) return [];
    const subject = { place: device.place('id'), device: device.id, hub };
    return [finding('plan/parent-removed', { id: device.id, parent }, subject)];
  });
}
