import type { Finding, RuleChanges, Subject } from '../model/finding.ts';
import type { Device, RuntimeVersion, Slot } from '../model/fleet.ts';
import type { Certificate } from '../model/identity.ts';
import { finding } from '../rules/rules.ts';

export interface JudgeOptions {
  readonly now: Date;
  readonly expiryWarningDays: number;
  /** The severities that the workflow gives to rules. A device with an error gives no identity. */
  readonly rules?: RuleChanges;
  /** The path of a certificate that this one issued, if there is one among the files at hand. By default there is none. */
  readonly issuedBy?: (certificate: Certificate) => string | undefined;
}

/** Judges a certificate as the identity of this device, in one of its slots. */
export function judgeCertificate(
  certificate: Certificate,
  { device, slot }: { readonly device: Device; readonly slot: Slot },
  subject: Subject,
  options: JudgeOptions,
): readonly Finding[] {
  return [
    ...nameFindings(certificate, device, subject),
    ...validityFindings(certificate, { device, slot }, subject, options),
    ...usageFindings(certificate, options.issuedBy?.(certificate), subject),
    ...keyFindings(certificate, device, subject),
    ...chainFindings(certificate, subject, options),
    ...authorityFindings(certificate, device, subject),
  ];
}

function* nameFindings({ path, commonNames }: Certificate, { id }: Device, subject: Subject): Generator<Finding> {
  if (commonNames.length === 0) yield finding('certificate/no-cn', { path, id }, subject);
  else if (commonNames.length > 1 || commonNames[0] !== id) {
    yield finding('certificate/cn-mismatch', { path, commonNames, id }, subject);
  }
}

const day = 24 * 60 * 60 * 1000;
const year2050 = Date.UTC(2050, 0);
const lastSecondOf32Bits = 2 ** 31 * 1000 - 1000;

function* validityFindings(
  certificate: Certificate,
  { device, slot }: { readonly device: Device; readonly slot: Slot },
  subject: Subject,
  { now, expiryWarningDays }: JudgeOptions,
): Generator<Finding> {
  const { path } = certificate;
  const end = certificate.notAfter.getTime();
  const notAfter = isoDate(certificate.notAfter);
  const left = end - now.getTime();
  if (certificate.notBefore > now) {
    yield finding('certificate/not-yet-valid', { path, notBefore: isoDate(certificate.notBefore) }, subject);
  }
  if (left < 0) yield finding('certificate/expired', { path, notAfter }, subject);
  else if (left < expiryWarningDays * day) {
    const days = Math.floor(left / day);
    yield finding('certificate/expires-soon', { path, id: device.id, slot, notAfter, days }, subject);
  }
  if (end >= year2050 && isOldRuntime(device)) yield finding('certificate/year-2050', { path, notAfter }, subject);
  else if (end > lastSecondOf32Bits) yield finding('certificate/year-2038', { path, notAfter }, subject);
}

function* usageFindings(certificate: Certificate, issued: string | undefined, subject: Subject): Generator<Finding> {
  const { path, authority, extendedKeyUsage, usagesWithoutSignature, weakSignature } = certificate;
  if (issued !== undefined) yield finding('certificate/signing-key', { path, issued }, subject);
  else if (authority !== 'none') {
    yield finding('certificate/is-ca', { path, maySign: authority === 'signing-key' }, subject);
  }
  if (usagesWithoutSignature !== undefined) {
    yield finding('certificate/no-digital-signature', { path, usages: usagesWithoutSignature }, subject);
  }
  if (extendedKeyUsage !== undefined && !extendedKeyUsage.some((oid) => oid === clientAuth || oid === anyUsage)) {
    const usages = extendedKeyUsage.map((oid) => usageNames[oid] ?? oid);
    yield finding('certificate/no-client-auth', { path, usages }, subject);
  }
  if (weakSignature !== undefined)
    yield finding('certificate/weak-signature', { path, digest: weakSignature }, subject);
}

// RFC 5280, 4.2.1.12
const clientAuth = '1.3.6.1.5.5.7.3.2';
const anyUsage = '2.5.29.37.0';
const usageNames: Readonly<Record<string, string>> = {
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
};

function* keyFindings({ path, key }: Certificate, device: Device, subject: Subject): Generator<Finding> {
  const { version } = device.runtime;
  if (key.exponent !== undefined) {
    yield finding('certificate/useless-key', { path, exponent: key.exponent }, subject);
  }
  if (key.type === 'rsa' && key.bits !== undefined && key.bits < 2048) {
    yield smallKey({ path, bits: key.bits }, version, subject);
  }
  if (key.type === 'other') {
    yield finding('certificate/key-type-unsupported', { path, key: { algorithm: key.name } }, subject);
  }
  const only = key.type === 'ec' ? onlyKeyOf(device) : undefined;
  if (only === 'rsa' || (only === 'p256' && key.name !== p256)) {
    const unsupported = { curve: key.name, version: version.text, only };
    yield finding('certificate/key-type-unsupported', { path, key: unsupported }, subject);
  }
}

/** OpenSSL of the systems under 1.4 and later refuses it; some older system under an older runtime does not. */
function smallKey(
  details: { readonly path: string; readonly bits: number; readonly authority?: string },
  version: RuntimeVersion,
  subject: Subject,
): Finding {
  return isBefore(version, 4)
    ? finding('certificate/small-key', { ...details, version: version.text }, subject)
    : finding('certificate/weak-key', details, subject);
}

/** OpenSSL judges each certificate that it sends as it judges the device's own. */
function* authorityFindings({ path, chain }: Certificate, device: Device, subject: Subject): Generator<Finding> {
  for (const { subject: authority, bits, weakSignature } of chain?.issuers ?? []) {
    if (bits !== undefined && bits < 2048) yield smallKey({ path, bits, authority }, device.runtime.version, subject);
    if (weakSignature !== undefined) {
      yield finding('certificate/weak-signature', { path, digest: weakSignature, authority }, subject);
    }
  }
}

/** As OpenSSL calls it. */
const p256 = 'prime256v1';

/** 1.0 and 1.1 on Linux give the key to OpenSSL (edgelet-http/src/lib.rs at 1.1.15), which knows more curves. */
function onlyKeyOf(device: Device): 'rsa' | 'p256' | undefined {
  if (!isOldRuntime(device)) return 'p256';
  return device.runtime.platform === 'windows' ? 'rsa' : undefined;
}

function* chainFindings(certificate: Certificate, subject: Subject, { now }: JudgeOptions): Generator<Finding> {
  const { path, authority, chain } = certificate;
  // A file of only authorities is reported as that, and not for its order too.
  if (chain === undefined || authority === 'signing-key') return;
  for (const fault of chain.faults) {
    if (fault.kind === 'order') yield finding('certificate/chain-order', { path, ...fault }, subject);
    if (fault.kind === 'repeated') yield finding('certificate/chain-repeats', { path, ...fault }, subject);
    if (fault.kind === 'several') yield finding('certificate/more-than-one', { path, ...fault }, subject);
    if (fault.kind === 'broken') yield finding('certificate/chain-broken', { path, ...fault }, subject);
  }
  for (const { subject: issuer, notBefore, notAfter } of chain.issuers) {
    const validity =
      notAfter < now ? { ended: isoDate(notAfter) } : notBefore > now ? { begins: isoDate(notBefore) } : undefined;
    if (validity !== undefined) yield finding('certificate/chain-not-valid', { path, issuer, validity }, subject);
  }
}

/** 1.0 and 1.1: the versions before the runtime was rewritten. */
function isOldRuntime({ runtime: { version } }: Device): boolean {
  return isBefore(version, 2);
}

function isBefore({ major, minor }: RuntimeVersion, minorOf1: number): boolean {
  return major === 1 && minor < minorOf1;
}

function isoDate(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}
