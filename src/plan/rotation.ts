import { type Identity, sameThumbprint } from '../model/identity.ts';
import type { Rotation } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';

/**
 * What a change of thumbprints does with the certificates behind them, or nothing where it changes none. Certificates are told
 * by those of the manifest where it has them, and by their thumbprints else: nobody can tell that a SHA-1 and a SHA-256 are of
 * one certificate which is not there.
 */
export function rotationOf(identity: Identity, found: RegisteredDevice): Rotation | undefined {
  const { primary, secondary } = identity.thumbprints;
  const before = found.thumbprints;
  const same = sameThumbprint(before.primary, primary) && sameThumbprint(before.secondary, secondary);
  if (same || found.authentication !== 'selfSigned') return undefined;
  const name = (thumbprint: string | undefined) => certificateName(identity, thumbprint);
  return rotation([name(before.primary), name(before.secondary)], [name(primary), name(secondary)]);
}

/** Each pair is that of the primary and the secondary slot; an empty one holds nothing. */
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

/** Whether two thumbprints are digests of one certificate, as far as the manifest's certificates tell. */
export function sameCertificate(identity: Identity, one: string, other: string): boolean {
  return certificateName(identity, one) === certificateName(identity, other);
}

/** One name for both digests of a certificate: the SHA-256, where the manifest's certificates tell it. */
function certificateName({ certificates }: Identity, thumbprint: string | undefined): string | undefined {
  if (thumbprint === undefined || thumbprint === '') return undefined;
  const known = [certificates.primary, certificates.secondary].find((c) =>
    sameThumbprint(c?.thumbprints.sha1, thumbprint),
  );
  return (known?.thumbprints.sha256 ?? thumbprint).toLowerCase();
}
