import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CertificateReading, readCertificate } from '../../src/identity/certificate.ts';
import type { Certificate } from '../../src/model/identity.ts';
import type { Unreadable } from '../../src/rules/unreadable.ts';
import { told } from '../support/finding.ts';
import { describeNeeding, itNeeding } from '../support/needing.ts';
import { makeCertificate, makeKey, openssl, type Wanted } from '../support/openssl.ts';
import { fc } from '../support/property.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificates-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function certificateOf(reading: CertificateReading): Certificate {
  if (reading.kind !== 'certificate') throw new Error(`no certificate: ${JSON.stringify(reading)}`);
  return reading.certificate;
}

/** What openssl itself says, as upper-case digits. */
function fingerprint(pem: string, digest: string): string {
  return openssl(folder, 'x509', '-in', pem, '-noout', '-fingerprint', `-${digest}`).replace(/^.*=|[:\s]/g, '');
}

describeNeeding(['openssl'], 'a certificate made by openssl', () => {
  const make = (name: string, wanted: Wanted) => makeCertificate(folder, name, wanted);
  let leaf: string;
  let leafPem: string;
  beforeAll(() => {
    leaf = make('leaf', { subject: '/CN=edge-001' });
    leafPem = readFileSync(leaf, 'utf8');
  });

  test('is read with all that a device needs', async () => {
    const read = certificateOf(await readCertificate('certs/leaf.pem', readFileSync(leaf)));
    expect(read).toEqual({
      path: 'certs/leaf.pem',
      commonNames: ['edge-001'],
      thumbprints: { sha1: fingerprint(leaf, 'sha1'), sha256: fingerprint(leaf, 'sha256') },
      notBefore: new Date('2026-01-01T00:00:00Z'),
      notAfter: new Date('2028-01-01T00:00:00Z'),
      key: { type: 'ec', name: 'prime256v1' },
      publicKeyDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
      authority: 'none',
      extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
      pem: leafPem,
    });
  });

  describe('comes out the same from', () => {
    const der = () => new X509Certificate(leafPem).raw;
    const crlf = () => leafPem.replaceAll('\n', '\r\n');
    test.each<[string, () => string | Buffer]>([
      ['DER', der],
      ['DER with something behind it', () => Buffer.concat([der(), Buffer.from('tail')])],
      ['CRLF line ends', crlf],
      ['lone CR line ends', () => leafPem.replaceAll('\n', '\r')],
      ['a byte order mark', () => `\uFEFF${leafPem}`],
      ['UTF-16 with its mark, as Windows saves', () => Buffer.from(`\uFEFF${crlf()}`, 'utf16le')],
      ['UTF-16, the other byte order', () => Buffer.from(`\uFEFF${crlf()}`, 'utf16le').swap16()],
      ['bag attributes around it', () => `Bag Attributes\n    localKeyID: 01 00\nsubject=CN = ö\n${leafPem}trailing\n`],
      ['no line end at the end', () => leafPem.trimEnd()],
      ['lines with blanks around', () => leafPem.replaceAll('\n', '  \n  ')],
      [
        'one long line',
        () => leafPem.replaceAll('\n', '').replace(/(-{5}BEGIN CERTIFICATE-{5})(.*)(-{5}END.*)/, '$1\n$2\n$3'),
      ],
      ['an X509 CERTIFICATE label', () => leafPem.replaceAll(' CERTIFICATE', ' X509 CERTIFICATE')],
      ['a TRUSTED CERTIFICATE', () => openssl(folder, 'x509', '-in', leaf, '-trustout', '-addtrust', 'clientAuth')],
    ])('%s', async (_, content) => {
      expect(certificateOf(await readCertificate('leaf.pem', Buffer.from(content())))).toMatchObject({
        thumbprints: { sha256: fingerprint(leaf, 'sha256') },
        pem: leafPem,
      });
    });
  });

  test('a chain between other lines, the device’s own certificate wherever it stands', async () => {
    const root = readFileSync(
      make('root', { subject: '/CN=root', extensions: ['basicConstraints = CA:TRUE'] }),
      'utf8',
    );
    for (const text of [`a\r\n${leafPem}b\n${root}`, `a\r\n${root}b\n${leafPem}`]) {
      const read = certificateOf(await readCertificate('chain.pem', Buffer.from(text)));
      expect(read.pem).toBe(leafPem);
      expect(read.commonNames).toEqual(['edge-001']);
      expect(read.chain?.faults).toMatchObject([{ kind: 'broken', subject: 'CN=root' }]);
    }
  });

  test.each<[string, string, string[]]>([
    ['no common name', '/O=contoso', []],
    ['an empty subject', '/', []],
    ['two common names', '/CN=a/CN=b', ['a', 'b']],
    ['UTF-8', '/CN=größe-☃', ['größe-☃']],
    ['commas and equals signs', '/CN=a, CN=b\\/O=c', ['a, CN=b/O=c']],
    ['a line break', '/CN=edge-001\nCN=edge-002', ['edge-001\nCN=edge-002']],
    ['another field that looks like a common name', '/O=x\nCN=evil/CN=edge-001', ['edge-001']],
  ])('the subject has %s', async (title, subject, expected) => {
    const path = make(`subject-${title.replaceAll(' ', '-')}`, { subject });
    expect(certificateOf(await readCertificate(path, readFileSync(path))).commonNames).toEqual(expected);
  });

  test.each<[Wanted['keyType'] & string, Certificate['key']]>([
    ['rsa1024', { type: 'rsa', name: 'RSA', bits: 1024 }],
    ['rsa2048', { type: 'rsa', name: 'RSA', bits: 2048 }],
    ['p384', { type: 'ec', name: 'secp384r1' }],
    ['secp256k1', { type: 'ec', name: 'secp256k1' }],
    ['ed25519', { type: 'other', name: 'Ed25519' }],
    ['rsa-pss', { type: 'other', name: 'RSA-PSS' }],
  ])('key %s', async (keyType, expected) => {
    const one = make(`key-${keyType}`, { subject: '/CN=x', keyType });
    const again = make(`key-${keyType}-again`, { subject: '/CN=y', keyType, key: `key-${keyType}.key.pem` });
    const read = certificateOf(await readCertificate(one, readFileSync(one)));
    expect(read.key).toEqual(expected);
    const twin = certificateOf(await readCertificate(again, readFileSync(again)));
    expect(twin.publicKeyDigest).toBe(read.publicKeyDigest);
    expect(twin.thumbprints.sha1).not.toBe(read.thumbprints.sha1);
    expect(read.publicKeyDigest).not.toBe(
      certificateOf(await readCertificate(leaf, readFileSync(leaf))).publicKeyDigest,
    );
  });

  test.each<[string, Certificate['authority'], string[]]>([
    ['nothing', 'none', []],
    ['CA:FALSE', 'none', ['basicConstraints = CA:FALSE']],
    ['CA:FALSE and a key usage', 'none', ['basicConstraints = CA:FALSE', 'keyUsage = digitalSignature, cRLSign']],
    ['CA:TRUE alone', 'is-ca', ['basicConstraints = critical, CA:TRUE']],
    [
      'CA:TRUE with a key usage that does not sign',
      'is-ca',
      ['basicConstraints = CA:TRUE', 'keyUsage = digitalSignature'],
    ],
    [
      'CA:TRUE and keyCertSign',
      'signing-key',
      ['basicConstraints = CA:TRUE', 'keyUsage = critical, keyCertSign, cRLSign'],
    ],
    ['keyCertSign alone', 'signing-key', ['keyUsage = keyCertSign']],
    [
      'keyCertSign among nine usages',
      'signing-key',
      ['keyUsage = digitalSignature, keyCertSign, encipherOnly, decipherOnly'],
    ],
  ])('authority: %s', async (title, expected, extensions) => {
    const path = make(`authority-${title.replaceAll(/\W/g, '-')}`, { subject: '/CN=x', extensions });
    expect(certificateOf(await readCertificate(path, readFileSync(path))).authority).toBe(expected);
  });

  test('authority: what openssl req -x509 makes of its own', async () => {
    makeKey(join(folder, 'keys', 'plain.key.pem'), 'p256');
    openssl(folder, 'req', '-x509', '-new', '-key', 'keys/plain.key.pem', '-subj', '/CN=x', '-out', 'plain.pem');
    const read = await readCertificate('plain.pem', readFileSync(join(folder, 'plain.pem')));
    expect(certificateOf(read).authority).toBe('is-ca');
  });

  test.each<[string, Wanted, string | undefined]>([
    ['RSA with MD5', { subject: '/CN=x', keyType: 'rsa2048', digest: 'md5' }, 'MD5'],
    ['RSA with SHA-1', { subject: '/CN=x', keyType: 'rsa2048', digest: 'sha1' }, 'SHA-1'],
    ['RSA-PSS with SHA-1', { subject: '/CN=x', keyType: 'rsa2048', digest: 'sha1', pss: true }, 'SHA-1'],
    ['RSA-PSS with SHA-256', { subject: '/CN=x', keyType: 'rsa2048', pss: true }, undefined],
    ['ECDSA with SHA-1', { subject: '/CN=x', digest: 'sha1' }, 'SHA-1'],
    ['ECDSA with SHA-224', { subject: '/CN=x', digest: 'sha224' }, undefined],
    // The name holds the bytes of an object identifier: looking for bytes alone would be fooled.
    [
      'SHA-256, by someone whose name looks like SHA-1',
      { subject: '/CN=x', extensions: ['2.5.29.99 = DER:06092a864886f70d010105'] },
      undefined,
    ],
  ])('signature: %s', async (title, wanted, expected) => {
    const path = make(`signature-${title.replaceAll(/\W/g, '-')}`, wanted);
    expect(certificateOf(await readCertificate(path, readFileSync(path))).weakSignature).toBe(expected);
  });

  test('no extended key usage is told apart from one', async () => {
    const path = make('no-eku', { subject: '/CN=x', extensions: ['basicConstraints = CA:FALSE'] });
    expect(certificateOf(await readCertificate(path, readFileSync(path)))).not.toHaveProperty('extendedKeyUsage');
  });

  describe('is refused with the reason:', () => {
    const inFolder = (...args: string[]) => openssl(folder, ...args);
    const bytesOf = (name: string) => readFileSync(join(folder, name));
    test.each<[string, string, () => string | Buffer, Unreadable]>([
      ['empty', 'a.pem', () => '', { kind: 'empty' }],
      ['text', 'a.pem', () => 'hello', { kind: 'no-certificate' }],
      ['cut off before its end', 'a.pem', () => leafPem.slice(0, -40), { kind: 'no-end' }],
      ['damaged inside', 'a.pem', () => leafPem.replace(/M[\s\S]{40}/, ''), { kind: 'damaged' }],
      [
        'a chain damaged at its end',
        'a.pem',
        () => leafPem + leafPem.replace(/M[\s\S]{40}/, ''),
        { kind: 'damaged-in-chain', number: 2, count: 2 },
      ],
      [
        'a chain damaged at its start',
        'a.pem',
        () => leafPem.replace(/M[\s\S]{40}/, '') + leafPem,
        { kind: 'damaged-in-chain', number: 1, count: 2 },
      ],
      ['DER cut off', 'a.der', () => new X509Certificate(leafPem).raw.subarray(0, -1), { kind: 'no-certificate' }],
      ['a request', 'a.pem', () => bytesOf('keys/request.csr'), { kind: 'request' }],
      ['a request in DER', 'a.csr', () => Buffer.from('3003020100', 'hex'), { kind: 'request' }],
      ['a public key', 'a.pem', () => inFolder('x509', '-in', leaf, '-noout', '-pubkey'), { kind: 'public-key' }],
      [
        'a revocation list',
        'a.pem',
        () => '-----BEGIN X509 CRL-----\nMA==\n-----END X509 CRL-----\n',
        { kind: 'other-pem', label: 'X509 CRL' },
      ],
    ])('%s', async (_, name, content, problem) => {
      expect(await readCertificate(name, Buffer.from(content()))).toEqual({ kind: 'unreadable', problem });
    });

    test.each<[string, 'pem' | 'der', string[], string, string]>([
      ['PEM', 'pem', [], 'certs/a.p7b', 'openssl pkcs7 -in certs/a.p7b -print_certs -out certs/a.pem'],
      ['DER', 'der', ['-outform', 'DER'], 'a.p7b', 'openssl pkcs7 -inform DER -in a.p7b -print_certs -out a.pem'],
      [
        'PEM and called so',
        'pem',
        [],
        'certs/a.pem',
        'openssl pkcs7 -in certs/a.pem -print_certs -out certs/a.certificate.pem',
      ],
    ])('PKCS#7 in %s, with the command that unpacks it', async (_, form, options, path, command) => {
      inFolder('crl2pkcs7', '-nocrl', '-certfile', leaf, '-out', 'bundle.p7b', ...options);
      const problem = { kind: 'pkcs7', form } as const;
      expect(await readCertificate(path, bytesOf('bundle.p7b'))).toEqual({ kind: 'unreadable', problem });
      expect(told('certificate/unreadable', { path, problem }).remedy).toContain(command);
    });
  });

  test('a private key behind the certificate is refused, not the certificate read', async () => {
    const both = leafPem + readFileSync(join(folder, 'keys', 'leaf.key.pem'), 'utf8');
    expect(await readCertificate('a.pem', Buffer.from(both))).toEqual({
      kind: 'private-key',
      key: { format: 'PRIVATE KEY', line: leafPem.split('\n').length },
    });
  });
});

describe('any bytes', () => {
  const starts = ['', '0\x82', '-----BEGIN CERTIFICATE-----\n', '-----BEGIN PRIVATE KEY-----', '\xff\xfe', '\xfe\xff'];

  test('give a reading, never an exception', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...starts), fc.uint8Array({ maxLength: 300 }), async (start, bytes) => {
        const reading = await readCertificate('a.pem', Buffer.concat([Buffer.from(start, 'latin1'), bytes]));
        expect(['unreadable', 'private-key']).toContain(reading.kind);
      }),
    );
  });

  // Some accessors of node:crypto do not throw at a broken key but end the process, and this test with it.
  itNeeding(['openssl'], 'also those of a certificate made by openssl with one byte changed', async () => {
    const extensions = ['keyUsage = digitalSignature', 'basicConstraints = CA:TRUE'];
    const originals = (['p256', 'secp256k1', 'ed25519', 'rsa1024'] as const).map((keyType) => {
      const pem = makeCertificate(folder, `changed-${keyType}`, { subject: '/CN=x', extensions, keyType });
      return new X509Certificate(readFileSync(pem)).raw;
    });
    for (const original of originals) {
      for (const bits of [0x01, 0x80, 0xfe]) {
        for (const index of original.keys()) {
          const bytes = Buffer.from(original);
          bytes[index]! ^= bits;
          const reading = await readCertificate('a.der', bytes);
          if (reading.kind !== 'certificate') continue;
          // Where OpenSSL reads what is not quite DER, its digest would not be that of the file.
          const digest = createHash('sha256').update(bytes).digest('hex').toUpperCase();
          expect(reading.certificate.thumbprints.sha256, `byte ${index}`).toBe(digest);
        }
      }
    }
  });

  test('a megabyte of BEGIN lines costs no more than its length', async () => {
    const start = performance.now();
    const reading = await readCertificate('a.pem', Buffer.from('-----BEGIN CERTIFICATE-----\n'.repeat(37_000)));
    expect(reading.kind).toBe('unreadable');
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
