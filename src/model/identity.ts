import type { Judged, Place } from './finding.ts';
import type { BySlot, Device, DeviceId } from './fleet.ts';

/** 40 (SHA-1) or 64 (SHA-256) hex digits without separators. IoT Hub keeps the case it is given: compare by `sameThumbprint`. */
export type Thumbprint = string & { readonly brand: 'Thumbprint' };

export function isThumbprint(text: string): text is Thumbprint {
  return /^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/.test(text);
}

export function sameThumbprint(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.toLowerCase() === b.toLowerCase();
}

/** Names that certificate files usually have, in lower case. */
export const certificateExtensions: readonly string[] = ['.pem', '.cer', '.crt', '.der'];

/** An authority in a certificate file. */
export interface Issuer {
  /** In one line: `O=Contoso, CN=Plant CA`. */
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** What is wrong with the certificates of a file as a chain; each is named by its subject. */
export type ChainFault =
  /** Another order than that of issuing, which is `expected`. */
  | { readonly kind: 'order'; readonly found: readonly string[]; readonly expected: readonly string[] }
  | { readonly kind: 'repeated'; readonly subjects: readonly string[] }
  /** A certificate that issued none of the others. `issuer` is who `of` says issued it. */
  | {
      readonly kind: 'broken';
      readonly subject: string;
      readonly of: string;
      readonly issuer: string;
      readonly why: 'other-key' | 'may-not-sign' | 'stranger' | 'behind-root';
    };

/** The certificates of a file but for its leaf. */
export interface Chain {
  /** Each issued the one before it, the first the leaf. */
  readonly issuers: readonly Issuer[];
  readonly faults: readonly ChainFault[];
}

/** A device as its certificates tell it: the common name they share, and the file of each slot, relative to the workspace. */
export interface CertificatePair {
  readonly id: DeviceId;
  readonly certificates: BySlot<string>;
}

/** Sorts certificate files into devices. `placeOf` tells where a finding about one of them stands. */
export type PairCertificates = (
  paths: readonly string[],
  placeOf: (path: string) => Place,
) => Promise<Judged<readonly CertificatePair[]>>;

/** A certificate file: its leaf (the device's own certificate) and the chain behind. */
export interface Certificate {
  /** Relative to the workspace. */
  readonly path: string;
  /** Every common name of the subject, in order; a device's certificate has exactly one. */
  readonly commonNames: readonly string[];
  /** Upper-case digests over the leaf's DER. */
  readonly thumbprints: { readonly sha1: Thumbprint; readonly sha256: Thumbprint };
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly key: { readonly type: 'rsa' | 'ec' | 'other'; readonly name: string; readonly bits?: number };
  /** SHA-256 over the public key's SubjectPublicKeyInfo: equal for two certificates of one key. */
  readonly publicKeyDigest: string;
  readonly authority: 'none' | 'is-ca' | 'signing-key';
  /** Absent where the certificate has no extended key usage. */
  readonly extendedKeyUsage?: readonly string[];
  /** The digest of a signature that is no longer trusted. */
  readonly weakSignature?: 'MD5' | 'SHA-1';
  /** Absent where the file holds one certificate. */
  readonly chain?: Chain;
  /** The leaf and its chain as PEM, each issued by the next, LF line ends, nothing else. */
  readonly pem: string;
}

/** One device with what proves who it is: the thumbprints to register and the certificates they were made from. */
export interface Identity {
  readonly device: Device;
  readonly thumbprints: { readonly primary: Thumbprint; readonly secondary: Thumbprint };
  readonly certificates: BySlot<Certificate>;
}
