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

/** A certificate with the keys to issue others by. Nothing of it is written to disk. */
export interface Issued {
  readonly name: string;
  readonly pem: string;
  readonly keys: nodeCrypto.CryptoKeyPair;
}

/** What is left out is as a good one has it. */
export interface Issue {
  /** Signs it itself, where there is no other. */
  readonly by?: Issued;
  /** Days from now: from a day ago for a year. */
  readonly from?: number;
  readonly to?: number;
  /** `may-sign` for an authority, `says-ca` for CA:TRUE without key usage, `none` for neither. */
  readonly authority?: 'may-sign' | 'says-ca' | 'may-not-sign' | 'none';
  /** Of another certificate: a renewed one has the keys of the one before. */
  readonly keys?: nodeCrypto.CryptoKeyPair;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const clientAuth = '1.3.6.1.5.5.7.3.2';
const day = 86_400_000;

/** Issues a certificate for a common name: a device's, or that of an authority. */
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

/** An authority, which may sign others. */
export function issueAuthority(name: string, wanted: Issue = {}): Promise<Issued> {
  return issue(name, { authority: 'may-sign', to: 3650, ...wanted });
}

/** Their PEM, one behind the other. */
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
