import type { Finding } from '../model/finding.ts';
import type { DeviceId, HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { CarriedLoss } from '../rules/plan.ts';
import { finding } from '../rules/rules.ts';

/** A device that would be cut off, and why. */
export interface Loss {
  readonly identity: Identity;
  readonly loss: CarriedLoss;
}

/**
 * Returns one finding plan/carried-certificate for all devices that need the same remedy: a careless commit may overwrite the
 * certificates of a whole fleet. The finding stands at the first of them.
 */
export function carriedFindings(hub: HubHost, losses: readonly Loss[]): readonly Finding[] {
  const groups = new Map<string, Loss[]>();
  for (const one of losses) {
    const remedy = JSON.stringify([one.loss.carried, one.loss.slot, one.loss.staged]);
    const group = groups.get(remedy);
    if (group === undefined) groups.set(remedy, [one]);
    else group.push(one);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const ids: readonly DeviceId[] = group.map(({ identity }) => identity.device.id);
    const { device } = first.identity;
    const subject = { place: device.place(keyOf(first)), hub, ...(ids.length === 1 ? { device: device.id } : {}) };
    return [finding('plan/carried-certificate', { ids, ...first.loss }, subject)];
  });
}

/** The key of the manifest whose value drops the certificate. */
function keyOf({ identity: { device }, loss: { slot } }: Loss): string {
  const kind = device.thumbprints.primary === undefined ? 'certificates' : 'thumbprints';
  const own = `${kind}.${slot}`;
  // A manifest that names only the primary certificate fills both slots with it.
  return device[kind][slot] === undefined ? `${kind}.primary` : own;
}
