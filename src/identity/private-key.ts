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

// The bags of keys, encrypted and not, OIDs 1.2.840.113549.1.12.10.1.2 and .1: RFC 7292, 4.2.
const keyBags = ['060b2a864886f70d010c0a0102', '060b2a864886f70d010c0a0101'].map((oid) => Buffer.from(oid, 'hex'));
const indefiniteLength = 0x80;

function isPkcs12(path: string, bytes: Buffer): boolean {
  if (isKeylessPkcs12(bytes)) return false;
  return ['.pfx', '.p12'].includes(posix.extname(path).toLowerCase()) || isPfx(bytes);
}

/**
 * Whether this is a PKCS#12 of certificates alone, such as a trust store. Its certificates are encrypted, but keys have an
 * encryption of their own, and in what OpenSSL, Windows and Java write their bags stand open. Where lengths are indefinite
 * (macOS, Firefox) what is looked for may be cut in two: there it is taken to hold a key.
 */
export function isKeylessPkcs12(bytes: Buffer): boolean {
  return isPfx(bytes) && bytes[1] !== indefiniteLength && !keyBags.some((oid) => bytes.includes(oid));
}

function isPfx(bytes: Buffer): boolean {
  return bytes.subarray(0, 12).includes(version3) && bytes.subarray(0, 40).includes(pkcs7Data);
}

/** How to get at the certificates of a PKCS#12. */
export function pkcs12Command(path: string, options: '-clcerts -nokeys' | '-nokeys'): string {
  return `openssl pkcs12 -in ${shellWord(path)} ${options} -out ${shellWord(pemBeside(path))}`;
}

/** A name for what is taken out of a file: another than its own, or the command would write over what it reads. */
export function pemBeside(path: string): string {
  const stem = path.replace(/(?<=[^/])\.[^./]*$/, '');
  return `${stem}${/\.pem$/i.test(path) ? '.certificate' : ''}.pem`;
}

/** What RC2 needs, with which Windows and OpenSSL 1 encrypted certificates: openssl-pkcs12(1). */
export const pkcs12Legacy = 'add -legacy where OpenSSL 3 says "unsupported"';

function pkcs12Remedy(path: string): string {
  return (
    `Take the certificate alone: ${pkcs12Command(path, '-clcerts -nokeys')} (without -clcerts with its chain; ${pkcs12Legacy}). ` +
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
