import type { Finding, RuleChanges, Subject } from '../model/finding.ts';
import type { Device, Slot } from '../model/fleet.ts';
import type { Certificate } from '../model/identity.ts';
import { finding } from '../rules/rules.ts';

export interface JudgeOptions {
  readonly now: Date;
  readonly expiryWarningDays: number;
  /** The severities that the workflow gives to rules. A device with an error gives no identity. */
  readonly rules?: RuleChanges;
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
    ...usageFindings(certificate, subject),
    ...keyFindings(certificate, device, subject),
    ...chainFindings(certificate, subject, options),
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

function* usageFindings(certificate: Certificate, subject: Subject): Generator<Finding> {
  const { path, authority, extendedKeyUsage, weakSignature } = certificate;
  if (authority === 'signing-key') yield finding('certificate/signing-key', { path }, subject);
  if (authority === 'is-ca') yield finding('certificate/is-ca', { path }, subject);
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
  if (key.type === 'rsa' && key.bits !== undefined && key.bits < 2048) {
    yield finding('certificate/weak-key', { path, bits: key.bits }, subject);
  }
  if (key.type === 'other') {
    yield finding('certificate/key-type-unsupported', { path, key: { algorithm: key.name } }, subject);
  }
  if (key.type === 'ec' && device.runtime.platform === 'windows' && isOldRuntime(device)) {
    const unsupported = { curve: key.name, version: device.runtime.version.text };
    yield finding('certificate/key-type-unsupported', { path, key: unsupported }, subject);
  }
}

function* chainFindings(certificate: Certificate, subject: Subject, { now }: JudgeOptions): Generator<Finding> {
  const { path, authority, chain } = certificate;
  // A file of only authorities is reported as that, and not for its order too.
  if (chain === undefined || authority === 'signing-key') return;
  for (const fault of chain.faults) {
    if (fault.kind === 'order') yield finding('certificate/chain-order', { path, ...fault }, subject);
    if (fault.kind === 'repeated') yield finding('certificate/chain-repeats', { path, ...fault }, subject);
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
  return version.major === 1 && version.minor <= 1;
}

function isoDate(date: Date): string {
  return date.toISOString().replace('.000Z', 'Z');
}
