import type { BySlot, Device } from './fleet.ts';

/** 40 (SHA-1) or 64 (SHA-256) hex digits without separators. IoT Hub keeps the case it is given: compare by `sameThumbprint`. */
export type Thumbprint = string & { readonly brand: 'Thumbprint' };

export function isThumbprint(text: string): text is Thumbprint {
  return /^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/.test(text);
}

export function sameThumbprint(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.toLowerCase() === b.toLowerCase();
}

/** A certificate file: its leaf (the first certificate in it) and the chain behind. */
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
  /** The leaf and its chain as PEM, LF line ends, nothing else. */
  readonly pem: string;
}

/** One device with what proves who it is: the thumbprints to register and the certificates they were made from. */
export interface Identity {
  readonly device: Device;
  readonly thumbprints: { readonly primary: Thumbprint; readonly secondary: Thumbprint };
  readonly certificates: BySlot<Certificate>;
}
