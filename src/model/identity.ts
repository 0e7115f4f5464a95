import type { Judged, Place } from './finding.ts';
import type { BySlot, Device, DeviceId } from './fleet.ts';

/** 40 (SHA-1) or 64 (SHA-256) hex digits without separators. IoT Hub keeps the case as given, so compare with `sameThumbprint`. */
export type Thumbprint = string & { readonly brand: 'Thumbprint' };

export function isThumbprint(text: string): text is Thumbprint {
  return /^([0-9A-Fa-f]{40}|[0-9A-Fa-f]{64})$/.test(text);
}

export function sameThumbprint(a: string | undefined, b: string | undefined): boolean {
  return a !== undefined && b !== undefined && a.toLowerCase() === b.toLowerCase();
}

/** The usual extensions of certificate files, in lower case. */
export const certificateExtensions: readonly string[] = ['.pem', '.cer', '.crt', '.der'];

/** Digests that are no longer trusted in a signature. */
export type WeakDigest = 'MD2' | 'MD4' | 'MD5' | 'SHA-0' | 'SHA-1';

/** An authority in a certificate file. */
export interface Issuer {
  /** The subject in one line: `O=Contoso, CN=Plant CA`. */
  readonly subject: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Of its key, if that is RSA. */
  readonly bits?: number;
  /** Of the signature of its own issuer. */
  readonly weakSignature?: WeakDigest;
}

/** A fault in the chain of certificates of one file. Certificates are named by their subjects. */
export type ChainFault =
  /** The certificates are not in the order of issuing, which is `expected`. */
  | { readonly kind: 'order'; readonly found: readonly string[]; readonly expected: readonly string[] }
  | { readonly kind: 'repeated'; readonly subjects: readonly string[] }
  /** More than one certificate that is no authority's: the device's own may be either. */
  | { readonly kind: 'several'; readonly subjects: readonly string[] }
  /** A certificate issued none of the others. `issuer` is the issuer that the certificate `of` names. */
  | {
      readonly kind: 'broken';
      readonly subject: string;
      readonly of: string;
      readonly issuer: string;
      readonly why: 'other-key' | 'may-not-sign' | 'stranger' | 'behind-root';
    };

/** The certificates of a file, without its leaf. */
export interface Chain {
  /** The issuers in order: the first issued the leaf, each other one issued the one before it. */
  readonly issuers: readonly Issuer[];
  readonly faults: readonly ChainFault[];
}

/** A device found from its certificates: their common name is the id. The paths of the files are relative to the workspace. */
export interface CertificatePair {
  readonly id: DeviceId;
  readonly certificates: BySlot<string>;
}

/** Sorts certificate files into devices. `placeOf` gives the place for a finding about a file. */
export type PairCertificates = (
  paths: readonly string[],
  placeOf: (path: string) => Place,
) => Promise<Judged<readonly CertificatePair[]>>;

/** A certificate file: its leaf (the device's own certificate) and the chain behind it. */
export interface Certificate {
  /** Relative to the workspace. */
  readonly path: string;
  /** All common names of the subject, in order. A device certificate has exactly one. */
  readonly commonNames: readonly string[];
  /** Digests of the leaf's DER, in upper case. */
  readonly thumbprints: { readonly sha1: Thumbprint; readonly sha256: Thumbprint };
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** `exponent`: of RSA, if it is 1 or even, with which no signature means anything. */
  readonly key: {
    readonly type: 'rsa' | 'ec' | 'other';
    readonly name: string;
    readonly bits?: number;
    readonly exponent?: string;
  };
  /** SHA-256 of the public key's SubjectPublicKeyInfo. Two certificates of one key have the same value. */
  readonly publicKeyDigest: string;
  /** `is-ca`: CA:TRUE alone; `signing-key`: the key usage lets it sign others too. */
  readonly authority: 'none' | 'is-ca' | 'signing-key';
  /** The issuer that it names is itself. Read only where `authority` is not `none`. */
  readonly selfIssued?: boolean;
  /** Absent if the certificate has no extended key usage. */
  readonly extendedKeyUsage?: readonly string[];
  /** What its key usage allows. Absent if it has none, or one with digitalSignature. */
  readonly usagesWithoutSignature?: readonly string[];
  readonly weakSignature?: WeakDigest;
  /** Absent if the file holds only one certificate. */
  readonly chain?: Chain;
  /** The leaf and its chain as PEM, each issued by the next, with LF line ends and nothing else. */
  readonly pem: string;
}

/** One device with the thumbprints to register and the certificates that they were made from. */
export interface Identity {
  readonly device: Device;
  readonly thumbprints: { readonly primary: Thumbprint; readonly secondary: Thumbprint };
  readonly certificates: BySlot<Certificate>;
}
