import { createHash, type X509Certificate } from 'node:crypto';
import { posix } from 'node:path';
import { messageOf } from '../model/fault.ts';
import { type Certificate, type Chain, isThumbprint, type Thumbprint } from '../model/identity.ts';
import { shellWord } from '../rules/shell.ts';
import { type ChainCache, longestChain, readChain } from './chain.ts';
import { dateOf, parseCertificate, publicKeyOf } from './der.ts';
import { asciiText, pemBlocks, pemLabels } from './pem.ts';
import { type FoundKey, isKeylessPkcs12, pemBeside, pkcs12Command, pkcs12Legacy, privateKeyIn } from './private-key.ts';
import { readStructure } from './structure.ts';

/** The largest certificate file that is read, in bytes; a chain of RSA-4096 certificates has about 10,000. */
export const largestCertificate = 1024 * 1024;

export type CertificateReading =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'private-key'; readonly key: FoundKey }
  | { readonly kind: 'unreadable'; readonly why: string; readonly remedy?: string };

/**
 * Reads a certificate file: PEM (one certificate, or the leaf and its chain in any order) or DER.
 * Never throws; a file with a private key in it is refused, whatever else it holds.
 * @param path for messages and to tell kinds of files apart that look alike
 * @param known hand in the same for many files, and each authority is read once
 */
export async function readCertificate(
  path: string,
  bytes: Buffer,
  known: ChainCache = new Map(),
): Promise<CertificateReading> {
  if (bytes.length === 0) return unreadable('the file is empty');
  const text = asciiText(bytes);
  return text.includes('-----BEGIN ') ? readPem(path, bytes, text, known) : readDer(path, bytes);
}

async function readPem(path: string, bytes: Buffer, text: string, known: ChainCache): Promise<CertificateReading> {
  const key = privateKeyIn(path, bytes);
  if (key !== undefined) return { kind: 'private-key', key };
  const blocks = pemBlocks(text).filter(({ label }) => certificateLabels.includes(label));
  const [first, ...others] = blocks.map(({ der }) => der);
  if (first === undefined) return otherPem(path, pemLabels(text));
  if (others.length > 0) return readSeveral(path, [first, ...others], known);
  const leaf = parseCertificate(first);
  return leaf === undefined ? unreadable('what stands between BEGIN and END is damaged') : describe(path, leaf);
}

async function readSeveral(path: string, ders: readonly Buffer[], known: ChainCache): Promise<CertificateReading> {
  try {
    const reading = readChain(ders, known);
    switch (reading.kind) {
      case 'chain':
        return describe(path, reading.leaf, reading.issuers, reading.chain);
      case 'damaged':
        return unreadable(`certificate ${reading.number} of ${ders.length} in it is damaged`);
      case 'too-long': {
        const why = `it holds ${reading.count} certificates, expected the device's own and its issuers, ${longestChain} at most`;
        return unreadable(
          why,
          "Keep the device's own certificate in it, and the authorities that issued it, no others.",
        );
      }
    }
  } catch (cause) {
    return unreadable(`a field of one of its certificates cannot be read (${messageOf(cause)})`);
  }
}

async function readDer(path: string, bytes: Buffer): Promise<CertificateReading> {
  const leaf = parseCertificate(bytes);
  if (leaf !== undefined) return describe(path, leaf);
  if (bytes.subarray(0, 32).includes(pkcs7SignedData)) return pkcs7(path, '-inform DER ');
  const key = privateKeyIn(path, bytes);
  if (key !== undefined) return { kind: 'private-key', key };
  if (isKeylessPkcs12(bytes)) return keylessPkcs12(path);
  if (requestExtensions.includes(posix.extname(path).toLowerCase())) return request();
  return unreadable('it is neither PEM (no BEGIN CERTIFICATE line) nor a certificate in DER');
}

// OpenSSL reads these three as certificates: PEM_read_bio_X509(3).
const certificateLabels = ['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'];
const requestExtensions = ['.csr', '.req', '.p10'];
const pkcs7SignedData = Buffer.from('06092a864886f70d010702', 'hex'); // OID 1.2.840.113549.1.7.2

function otherPem(path: string, labels: readonly string[]): CertificateReading {
  const [label = 'nothing'] = labels;
  if (labels.some((l) => certificateLabels.includes(l))) {
    return unreadable('its END CERTIFICATE line is missing, or does not follow the certificate');
  }
  if (label === 'PKCS7' || label === 'CMS') return pkcs7(path, '');
  if (label.endsWith('CERTIFICATE REQUEST')) return request();
  if (label.endsWith('PUBLIC KEY')) return unreadable('it holds a public key alone, not a certificate');
  return unreadable(`it holds no CERTIFICATE block, but ${label}`);
}

function pkcs7(path: string, form: string): CertificateReading {
  return unreadable(
    'it is a PKCS#7 bundle of certificates',
    `Take the certificates out of it: openssl pkcs7 ${form}-in ${shellWord(path)} -print_certs -out ${shellWord(pemBeside(path))}, the device's own first.`,
  );
}

function keylessPkcs12(path: string): CertificateReading {
  return unreadable(
    'it is a PKCS#12 bundle, without a private key',
    `Take the certificates out of it: ${pkcs12Command(path, '-nokeys')} (${pkcs12Legacy}).`,
  );
}

function request(): CertificateReading {
  return unreadable(
    'it is a certificate request (CSR), which nobody has signed yet',
    'Have it signed by your certificate authority, and commit the certificate that comes back.',
  );
}

function unreadable(why: string, remedy?: string): CertificateReading {
  return { kind: 'unreadable', why, ...(remedy === undefined ? {} : { remedy }) };
}

async function describe(
  path: string,
  leaf: X509Certificate,
  issuers: readonly string[] = [],
  chain?: Chain,
): Promise<CertificateReading> {
  try {
    const structure = await readStructure(leaf.raw);
    // Absent where there is none, whatever the type says.
    const extendedKeyUsage: readonly string[] | undefined = leaf.keyUsage;
    const certificate: Certificate = {
      path,
      commonNames: structure.commonNames,
      thumbprints: { sha1: thumbprint(leaf.fingerprint), sha256: thumbprint(leaf.fingerprint256) },
      notBefore: dateOf(leaf.validFrom),
      notAfter: dateOf(leaf.validTo),
      key: keyOf(leaf),
      publicKeyDigest: createHash('sha256').update(structure.publicKey).digest('hex'),
      authority: structure.keyCertSign ? 'signing-key' : structure.authority ? 'is-ca' : 'none',
      ...(extendedKeyUsage === undefined ? {} : { extendedKeyUsage }),
      ...(structure.weakSignature === undefined ? {} : { weakSignature: structure.weakSignature }),
      ...(chain === undefined ? {} : { chain }),
      pem: [leaf.toString(), ...issuers].join(''),
    };
    return { kind: 'certificate', certificate };
  } catch (cause) {
    return unreadable(`a field of it cannot be read (${messageOf(cause)})`);
  }
}

function keyOf(leaf: X509Certificate): Certificate['key'] {
  const key = publicKeyOf(leaf);
  const type = key?.asymmetricKeyType ?? '';
  // No other kind is asked for its details: Node 20 ends the whole process at a broken DSA key.
  const { modulusLength: bits, namedCurve } = (type === 'rsa' || type === 'ec' ? key?.asymmetricKeyDetails : {}) ?? {};
  if (type === 'rsa') return { type, name: 'RSA', ...(bits === undefined ? {} : { bits }) };
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
