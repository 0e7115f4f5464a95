import type { Finding } from '../model/finding.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Removal } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import { finding } from '../rules/rules.ts';
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

/**
 * plan/parent-removed: a device that stays connects through one that goes. Only a device that the manifest gives another parent, or
 * none, does so no longer.
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
