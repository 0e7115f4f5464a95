import type { Finding } from '../model/finding.ts';
import { type BySlot, type Device, type Slot, slots } from '../model/fleet.ts';
import type { Certificate, Thumbprint } from '../model/identity.ts';
import type { Shared } from '../rules/certificate.ts';
import { finding } from '../rules/rules.ts';

/** The owner of each certificate, key and thumbprint: the first device that names it. */
export type Owners = Map<string, Owner>;

interface Owner {
  readonly device: Device;
  /** The key with which the device names it: `certificates.primary`. */
  readonly key: string;
}

export interface Belongings {
  readonly certificates: BySlot<Certificate>;
  /** The given thumbprints, normalised. */
  readonly thumbprints: BySlot<Thumbprint>;
}

/**
 * Registers a device as the owner of what it has, and finds what an earlier device owns already.
 * Gives at most one finding for each slot. The same id in two hubs is one device, which may fail over between them.
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
      if (owner !== undefined) findings.push(sharedFinding(device, owner, `${taken.key}.${slot}`, taken.shared));
    }
    for (const { mark, key } of marks) {
      if (!owners.has(mark)) owners.set(mark, { device, key: `${key}.${slot}` });
    }
  }
  return findings;
}

/** The things of one slot that two devices must not share: the certificate first, then its key, then a given thumbprint. */
function marksOf({ certificates, thumbprints }: Belongings, slot: Slot) {
  const certificate = certificates[slot];
  const given = thumbprints[slot]?.toLowerCase();
  const ofCertificate =
    certificate === undefined
      ? []
      : [
          mark(certificate.thumbprints.sha256.toLowerCase(), 'certificates', { certificate: certificate.path }),
          mark(certificate.thumbprints.sha1.toLowerCase(), 'certificates', { certificate: certificate.path }),
          mark(`key ${certificate.publicKeyDigest}`, 'certificates', { keyOf: certificate.path }),
        ];
  return given === undefined ? ofCertificate : [...ofCertificate, mark(given, 'thumbprints', { thumbprint: slot })];
}

function mark(text: string, key: 'certificates' | 'thumbprints', shared: Shared) {
  return { mark: text, key, shared };
}

function isAnothers(owner: Device | undefined, device: Device): boolean {
  return owner !== undefined && owner.id !== device.id;
}

function sharedFinding(device: Device, owner: Owner, key: string, shared: Shared): Finding {
  const place = owner.device.place(owner.key);
  const at = `${place.file}:${place.line}`;
  const subject = { place: device.place(key), device: device.id, hub: device.hub };
  return finding('certificate/shared-between-devices', { other: owner.device.id, at, shared }, subject);
}
