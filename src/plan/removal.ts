import type { Finding, Judged } from '../model/finding.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Owner } from '../model/owner.ts';
import type { Removal } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import { finding } from '../rules/rules.ts';
import { foreignness } from './compare.ts';
import { otherOwner, ownership } from './ownership.ts';
import { removalMark } from './status.ts';

/** What to do with devices that the manifests no longer declare. */
export type Prune = 'none' | 'disable' | 'delete';

/** A device in the hub that was declared before and no longer is. */
export interface Gone {
  readonly found: RegisteredDevice;
  /** The newest state of the branch is the first that does not declare it. */
  readonly justNow: boolean;
}

interface RemovalOptions {
  /** `none` if absent. */
  readonly prune?: Prune;
  readonly owner?: Owner;
}

/**
 * Plans the removal of devices that were declared before and no longer are. Removes only devices that bear our mark: that a manifest
 * declared a device does not make it ours. Of these, removes only edge devices that sign in with thumbprints, because any other
 * device is not the declared one. With `disable`, a device that is disabled already does not change.
 */
export function planRemovals(hub: HubHost, gone: readonly Gone[], options: RemovalOptions): readonly Removal[] {
  const { prune = 'none', owner } = options;
  if (prune === 'none' || owner === undefined) return [];
  return gone.flatMap(({ found }): readonly Removal[] => {
    if (!isRemovable(found, prune) || ownership(found.twin, owner) !== 'ours') return [];
    const { id } = found;
    if (prune === 'delete') {
      const reasons = [{ field: 'registration', before: 'registered', after: null }] as const;
      return [{ kind: 'delete', id, hub, owner, found, reasons }];
    }
    const reasons = [
      { field: 'status', before: 'enabled', after: 'disabled' },
      { field: 'statusReason', before: found.statusReason ?? null, after: removalMark },
    ] as const;
    return [{ kind: 'disable', id, hub, owner, found, reasons }];
  });
}

/**
 * Counts the devices that stay only because they are not ours. Gives a plan/stays finding for each that the newest state dropped, so
 * that the pull request that drops it names it.
 */
export function keptDevices(hub: HubHost, gone: readonly Gone[], options: RemovalOptions): Judged<number> {
  const { prune = 'none', owner: ours } = options;
  if (prune === 'none') return { value: 0, findings: [] };
  const kept = gone.filter(({ found }) => isRemovable(found, prune) && ownership(found.twin, ours) !== 'ours');
  const findings = kept.flatMap(({ found, justNow }): readonly Finding[] => {
    if (!justNow) return [];
    const { id } = found;
    const owner = ownership(found.twin, ours) === 'foreign' ? { owner: otherOwner(found, ours) } : {};
    return [finding('plan/stays', { id, ...owner }, { device: id, hub })];
  });
  return { value: kept.length, findings };
}

function isRemovable(found: RegisteredDevice, prune: Prune): boolean {
  return foreignness(found) === undefined && (prune === 'delete' || found.status !== 'disabled');
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
