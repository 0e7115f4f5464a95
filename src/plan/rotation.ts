import { type Identity, sameThumbprint } from '../model/identity.ts';
import type { Rotation } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';

/**
 * Returns what a change of thumbprints does to the certificates behind them, or undefined if no thumbprint changes. Thumbprints of
 * a certificate in the manifest are recognised in both digests. Other certificates are compared by their thumbprints: without the
 * certificate, a SHA-1 and a SHA-256 of it cannot be matched.
 */
export function rotationOf(identity: Identity, found: RegisteredDevice): Rotation | undefined {
  const { primary, secondary } = identity.thumbprints;
  const before = found.thumbprints;
  const same = sameThumbprint(before.primary, primary) && sameThumbprint(before.secondary, secondary);
  if (same || found.authentication !== 'selfSigned') return undefined;
  const name = (thumbprint: string | undefined) => certificateName(identity, thumbprint);
  return rotation([name(before.primary), name(before.secondary)], [name(primary), name(secondary)]);
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

/** Tells whether two thumbprints are digests of one certificate, as far as the manifest's certificates show. */
export function sameCertificate(identity: Identity, one: string, other: string): boolean {
  return certificateName(identity, one) === certificateName(identity, other);
}

/** Returns one name for both digests of a certificate: its SHA-256, if the manifest has the certificate. */
function certificateName({ certificates }: Identity, thumbprint: string | undefined): string | undefined {
  if (thumbprint === undefined || thumbprint === '') return undefined;
  const known = [certificates.primary, certificates.secondary].find((c) =>
    sameThumbprint(c?.thumbprints.sha1, thumbprint),
  );
  return (known?.thumbprints.sha256 ?? thumbprint).toLowerCase();
}
