import { createPrivateKey } from 'node:crypto';
import { posix } from 'node:path';
import { asciiText } from './pem.ts';

/** A private key in a file. */
export interface FoundKey {
  /** The label of its PEM block, or the name of its format: `PuTTY`, `PKCS#12`, `DER`, `DER in base64`. */
  readonly format: string;
  /** The line where it begins; 1 in a file that is not text. */
  readonly line: number;
}

/** Finds a private key, encrypted or not, in a file. Does not keep or return any part of the key. */
export function privateKeyIn(path: string, bytes: Buffer): FoundKey | undefined {
  const binary = binaryKey(path, bytes);
  if (binary !== undefined) return { format: binary, line: 1 };
  const text = asciiText(bytes);
  return labelledKey(text) ?? jsonWebKey(text) ?? keyInBase64(text);
}

/** PEM, SSH2 and PuTTY say in words what they are. https://www.rfc-editor.org/rfc/rfc4716 has the form of SSH2 for public keys. */
function labelledKey(text: string): FoundKey | undefined {
  const [header, pem, ssh2] = labels.exec(text) ?? [];
  if (header !== undefined) return { format: pem ?? ssh2 ?? '', line: lineOf(text, text.indexOf(header)) };
  const putty = /^\W*PuTTY-User-Key-File-\d/.exec(text);
  return putty === null ? undefined : { format: 'PuTTY', line: lineOf(text, putty[0].indexOf('PuTTY')) };
}

const labels =
  /-----BEGIN ((?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?)-----|---- BEGIN (SSH2 (?:ENCRYPTED )?PRIVATE KEY) ----/;

/** The name of the format, if the whole file is a key. */
function binaryKey(path: string, bytes: Buffer): string | undefined {
  const magic = bytes.length < 4 ? 0 : bytes.readUInt32BE(0);
  if (magic === jks || magic === jceks) return hasKeyEntry(bytes) ? (magic === jks ? 'JKS' : 'JCEKS') : undefined;
  if (magic === pvk) return 'PVK';
  if (bytes[0] !== sequence) return undefined;
  if (isPkcs12(path, bytes)) return 'PKCS#12';
  return isDerKey(bytes) ? 'DER' : undefined;
}

/** A private member is `d` for RSA, EC and OKP, and `k` for a symmetric key: RFC 7517 and 7518. */
function jsonWebKey(text: string): FoundKey | undefined {
  if (!/"kty"/.test(text)) return undefined;
  const member = /"(?:d|k)"\s*:\s*"[\w-]{16,}={0,2}"/.exec(text);
  return member === null ? undefined : { format: 'JWK', line: lineOf(text, member.index) };
}

/**
 * Finds a key in base64 without a label: a whole file of it, as `az keyvault secret download` writes a PKCS#12, or one value of
 * a file, as in `DEVICE_KEY=MIIE…`.
 */
function keyInBase64(text: string): FoundKey | undefined {
  const unlabelled = text.replace(/-----BEGIN ([A-Z0-9 ]{1,40})-----[^-]*-----END \1-----/g, (block) =>
    block.replace(/[^\n]/g, ' '),
  );
  for (const run of unlabelled.matchAll(/[\w+/-]{40,}={0,2}(?:\s+[\w+/-]+={0,2})*/g)) {
    const format = formatOf(run[0]) ?? formatOf(/^\S+/.exec(run[0])?.[0] ?? '');
    if (format !== undefined) return { format: `${format} in base64`, line: lineOf(text, run.index) };
  }
  return undefined;
}

function formatOf(base64: string): string | undefined {
  if (!encodesKey.test(base64)) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  return binaryKey('', bytes) ?? labelledKey(bytes.toString('latin1'))?.format;
}

/** How base64 of a DER sequence, of a JKS or JCEKS, of a PVK or of PEM (`-----`) begins. */
const encodesKey = /^(?:M[A-P]|\/u3\+7|_u3-7|zs7Oz|HvG1s|LS0t)/;

const sequence = 0x30; // the first byte of every DER file with a key
const largestKey = 64 * 1024;
const jks = 0xfeedfeed;
const jceks = 0xcececece;
const pvk = 0x1ef1b5b0; // 0xB0B5F11E, the lowest byte first
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

/**
 * Tells whether a Java keystore holds more than certificates that it trusts. Entries are a tag (1 key, 2 certificate, 3 secret
 * key), an alias, a date and their bytes; the first key decides.
 * https://github.com/openjdk/jdk/blob/master/src/java.base/share/classes/sun/security/provider/JavaKeyStore.java
 */
function hasKeyEntry(bytes: Buffer): boolean {
  const isOld = bytes.length >= 8 && bytes.readUInt32BE(4) === 1;
  const number = (at: number, length: 2 | 4) => (at + length > bytes.length ? undefined : bytes.readUIntBE(at, length));
  let at = 12;
  for (let left = number(8, 4) ?? 0; left > 0; left -= 1) {
    // What cannot be read as a certificate counts as a key.
    if (number(at, 4) !== trustedCertificate) return true;
    at += 4;
    at += 2 + (number(at, 2) ?? 0) + 8;
    if (!isOld) at += 2 + (number(at, 2) ?? 0);
    at += 4 + (number(at, 4) ?? 0);
  }
  return false;
}

const trustedCertificate = 2;

function lineOf(text: string, index: number): number {
  return text.slice(0, index).split(/\r\n|\r|\n/).length;
}
