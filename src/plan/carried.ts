import { slots } from '../model/fleet.ts';
import { type Certificate, type Identity, sameThumbprint } from '../model/identity.ts';
import type { MustCarry, Past } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import type { CarriedLoss, MissedStaging } from '../rules/plan.ts';
import { certificateNames } from './rotation.ts';

/**
 * What a change that drops one of two certificates does to the certificate that the device carries. `loss`: the hub would drop
 * it. `mustCarry`: which certificate the device carries is not known, and it is cut off if it does not carry this one.
 */
export type Carrying = { readonly loss: CarriedLoss } | { readonly mustCarry: MustCarry };

/**
 * Judges a change of thumbprints. Certificates are compared, not slots, so a swap drops nothing. Returns undefined if the hub goes
 * on accepting the certificate that the device carries, and if it accepts none of the old ones: that is a lockout.
 * @param before the device at the commit before. It tells which certificate the device carries, but only if the hub has its
 * certificates now. It does not after a failed apply, a re-run, or a change by another client.
 */
export function carrying(identity: Identity, found: RegisteredDevice, before?: Identity): Carrying | undefined {
  if (!dropsSome(identity, found, before)) return undefined;
  const name = certificateNames(identity, before);
  const accepted = namesIn(found.thumbprints, name);
  const wanted = namesIn(identity.thumbprints, name);
  if ([...accepted].every((one) => !wanted.has(one))) return undefined;
  const { slot } = identity.device.identity;
  const staged = accepted.has(name(identity.thumbprints[slot]));
  if (before !== undefined && isEqual(namesIn(before.thumbprints, name), accepted)) {
    const carried = before.device.identity.slot;
    if (wanted.has(name(before.thumbprints[carried]))) return undefined;
    return { loss: { carried: 'known', slot: carried, staged } };
  }
  if (!staged) return { loss: { carried: 'unknown', slot, staged } };
  return { mustCarry: { slot, thumbprint: identity.thumbprints[slot] } };
}

/**
 * Returns which certificate a device cannot have yet, or undefined if it may have it. The change drops a certificate, the one that
 * stays came onto the branch after the dropped one, and the device was not active since.
 */
export function missedStaging(identity: Identity, found: RegisteredDevice, past: Past): MissedStaging | undefined {
  const before = past.before.get(identity.device.id);
  if (found.lastActivity === undefined || before === undefined || found.authentication !== 'selfSigned')
    return undefined;
  const name = certificateNames(identity, before);
  const accepted = namesIn(found.thumbprints, name);
  const wanted = namesIn(identity.thumbprints, name);
  const dropped = slots.find((slot) => {
    const one = name(before.thumbprints[slot]);
    return accepted.has(one) && !wanted.has(one);
  });
  const slot = slots.find((each) => accepted.has(name(identity.thumbprints[each])));
  if (dropped === undefined || slot === undefined) return undefined;
  const old = timeOf(before.certificates[dropped], past);
  const staged = timeOf(identity.certificates[slot], past);
  if (old === undefined || staged === undefined || old >= staged || found.lastActivity >= staged) return undefined;
  return { slot, active: found.lastActivity, staged };
}

function timeOf(certificate: Certificate | undefined, { committed }: Past): number | undefined {
  return certificate === undefined ? undefined : committed(certificate);
}

/** Whether the hub would no longer accept one of the certificates that it accepts now, or both. */
export function dropsSome(identity: Identity, found: RegisteredDevice, before?: Identity): boolean {
  if (found.authentication !== 'selfSigned') return false;
  // Most devices of a run are unchanged.
  if (slots.every((slot) => sameThumbprint(found.thumbprints[slot], identity.thumbprints[slot]))) return false;
  const name = certificateNames(identity, before);
  const wanted = namesIn(identity.thumbprints, name);
  return [...namesIn(found.thumbprints, name)].some((one) => !wanted.has(one));
}

function namesIn(
  { primary, secondary }: RegisteredDevice['thumbprints'],
  name: ReturnType<typeof certificateNames>,
): ReadonlySet<string | undefined> {
  return new Set([name(primary), name(secondary)].filter((one) => one !== undefined));
}

function isEqual(one: ReadonlySet<unknown>, other: ReadonlySet<unknown>): boolean {
  return one.size === other.size && [...one].every((item) => other.has(item));
}
