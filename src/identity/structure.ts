import type { asn1 as forge } from 'node-forge';
import type { WeakDigest } from '../model/identity.ts';

/**
 * The fields of a certificate that node:crypto cannot read safely. It has no accessor for the key usage, and on Node 20 none
 * for the signature's algorithm. Its `toLegacyObject()` has the common names, but it crashes the whole process with a
 * segmentation fault at keys that it cannot read and at curves without a NIST name (seen on Node 24.21 with secp256k1).
 */
export interface Structure {
  readonly commonNames: readonly string[];
  /** The SubjectPublicKeyInfo in DER. */
  readonly publicKey: Buffer;
  /** Basic constraints say CA:TRUE. */
  readonly authority: boolean;
  /** The key usage lets this key sign certificates. */
  readonly keyCertSign: boolean;
  /** What the key usage allows, if there is one and it leaves out digitalSignature. */
  readonly usagesWithoutSignature?: readonly string[];
  /** The key usage is critical, and lets this key sign nothing. */
  readonly signsNothing?: true;
  readonly weakSignature?: WeakDigest;
}

/** Reads the structure of one certificate's DER. Throws if it is not a certificate. */
export async function readStructure(der: Buffer): Promise<Structure> {
  loading ??= import('node-forge/lib/asn1.js');
  const { default: asn1 } = await loading;
  const decode = (bytes: string) => asn1.fromDer(bytes, { strict: true, decodeBitStrings: false });
  const hasOid = (node: forge.Asn1, oid: string) => asn1.derToOid(text(children(node)[0])) === oid;
  const [tbs, algorithm] = children(decode(der.toString('latin1')));
  // RFC 5280, 4.1: version [0], serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, …, extensions [3].
  // Version 1 certificates do not have the first field.
  const fields = children(tbs);
  const start = fields[0]?.tagClass === contextSpecific ? 1 : 0;
  const subject = fields[start + 4];
  const publicKey = fields[start + 5];
  if (publicKey === undefined) throw new Error('it has no public key');
  const tagged = fields.find((field) => field.tagClass === contextSpecific && field.type === extensionsTag);
  const extensions = children(children(tagged)[0]);
  // An extension is its OID, perhaps a critical flag, and its value.
  const partsOf = (oid: string) => children(extensions.find((e) => hasOid(e, oid)));
  const extension = (oid: string): forge.Asn1 | undefined => {
    const value = partsOf(oid).at(-1);
    return value === undefined ? undefined : decode(text(value));
  };
  const isCritical = (oid: string) => partsOf(oid).length === 3 && text(partsOf(oid)[1]) === '\xff';
  const attributes = children(subject).flatMap(children);
  const signature = asn1.derToOid(text(children(algorithm)[0]));
  const digest = digestOf(signature, children(algorithm)[1], (oid) => asn1.derToOid(oid));
  const weakSignature = weakDigests[digest];
  const usages = extension(keyUsage);
  const allowed = usages === undefined ? undefined : usagesIn(text(usages));
  return {
    commonNames: attributes.filter((a) => hasOid(a, commonName)).map((a) => nameText(children(a)[1])),
    publicKey: Buffer.from(asn1.toDer(publicKey).getBytes(), 'latin1'),
    authority: text(children(extension(basicConstraints))[0]) === '\xff',
    keyCertSign: allowed?.includes('keyCertSign') ?? false,
    ...(allowed === undefined || allowed.includes('digitalSignature') ? {} : { usagesWithoutSignature: allowed }),
    ...(allowed !== undefined && isCritical(keyUsage) && !allowed.some((one) => signing.includes(one))
      ? { signsNothing: true }
      : {}),
    ...(weakSignature === undefined ? {} : { weakSignature }),
  };
}

/**
 * The module is loaded only when there is a certificate to read, and then kept: each import costs about 60 µs, even of a loaded
 * module, and a fleet has many certificates.
 */
let loading: Promise<typeof import('node-forge/lib/asn1.js')> | undefined;

const contextSpecific = 0x80;
const extensionsTag = 3;
const commonName = '2.5.4.3';
const keyUsage = '2.5.29.15';
const basicConstraints = '2.5.29.19';

const rsaPss = '1.2.840.113549.1.1.10';
const ecdsaWithSpecified = '1.2.840.10045.4.3';
const sha1 = '1.3.14.3.2.26';

/** Digests, and the signatures that are made with them. Several have an older name of OIW (1.3.14) that Windows still writes. */
const weakDigests: Readonly<Record<string, WeakDigest>> = {
  '1.2.840.113549.2.2': 'MD2',
  '1.2.840.113549.1.1.2': 'MD2', // with RSA
  '1.3.14.7.2.3.1': 'MD2', // with RSA
  '1.2.840.113549.2.4': 'MD4',
  '1.2.840.113549.1.1.3': 'MD4', // with RSA
  '1.3.14.3.2.2': 'MD4', // with RSA
  '1.3.14.3.2.4': 'MD4', // with RSA
  '1.2.840.113549.2.5': 'MD5',
  '1.2.840.113549.1.1.4': 'MD5', // with RSA
  '1.3.14.3.2.3': 'MD5', // with RSA
  '1.3.14.3.2.18': 'SHA-0',
  '1.3.14.3.2.13': 'SHA-0', // with DSA
  '1.3.14.3.2.14': 'SHA-0', // with RSA
  '1.3.14.3.2.15': 'SHA-0', // with RSA
  [sha1]: 'SHA-1',
  '1.2.840.113549.1.1.5': 'SHA-1', // with RSA
  '1.3.14.3.2.29': 'SHA-1', // with RSA
  '1.2.840.10045.4.1': 'SHA-1', // with ECDSA
  '0.4.0.127.0.7.1.1.4.1.1': 'SHA-1', // with ECDSA, BSI TR-03111
  '1.2.840.10040.4.3': 'SHA-1', // with DSA
  '1.3.14.3.2.27': 'SHA-1', // with DSA
  '1.3.14.3.2.28': 'SHA-1', // with DSA
};

/**
 * The digest of a signature, or the signature itself if its name tells the digest. RSA-PSS has it in its parameter [0], and SHA-1 if
 * that is absent (RFC 4055, 3.1); ECDSA "with specified" has it as its parameter (ANSI X9.62).
 */
function digestOf(signature: string, parameters: forge.Asn1 | undefined, oidOf: (bytes: string) => string): string {
  if (signature === ecdsaWithSpecified) {
    const specified = text(children(parameters)[0]);
    return specified === '' ? signature : oidOf(specified);
  }
  if (signature !== rsaPss) return signature;
  const tagged = children(parameters).find(({ tagClass, type }) => tagClass === contextSpecific && Number(type) === 0);
  return tagged === undefined ? sha1 : oidOf(text(children(children(tagged)[0])[0]));
}

/** In the order of their bits, from the highest of the first byte down: RFC 5280, 4.2.1.3. */
const usageNames = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
];

/** The usages in which a key signs. */
const signing: readonly string[] = ['digitalSignature', 'nonRepudiation', 'keyCertSign', 'cRLSign'];

/** The content of a bit string: one byte counts the unused bits, then come the bits. */
function usagesIn(content: string): readonly string[] {
  return usageNames.filter((_, bit) => (content.charCodeAt(1 + (bit >> 3)) & (0x80 >> (bit & 7))) !== 0);
}

/** The numbers of the types of text: X.680, 8.4. */
const utf8String = 12;
const universalString = 28;

/** Returns the text of a name. forge decodes BMPString. The other types have one byte a character; OpenSSL reads T61String so too. */
function nameText(node: forge.Asn1 | undefined): string {
  const bytes = text(node);
  switch (Number(node?.type)) {
    case utf8String:
      return Buffer.from(bytes, 'latin1').toString('utf8');
    case universalString:
      return fourBytesEach(Buffer.from(bytes, 'latin1'));
    default:
      return bytes;
  }
}

/** UTF-32, which no decoder of Node reads. Throws at a number that is no character. */
function fourBytesEach(bytes: Buffer): string {
  const points = Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readUInt32BE(index * 4));
  return String.fromCodePoint(...points);
}

function children(node: forge.Asn1 | undefined): readonly forge.Asn1[] {
  return node === undefined || typeof node.value === 'string' ? [] : node.value;
}

function text(node: forge.Asn1 | undefined): string {
  return node !== undefined && typeof node.value === 'string' ? node.value : '';
}
