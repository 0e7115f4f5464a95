import 'reflect-metadata';
import { KeyObject, webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';

/** What the certificate should be. Every absent field gets the value of a good device certificate. */
export interface SelfSigned {
  /** The parts of the name in order: `[{ CN: ['edge-001'] }]`. */
  readonly subject?: Record<string, string[]>[];
  /** Milliseconds from now; by default from an hour ago until a year from now. */
  readonly from?: number;
  readonly to?: number;
  readonly usages?: string[];
  /** Whether the certificate may sign others too, as those that `az iot edge devices create` makes for devices. */
  readonly authority?: boolean;
  /** The bits of an RSA key; the key is EC P-256 by default. */
  readonly bits?: number;
}

/** Writes a self-signed certificate as PEM, without openssl. Its key is not kept. */
export async function writeCertificate(path: string, wanted: SelfSigned): Promise<void> {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, (await selfSigned(wanted)).certificate);
}

/** Makes a self-signed certificate and its key, both PEM. */
export async function selfSigned(wanted: SelfSigned): Promise<{ readonly certificate: string; readonly key: string }> {
  const algorithm =
    wanted.bits === undefined
      ? { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
      : {
          name: 'RSASSA-PKCS1-v1_5',
          modulusLength: wanted.bits,
          publicExponent: new Uint8Array([1, 0, 1]),
          hash: 'SHA-256',
        };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  if (!('privateKey' in keys)) throw new Error('no key pair');
  const authority = wanted.authority === true;
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: wanted.subject ?? [],
    notBefore: new Date(Date.now() + (wanted.from ?? -3_600_000)),
    notAfter: new Date(Date.now() + (wanted.to ?? 365 * 86_400_000)),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(authority),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature | (authority ? KeyUsageFlags.keyCertSign : 0)),
      new ExtendedKeyUsageExtension(wanted.usages ?? ['1.3.6.1.5.5.7.3.2']),
    ],
  });
  const key = KeyObject.from(keys.privateKey).export({ type: 'pkcs8', format: 'pem' });
  return { certificate: certificate.toString('pem'), key: String(key) };
}
