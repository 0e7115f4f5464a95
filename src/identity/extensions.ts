import type { asn1 as forge } from 'node-forge';

/** What node:crypto has no accessor for. */
export interface SignedFields {
  /** Whether the key usage lets this key sign certificates; absent without a key usage. */
  readonly keyCertSign?: boolean;
  readonly authority: boolean;
  readonly weakSignature?: 'MD5' | 'SHA-1';
}

/** Whether a certificate has anything that `signedFields` would have to be asked about: few bytes compared, nothing loaded. */
export function needsSignedFields(der: Buffer): boolean {
  return der.includes(keyUsage.bytes) || weakSignatures.some(({ bytes }) => der.includes(bytes));
}

/** Reads the fields out of a certificate's DER. Throws when it is not one. */
export async function signedFields(der: Buffer): Promise<SignedFields> {
  const { default: asn1 } = await import('node-forge/lib/asn1.js');
  const [tbs, algorithm] = children(asn1.fromDer(der.toString('latin1')));
  const extensions = children(
    children(children(tbs).find((field) => field.tagClass === contextSpecific && field.type === extensionsTag))[0],
  );
  const extensionValue = (oid: string): forge.Asn1 | undefined => {
    const extension = children(extensions.find((e) => asn1.derToOid(text(children(e)[0])) === oid));
    const value = extension.at(-1); // OID, then perhaps the critical flag, then the value
    return value === undefined ? undefined : asn1.fromDer(text(value));
  };
  const usage = extensionValue(keyUsage.oid);
  const signature = asn1.derToOid(text(children(algorithm)[0]));
  const weak = weakSignatures.find(({ oid }) => oid === signature)?.digest;
  return {
    // A bit string: one byte counts the unused bits, then the usages from the highest bit down. RFC 5280, 4.2.1.3.
    ...(usage === undefined ? {} : { keyCertSign: (text(usage).charCodeAt(1) & keyCertSignBit) !== 0 }),
    authority: text(children(extensionValue(basicConstraints))[0]) === '\xff',
    ...(weak === undefined ? {} : { weakSignature: weak }),
  };
}

const contextSpecific = 0x80;
const extensionsTag = 3;
const keyCertSignBit = 0x04;
const basicConstraints = '2.5.29.19';
const keyUsage = { oid: '2.5.29.15', bytes: Buffer.from('551d0f', 'hex') };

const weakSignatures = [
  { digest: 'MD5', oid: '1.2.840.113549.1.1.4', bytes: Buffer.from('2a864886f70d010104', 'hex') },
  { digest: 'SHA-1', oid: '1.2.840.113549.1.1.5', bytes: Buffer.from('2a864886f70d010105', 'hex') },
  { digest: 'SHA-1', oid: '1.2.840.10045.4.1', bytes: Buffer.from('2a8648ce3d0401', 'hex') },
] as const;

function children(node: forge.Asn1 | undefined): readonly forge.Asn1[] {
  return node === undefined || typeof node.value === 'string' ? [] : node.value;
}

function text(node: forge.Asn1 | undefined): string {
  return node !== undefined && typeof node.value === 'string' ? node.value : '';
}
