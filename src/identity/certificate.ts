import { createHash, type X509Certificate } from 'node:crypto';
import { posix } from 'node:path';
import { messageOf } from '../model/fault.ts';
import { foreignForm } from '../model/foreign-form.ts';
import { type Certificate, type Chain, isThumbprint, type Thumbprint } from '../model/identity.ts';
import type { Unreadable } from '../rules/unreadable.ts';
import { type ChainCache, longestChain, readChain } from './chain.ts';
import { dateOf, parseCertificate, publicKeyOf } from './der.ts';
import { asciiText, pemBlocks, pemLabels } from './pem.ts';
import { type FoundKey, isKeylessPkcs12, privateKeyIn } from './private-key.ts';
import { readStructure, type Structure } from './structure.ts';

/** The largest certificate file that is read, in bytes. A chain of RSA-4096 certificates has about 10,000 bytes. */
export const largestCertificate = 1024 * 1024;

export type CertificateReading =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'private-key'; readonly key: FoundKey }
  | { readonly kind: 'unreadable'; readonly problem: Unreadable };

/**
 * Reads a certificate file: PEM (one certificate, or the leaf and its chain in any order) or DER.
 * Never throws. Refuses a file with a private key in it, even if it also holds a certificate.
 * @param path for messages, and to distinguish kinds of files that look alike
 * @param known pass the same cache for many files, and each authority is read only once
 */
export async function readCertificate(
  path: string,
  bytes: Buffer,
  known: ChainCache = new Map(),
): Promise<CertificateReading> {
  if (bytes.length === 0) return unreadable({ kind: 'empty' });
  const form = foreignForm(bytes);
  if (form !== undefined) {
    const key = privateKeyIn(path, bytes);
    return key === undefined ? unreadable({ kind: form }) : { kind: 'private-key', key };
  }
  const text = asciiText(bytes);
  return text.includes('-----BEGIN ') ? readPem(path, bytes, text, known) : readDer(path, bytes);
}

async function readPem(path: string, bytes: Buffer, text: string, known: ChainCache): Promise<CertificateReading> {
  const key = privateKeyIn(path, bytes);
  if (key !== undefined) return { kind: 'private-key', key };
  const blocks = pemBlocks(text).filter(({ label }) => certificateLabels.includes(label));
  if (/-----BEGIN [A-Z0-9 ]{1,40}-----\\+[nr]/.test(text)) return unreadable({ kind: 'escaped' });
  const [first, ...others] = blocks.map(({ der }) => der);
  if (first === undefined) return unreadable(otherPem(pemLabels(text)));
  if (others.length > 0) return readSeveral(path, [first, ...others], known);
  const leaf = parseCertificate(first);
  return leaf === undefined ? unreadable({ kind: 'damaged' }) : describe(path, leaf);
}

async function readSeveral(path: string, ders: readonly Buffer[], known: ChainCache): Promise<CertificateReading> {
  try {
    const reading = readChain(ders, known);
    switch (reading.kind) {
      case 'chain':
        return describe(
          path,
          reading.leaf,
          reading.authorities.map(({ pem }) => pem),
          {
            issuers: await Promise.all(reading.authorities.map(({ described }) => described)),
            faults: reading.faults,
          },
        );
      case 'damaged':
        return unreadable({ kind: 'damaged-in-chain', number: reading.number, count: ders.length });
      case 'too-long':
        return unreadable({ kind: 'too-many', count: reading.count, most: longestChain });
    }
  } catch (cause) {
    return unreadable({ kind: 'field-in-chain', message: messageOf(cause) });
  }
}

async function readDer(path: string, bytes: Buffer): Promise<CertificateReading> {
  const leaf = parseCertificate(bytes);
  if (leaf !== undefined) return describe(path, leaf);
  if (bytes.subarray(0, 32).includes(pkcs7SignedData)) return unreadable({ kind: 'pkcs7', form: 'der' });
  const key = privateKeyIn(path, bytes);
  if (key !== undefined) return { kind: 'private-key', key };
  if (isKeylessPkcs12(bytes)) return unreadable({ kind: 'pkcs12' });
  if (requestExtensions.includes(posix.extname(path).toLowerCase())) return unreadable({ kind: 'request' });
  return unreadable({ kind: 'no-certificate' });
}

// OpenSSL reads these labels as certificates: PEM_read_bio_X509(3).
const certificateLabels = ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'];
const requestExtensions = ['.csr', '.req', '.p10'];
const pkcs7SignedData = Buffer.from('06092a864886f70d010702', 'hex'); // OID 1.2.840.113549.1.7.2

function otherPem(labels: readonly string[]): Unreadable {
  const [label = 'nothing'] = labels;
  if (labels.some((l) => certificateLabels.includes(l))) return { kind: 'no-end' };
  if (label === 'PKCS7' || label === 'CMS') return { kind: 'pkcs7', form: 'pem' };
  if (label.endsWith('CERTIFICATE REQUEST')) return { kind: 'request' };
  return label.endsWith('PUBLIC KEY') ? { kind: 'public-key' } : { kind: 'other-pem', label };
}

function unreadable(problem: Unreadable): CertificateReading {
  return { kind: 'unreadable', problem };
}

async function describe(
  path: string,
  leaf: X509Certificate,
  issuers: readonly string[] = [],
  chain?: Chain,
): Promise<CertificateReading> {
  try {
    const structure = await readStructure(leaf.raw);
    // Undefined if the certificate has none, although the type does not say so.
    const extendedKeyUsage: readonly string[] | undefined = leaf.keyUsage;
    const certificate: Certificate = {
      path,
      commonNames: structure.commonNames,
      thumbprints: { sha1: thumbprint(leaf.fingerprint), sha256: thumbprint(leaf.fingerprint256) },
      notBefore: dateOf(leaf.validFrom),
      notAfter: dateOf(leaf.validTo),
      key: keyOf(leaf),
      publicKeyDigest: createHash('sha256').update(structure.publicKey).digest('hex'),
      ...authorityOf(leaf, structure),
      ...(extendedKeyUsage === undefined ? {} : { extendedKeyUsage }),
      ...(structure.usagesWithoutSignature === undefined
        ? {}
        : { usagesWithoutSignature: structure.usagesWithoutSignature }),
      ...(structure.weakSignature === undefined ? {} : { weakSignature: structure.weakSignature }),
      ...(chain === undefined ? {} : { chain }),
      pem: [leaf.toString(), ...issuers].join(''),
    };
    return { kind: 'certificate', certificate };
  } catch (cause) {
    return unreadable({ kind: 'field', message: messageOf(cause) });
  }
}

function authorityOf(
  leaf: X509Certificate,
  { authority, keyCertSign }: Structure,
): Pick<Certificate, 'authority' | 'selfIssued'> {
  if (!authority && !keyCertSign) return { authority: 'none' };
  return { authority: keyCertSign ? 'signing-key' : 'is-ca', selfIssued: leaf.subject === leaf.issuer };
}

function keyOf(leaf: X509Certificate): Certificate['key'] {
  const key = publicKeyOf(leaf);
  const type = key?.asymmetricKeyType ?? '';
  // Read the details only of RSA and EC keys: a broken DSA key crashes the whole process on Node 20.
  const {
    modulusLength: bits,
    publicExponent,
    namedCurve,
  } = (type === 'rsa' || type === 'ec' ? key?.asymmetricKeyDetails : {}) ?? {};
  if (type === 'rsa') {
    const useless = publicExponent !== undefined && (publicExponent === 1n || publicExponent % 2n === 0n);
    return {
      type,
      name: 'RSA',
      ...(bits === undefined ? {} : { bits }),
      ...(useless ? { exponent: String(publicExponent) } : {}),
    };
  }
  if (type === 'ec') return { type, name: namedCurve ?? 'unnamed curve' };
  return { type: 'other', name: keyNames[type] ?? 'unknown' };
}

const keyNames: Readonly<Record<string, string>> = {
  dsa: 'DSA',
  ed25519: 'Ed25519',
  ed448: 'Ed448',
  'rsa-pss': 'RSA-PSS',
  x25519: 'X25519',
  x448: 'X448',
};

function thumbprint(fingerprint: string): Thumbprint {
  const digits = fingerprint.replaceAll(':', '');
  if (!isThumbprint(digits)) throw new Error(`fingerprint ${fingerprint}`);
  return digits;
}
