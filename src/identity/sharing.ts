import type { Finding } from '../model/finding.ts';
import { type BySlot, type Device, slots } from '../model/fleet.ts';
import type { Certificate, Thumbprint } from '../model/identity.ts';
import { finding } from '../rules/rules.ts';

/** Whose a certificate, key or thumbprint is: the first device that names it. */
export type Owners = Map<string, Owner>;

interface Owner {
  readonly device: Device;
  /** Where it names it: `certificates.primary`. */
  readonly key: string;
}

export interface Belongings {
  readonly certificates: BySlot<Certificate>;
  /** Given ones, normalised. */
  readonly thumbprints: BySlot<Thumbprint>;
}

/**
 * Enters what a device has among the owners, and finds what an earlier device has already.
 * One finding for each slot at most. One id in two hubs is one device, which may fail over from one to the other.
 */
export function claim(owners: Owners, device: Device, belongings: Belongings): readonly Finding[] {
  const findings: Finding[] = [];
  const reported = new Set<string>();
  for (const slot of slots) {
    const marks = marksOf(belongings, slot);
    const taken = marks.find(({ mark }) => isAnothers(owners.get(mark)?.device, device));
    if (taken !== undefined && !reported.has(taken.mark)) {
      reported.add(taken.mark);
      const owner = owners.get(taken.mark);
      if (owner !== undefined) findings.push(shared(device, owner, `${taken.key}.${slot}`, taken.what));
    }
    for (const { mark, key } of marks) {
      if (!owners.has(mark)) owners.set(mark, { device, key: `${key}.${slot}` });
    }
  }
  return findings;
}

/** What two devices must not share, the whole before its parts. */
function marksOf({ certificates, thumbprints }: Belongings, slot: 'primary' | 'secondary') {
  const certificate = certificates[slot];
  const given = thumbprints[slot]?.toLowerCase();
  const ofCertificate =
    certificate === undefined
      ? []
      : [
          mark(certificate.thumbprints.sha256.toLowerCase(), 'certificates', `the certificate ${certificate.path}`),
          mark(certificate.thumbprints.sha1.toLowerCase(), 'certificates', `the certificate ${certificate.path}`),
          mark(`key ${certificate.publicKeyDigest}`, 'certificates', `the public key of ${certificate.path}`),
        ];
  return given === undefined ? ofCertificate : [...ofCertificate, mark(given, 'thumbprints', `the ${slot} thumbprint`)];
}

function mark(text: string, key: 'certificates' | 'thumbprints', what: string) {
  return { mark: text, key, what };
}

function isAnothers(owner: Device | undefined, device: Device): boolean {
  return owner !== undefined && owner.id !== device.id;
}

function shared(device: Device, owner: Owner, key: string, what: string): Finding {
  const place = owner.device.place(owner.key);
  const at = `${place.file}:${place.line}`;
  const subject = { place: device.place(key), device: device.id, hub: device.hub };
  return finding('certificate/shared-between-devices', { other: owner.device.id, at, what }, subject);
}
