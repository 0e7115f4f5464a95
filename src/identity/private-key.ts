import { createPrivateKey } from 'node:crypto';
import { posix } from 'node:path';
import { shellWord } from '../rules/shell.ts';
import { asciiText } from './pem.ts';

/** A private key in a file: what it is, as a sentence goes on after "holds". */
export interface FoundKey {
  readonly what: string;
  /** The line where it begins; 1 in a file that is not text. */
  readonly line: number;
  readonly remedy?: string;
}

/** Looks for a private key, encrypted or not, in PEM, DER, PKCS#12 or PuTTY's format. Keeps and returns no part of it. */
export function privateKeyIn(path: string, bytes: Buffer): FoundKey | undefined {
  const text = asciiText(bytes);
  const [header, label] = /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----/.exec(text) ?? [];
  if (header !== undefined) return { what: `a private key (${label})`, line: lineOf(text, text.indexOf(header)) };
  const putty = /^\W*PuTTY-User-Key-File-\d/.exec(text);
  if (putty !== null) return { what: 'a private key (PuTTY)', line: lineOf(text, putty[0].indexOf('PuTTY')) };
  if (bytes[0] !== sequence) return undefined;
  if (isPkcs12(path, bytes)) return { what: 'a private key (PKCS#12)', line: 1, remedy: pkcs12Remedy(path) };
  return isDerKey(bytes) ? { what: 'a private key (DER)', line: 1 } : undefined;
}

const sequence = 0x30; // the first byte of every DER file that can matter here
const largestKey = 64 * 1024;
// A PFX begins with version 3 and PKCS#7 data (OID 1.2.840.113549.1.7.1): RFC 7292, 4. PKCS#7 itself has no version there.
const version3 = Buffer.from('020103', 'hex');
const pkcs7Data = Buffer.from('06092a864886f70d010701', 'hex');

function isPkcs12(path: string, bytes: Buffer): boolean {
  return ['.pfx', '.p12'].includes(posix.extname(path).toLowerCase()) || isPfx(bytes);
}

function isPfx(bytes: Buffer): boolean {
  return bytes.subarray(0, 12).includes(version3) && bytes.subarray(0, 40).includes(pkcs7Data);
}

function pkcs12Remedy(path: string): string {
  const pem = path.replace(/\.[^./]*$/, '.pem');
  return (
    `Take the certificate alone: openssl pkcs12 -in ${shellWord(path)} -clcerts -nokeys -out ${shellWord(pem)}. ` +
    'Keep the bundle out of the repository; if it was ever committed, replace the key: it is known.'
  );
}

function isDerKey(bytes: Buffer): boolean {
  if (bytes.length > largestKey) return false;
  return (['pkcs8', 'pkcs1', 'sec1'] as const).some((type) => {
    try {
      createPrivateKey({ key: bytes, format: 'der', type });
      return true;
    } catch (refusal) {
      // Not being a key is the usual case; only an encrypted one tells that it is one.
      return refusal instanceof Error && 'code' in refusal && refusal.code === 'ERR_MISSING_PASSPHRASE';
    }
  });
}

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split(/\r\n|\r|\n/).length;
}
