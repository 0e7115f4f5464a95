import type { X509Certificate } from 'node:crypto';
import type { Identity } from '../devices/identity.ts';
import { Refused } from '../wire/errors.ts';
import { isDeviceSignature } from './sas.ts';

/** How a device proves who it is: by the certificate of its connection, or by a signature with one of its keys. */
export interface DeviceProof {
  readonly header: string | undefined;
  readonly certificate: X509Certificate | undefined;
}

/**
 * Whether a call is one that a device makes for itself. identityd sends no header if it has a certificate, and else a
 * signature that names no policy (Azure/iot-identity-service, aziot-cloud-client-async).
 */
export function isFromDevice({ header, certificate }: DeviceProof): boolean {
  if (header === undefined || header === '') return certificate !== undefined;
  return /^SharedAccessSignature\s/i.test(header) && !/[\s&]skn=[^&]/i.test(header);
}

/** Throws `Refused` unless the proof is that of this device. */
export function requireDevice(
  device: Identity | undefined,
  proof: DeviceProof,
  hub: { readonly hosts: readonly string[]; readonly now: number },
): void {
  const proven =
    device !== undefined &&
    (proof.certificate !== undefined && !proof.header
      ? isCertificateOf(device, proof.certificate, hub.now)
      : isSignatureOf(device, proof.header, hub));
  if (!proven) throw moduleCallRefused();
}

/**
 * Throws `Refused` if a device is disabled or does not exist. The service refuses every call about its module
 * identities then, also those of its policies, but not those with a bearer token (reported from a live hub).
 */
export function requireEnabled(device: Identity | undefined): void {
  if (device?.status !== 'enabled') throw moduleCallRefused();
}

function moduleCallRefused(): Refused {
  return new Refused('IotHubUnauthorizedAccess', 'Unauthorized access', 'nested');
}

/** The service compares thumbprints, and refuses an expired certificate; it checks nothing else (Azure/iotedge#621). */
function isCertificateOf({ authentication }: Identity, certificate: X509Certificate, now: number): boolean {
  if (authentication.type !== 'selfSigned' || Date.parse(certificate.validTo) <= now) return false;
  const own = [certificate.fingerprint, certificate.fingerprint256].map((text) => text.replaceAll(':', ''));
  return [authentication.primary, authentication.secondary].some((text) => own.includes(text?.toUpperCase() ?? ''));
}

function isSignatureOf(
  { deviceId, authentication }: Identity,
  header: string | undefined,
  { hosts, now }: { readonly hosts: readonly string[]; readonly now: number },
): boolean {
  if (authentication.type !== 'sas') return false;
  const keys = [authentication.primary, authentication.secondary].filter((key) => key !== null);
  return isDeviceSignature(header, deviceId, { keys, hosts, now });
}
