import 'reflect-metadata';
import { type webcrypto as nodeCrypto, randomBytes, webcrypto } from 'node:crypto';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** A certificate with the keys to issue others. Nothing is written to disk. */
export interface Issued {
  readonly name: string;
  readonly pem: string;
  readonly keys: nodeCrypto.CryptoKeyPair;
}

/** What the certificate should be. Every absent field gets the value of a good certificate. */
export interface Issue {
  /** The issuer; by default the certificate signs itself. */
  readonly by?: Issued;
  /** Days from now; by default from a day ago until a year from now. */
  readonly from?: number;
  readonly to?: number;
  /** `may-sign` for an authority, `says-ca` for CA:TRUE without key usage, `none` for neither. */
  readonly authority?: 'may-sign' | 'says-ca' | 'may-not-sign' | 'none';
  /** The keys of another certificate: a renewed certificate has the keys of the old one. */
  readonly keys?: nodeCrypto.CryptoKeyPair;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const clientAuth = '1.3.6.1.5.5.7.3.2';
const day = 86_400_000;

/** Issues a certificate with this common name, for a device or an authority. */
export async function issue(name: string, wanted: Issue = {}): Promise<Issued> {
  const keys = wanted.keys ?? (await newKeys());
  const { by, from = -1, to = 365, authority = 'none' } = wanted;
  const certificate = await X509CertificateGenerator.create({
    serialNumber: `00${randomBytes(8).toString('hex')}`,
    subject: [{ CN: [name] }],
    issuer: [{ CN: [by?.name ?? name] }],
    notBefore: new Date(Date.now() + from * day),
    notAfter: new Date(Date.now() + to * day),
    signingAlgorithm: algorithm,
    signingKey: (by?.keys ?? keys).privateKey,
    publicKey: keys.publicKey,
    extensions: [
      new BasicConstraintsExtension(authority !== 'none'),
      ...(authority === 'says-ca' ? [] : [new KeyUsagesExtension(usageOf(authority))]),
      ...(authority === 'none' ? [new ExtendedKeyUsageExtension([clientAuth])] : []),
      ...(by === undefined ? [] : [await AuthorityKeyIdentifierExtension.create(by.keys.publicKey)]),
    ],
  });
  return { name, pem: `${certificate.toString('pem')}\n`, keys };
}

/** Issues the certificate of an authority, which may sign others. */
export function issueAuthority(name: string, wanted: Issue = {}): Promise<Issued> {
  return issue(name, { authority: 'may-sign', to: 3650, ...wanted });
}

/** Joins the PEM texts of the certificates in this order. */
export function joined(...certificates: readonly Issued[]): string {
  return certificates.map(({ pem }) => pem).join('');
}

async function newKeys(): Promise<nodeCrypto.CryptoKeyPair> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new Error('no key pair');
  return keys;
}

function usageOf(authority: NonNullable<Issue['authority']>): KeyUsageFlags {
  return authority === 'may-sign' ? KeyUsageFlags.keyCertSign : KeyUsageFlags.digitalSignature;
}
