import { type Identity, sameThumbprint } from '../model/identity.ts';
import type { Rotation } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';

/** Returns one name for every thumbprint of a certificate, or undefined for an empty slot. */
export type NameOf = (thumbprint: string | undefined) => string | undefined;

/**
 * Returns what a change of thumbprints does to the certificates behind them, or undefined if no thumbprint changes. Thumbprints of
 * a certificate in the manifest, now or at the commit before, are recognised in both digests. Other certificates are compared by
 * their thumbprints: without the certificate, a SHA-1 and a SHA-256 of it cannot be matched.
 */
export function rotationOf(identity: Identity, found: RegisteredDevice, before?: Identity): Rotation | undefined {
  const { primary, secondary } = identity.thumbprints;
  const slots = found.thumbprints;
  const same = sameThumbprint(slots.primary, primary) && sameThumbprint(slots.secondary, secondary);
  if (same || found.authentication !== 'selfSigned') return undefined;
  const name = certificateNames(identity, before);
  return rotation([name(slots.primary), name(slots.secondary)], [name(primary), name(secondary)]);
}

/** Each pair holds the primary and the secondary slot; an empty slot is undefined. */
function rotation(before: readonly (string | undefined)[], after: readonly (string | undefined)[]): Rotation {
  const old = new Set(before.filter((name) => name !== undefined));
  const next = new Set(after.filter((name) => name !== undefined));
  if (old.size === 0) return 'first';
  const kept = [...old].filter((name) => next.has(name)).length;
  if (kept === 0) return 'lockout';
  if (kept < old.size) return kept < next.size ? 'replacing' : 'dropping';
  if (kept < next.size) return 'staging';
  if (before[0] === after[0] && before[1] === after[1]) return 'other-digest';
  return old.size === 2 ? 'swap' : 'filling';
}

/**
 * Returns one name for both digests of a certificate: its SHA-256, if the manifest has the certificate, now or at the commit
 * before.
 */
export function certificateNames(identity: Identity, before?: Identity): NameOf {
  return (thumbprint) => {
    if (thumbprint === undefined || thumbprint === '') return undefined;
    const known = [identity, before]
      .flatMap((one) => [one?.certificates.primary, one?.certificates.secondary])
      .find((certificate) => sameThumbprint(certificate?.thumbprints.sha1, thumbprint));
    return (known?.thumbprints.sha256 ?? thumbprint).toLowerCase();
  };
}
