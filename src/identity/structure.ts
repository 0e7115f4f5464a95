import type { asn1 as forge } from 'node-forge';

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
  readonly weakSignature?: 'MD5' | 'SHA-1';
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
  const extension = (oid: string): forge.Asn1 | undefined => {
    const value = children(extensions.find((e) => hasOid(e, oid))).at(-1); // after the OID and perhaps a critical flag
    return value === undefined ? undefined : decode(text(value));
  };
  const attributes = children(subject).flatMap(children);
  const signature = asn1.derToOid(text(children(algorithm)[0]));
  const digest = signature === rsaPss ? pssDigest(children(algorithm)[1], (oid) => asn1.derToOid(oid)) : signature;
  const weakSignature = weakSignatures[digest];
  return {
    commonNames: attributes.filter((a) => hasOid(a, commonName)).map((a) => nameText(children(a)[1])),
    publicKey: Buffer.from(asn1.toDer(publicKey).getBytes(), 'latin1'),
    authority: text(children(extension(basicConstraints))[0]) === '\xff',
    // A bit string: one byte counts the unused bits, then the usages from the highest bit down. RFC 5280, 4.2.1.3.
    keyCertSign: (text(extension(keyUsage)).charCodeAt(1) & keyCertSignBit) !== 0,
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
const keyCertSignBit = 0x04;
const commonName = '2.5.4.3';
const keyUsage = '2.5.29.15';
const basicConstraints = '2.5.29.19';

const rsaPss = '1.2.840.113549.1.1.10';
const sha1 = '1.3.14.3.2.26';

const weakSignatures: Readonly<Record<string, 'MD5' | 'SHA-1'>> = {
  '1.2.840.113549.1.1.4': 'MD5',
  '1.2.840.113549.1.1.5': 'SHA-1',
  '1.2.840.10045.4.1': 'SHA-1', // with ECDSA
  '1.2.840.10040.4.3': 'SHA-1', // with DSA
  [sha1]: 'SHA-1', // with RSA-PSS
  '1.2.840.113549.2.5': 'MD5', // with RSA-PSS
};

/** The digest of RSA-PSS is its parameter [0]. If that is absent, the digest is SHA-1: RFC 4055, 3.1. */
function pssDigest(parameters: forge.Asn1 | undefined, oidOf: (bytes: string) => string): string {
  const tagged = children(parameters).find(({ tagClass, type }) => tagClass === contextSpecific && Number(type) === 0);
  return tagged === undefined ? sha1 : oidOf(text(children(children(tagged)[0])[0]));
}

const utf8String = 12;

/** Returns the text of a name. Nearly all certificates use UTF-8; forge decodes BMPString; other types have one byte per character. */
function nameText(node: forge.Asn1 | undefined): string {
  const bytes = text(node);
  return Number(node?.type) === utf8String ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

function children(node: forge.Asn1 | undefined): readonly forge.Asn1[] {
  return node === undefined || typeof node.value === 'string' ? [] : node.value;
}

function text(node: forge.Asn1 | undefined): string {
  return node !== undefined && typeof node.value === 'string' ? node.value : '';
}
