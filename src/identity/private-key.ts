import { createPrivateKey } from 'node:crypto';
import { posix } from 'node:path';
import { asciiText } from './pem.ts';

/** A private key in a file. */
export interface FoundKey {
  /** The label of its PEM block, or `PuTTY`, `PKCS#12`, `DER`. */
  readonly format: string;
  /** The line where it begins; 1 in a file that is not text. */
  readonly line: number;
}

/** Finds a private key, encrypted or not, in PEM, DER, PKCS#12 or PuTTY's format. Does not keep or return any part of the key. */
export function privateKeyIn(path: string, bytes: Buffer): FoundKey | undefined {
  const text = asciiText(bytes);
  const [header, label = ''] = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----/.exec(text) ?? [];
  if (header !== undefined) return { format: label, line: lineOf(text, text.indexOf(header)) };
  const putty = /^\W*PuTTY-User-Key-File-\d/.exec(text);
  if (putty !== null) return { format: 'PuTTY', line: lineOf(text, putty[0].indexOf('PuTTY')) };
  if (bytes[0] !== sequence) return undefined;
  if (isPkcs12(path, bytes)) return { format: 'PKCS#12', line: 1 };
  return isDerKey(bytes) ? { format: 'DER', line: 1 } : undefined;
}

const sequence = 0x30; // the first byte of every DER file with a key
const largestKey = 64 * 1024;
// A PFX begins with version 3 and PKCS#7 data (OID 1.2.840.113549.1.7.1): RFC 7292, 4. A plain PKCS#7 has no version there.
const version3 = Buffer.from('020103', 'hex');
const pkcs7Data = Buffer.from('06092a864886f70d010701', 'hex');

// The OIDs of key bags, encrypted and plain: 1.2.840.113549.1.12.10.1.2 and .1. RFC 7292, 4.2.
const keyBags = ['060b2a864886f70d010c0a0102', '060b2a864886f70d010c0a0101'].map((oid) => Buffer.from(oid, 'hex'));
const indefiniteLength = 0x80;

function isPkcs12(path: string, bytes: Buffer): boolean {
  if (isKeylessPkcs12(bytes)) return false;
  return ['.pfx', '.p12'].includes(posix.extname(path).toLowerCase()) || isPfx(bytes);
}

/**
 * Tells whether this is a PKCS#12 with only certificates, such as a trust store. OpenSSL, Windows and Java encrypt each key by
 * itself and leave the OID of its bag readable. With indefinite lengths (macOS, Firefox) the OID may be split, so such a file
 * counts as holding a key.
 */
export function isKeylessPkcs12(bytes: Buffer): boolean {
  return isPfx(bytes) && bytes[1] !== indefiniteLength && !keyBags.some((oid) => bytes.includes(oid));
}

function isPfx(bytes: Buffer): boolean {
  return bytes.subarray(0, 12).includes(version3) && bytes.subarray(0, 40).includes(pkcs7Data);
}

function isDerKey(bytes: Buffer): boolean {
  if (bytes.length > largestKey) return false;
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      createPrivateKey({ key: bytes, format: 'der', type });
      return true;
    } catch (refusal) {
      // Usually this is not a key. Only an encrypted key gives this error code.
      return refusal instanceof Error && 'code' in refusal && refusal.code === 'ERR_MISSING_PASSPHRASE';
    }
  });
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split(/\r\n|\r|\n/).length;
}
