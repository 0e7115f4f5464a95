import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findPrivateKeys } from '../../src/identity/keys.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { at, told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';
import { makeCertificate, openssl } from '../support/openssl.ts';

const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const text = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1') => key.export({ type, format: 'pem' }).toString();
const der = (key: KeyObject, type: 'pkcs1' | 'pkcs8' | 'sec1') => key.export({ type, format: 'der' });
const locked = { cipher: 'aes-256-cbc', passphrase: 'x' };

function search(files: Readonly<Record<string, string | Buffer>>, folders = ['']) {
  return findPrivateKeys(folders, openWorkspace(folderWith(files)));
}

describe('a private key committed by mistake', () => {
  test.each<[string, string, string | Buffer, string, number]>([
    ['PKCS#8', 'a.pem', text(ec.privateKey, 'pkcs8'), 'PRIVATE KEY', 1],
    ['EC', 'a.key', text(ec.privateKey, 'sec1'), 'EC PRIVATE KEY', 1],
    ['RSA', 'a.crt', text(rsa.privateKey, 'pkcs1'), 'RSA PRIVATE KEY', 1],
    ['behind a certificate', 'a.cer', `subject=x\r\nmore\r\n${text(ec.privateKey, 'pkcs8')}`, 'PRIVATE KEY', 3],
    [
      'encrypted',
      'a.pem',
      ec.privateKey.export({ type: 'pkcs8', format: 'pem', ...locked }).toString(),
      'ENCRYPTED PRIVATE KEY',
      1,
    ],
    [
      'encrypted the old way',
      'a.pem',
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAA==\n',
      'RSA PRIVATE KEY',
      1,
    ],
    ['OpenSSH', 'id.pem', '\n-----BEGIN OPENSSH PRIVATE KEY-----\n', 'OPENSSH PRIVATE KEY', 2],
    ['PGP', 'id.key', '-----BEGIN PGP PRIVATE KEY BLOCK-----\n', 'PGP PRIVATE KEY BLOCK', 1],
    ['PuTTY', 'id.ppk', 'PuTTY-User-Key-File-3: ecdsa-sha2-nistp256\n', 'PuTTY', 1],
    ['cut off', 'a.pem', '\n\n-----BEGIN PRIVATE KEY-----\nMIG', 'PRIVATE KEY', 3],
    ['UTF-16', 'a.pem', Buffer.from(`\uFEFF\r\n${text(ec.privateKey, 'pkcs8')}`, 'utf16le'), 'PRIVATE KEY', 2],
    ['PKCS#8 in DER', 'a.pk8', der(ec.privateKey, 'pkcs8'), 'DER', 1],
    ['PKCS#1 in DER', 'a.der', der(rsa.privateKey, 'pkcs1'), 'DER', 1],
    ['SEC 1 in DER', 'a.p8', der(ec.privateKey, 'sec1'), 'DER', 1],
    ['encrypted in DER', 'a.key', ec.privateKey.export({ type: 'pkcs8', format: 'der', ...locked }), 'DER', 1],
    ['an extension in capitals', 'A.PEM', text(ec.privateKey, 'pkcs8'), 'PRIVATE KEY', 1],
  ])('%s', async (_, name, content, format, line) => {
    const findings = await search({ [`certs/${name}`]: content });
    expect(findings).toMatchObject([
      {
        ...told('certificate/private-key-present', { path: `certs/${name}`, format }),
        severity: 'error',
        place: at(`certs/${name}`, line, 1),
      },
    ]);
    expect(JSON.stringify(findings)).not.toContain(content.toString().split('\n')[1] || 'nothing at all');
  });

  test.each<[string, string, string | Buffer]>([
    ['a public key', 'a.pem', ec.publicKey.export({ type: 'spki', format: 'pem' }).toString()],
    ['a public key in DER', 'a.der', ec.publicKey.export({ type: 'spki', format: 'der' })],
    ['a word about keys', 'a.pem', 'the PRIVATE KEY stays on the device'],
    ['another kind of file', 'a.txt', text(ec.privateKey, 'pkcs8')],
    ['an empty file', 'a.key', ''],
    ['a large file of something else', 'a.der', Buffer.concat([Buffer.from([0x30]), Buffer.alloc(100_000)])],
    [
      'what is too large to be one',
      'a.pem',
      Buffer.concat([Buffer.alloc(1024 * 1024), Buffer.from(text(ec.privateKey, 'pkcs8'))]),
    ],
  ])('is not %s', async (_, name, content) => {
    expect(await search({ [name]: content })).toEqual([]);
  });

  test('is looked for below the folders alone, and not where it was read already', async () => {
    const files = {
      'in/a.pem': text(ec.privateKey, 'pkcs8'),
      'in/b.pem': text(ec.privateKey, 'pkcs8'),
      'out/c.pem': text(ec.privateKey, 'pkcs8'),
    };
    const workspace = openWorkspace(folderWith(files));
    const found = async (read?: ReadonlySet<string>) =>
      (await findPrivateKeys(['in', 'in'], workspace, read)).map(({ place }) => place?.file);
    expect(await found()).toEqual(['in/a.pem', 'in/b.pem']);
    expect(await found(new Set(['in/a.pem']))).toEqual(['in/b.pem']);
  });

  test('is let be where git ignores it; git is asked about keys alone, and not at all when there are none', async () => {
    const folder = folderWith({
      'a.pem': text(ec.privateKey, 'pkcs8'),
      'b.pem': text(ec.privateKey, 'pkcs8'),
      'c.pem': '',
      'd/e.pem': '',
    });
    const asked: unknown[] = [];
    const checkIgnored = async (_: string, paths: readonly string[]) => {
      asked.push(paths);
      return new Set(['a.pem']);
    };
    const workspace = openWorkspace(folder, { checkIgnored });
    expect((await findPrivateKeys([''], workspace)).map(({ place }) => place?.file)).toEqual(['b.pem']);
    expect(await findPrivateKeys(['d'], workspace)).toEqual([]);
    expect(asked).toEqual([['a.pem', 'b.pem']]);
  });

  itNeeding(
    ['openssl'],
    'PKCS#12 by openssl is found by its bytes, a certificate and a PKCS#7 bundle are not',
    async () => {
      const folder = folderWith();
      makeCertificate(folder, 'cert', { subject: '/CN=x' });
      openssl(folder, 'x509', '-in', 'cert.pem', '-outform', 'DER', '-out', 'cert.der');
      openssl(folder, 'crl2pkcs7', '-nocrl', '-certfile', 'cert.pem', '-outform', 'DER', '-out', 'p7.der');
      const pair = ['-inkey', 'keys/cert.key.pem', '-in', 'cert.pem', '-passout', 'pass:x'];
      openssl(folder, 'pkcs12', '-export', ...pair, '-out', 'bundle.cer');
      writeFileSync(join(folder, 'again.pfx'), readFileSync(join(folder, 'bundle.cer')));
      const findings = await findPrivateKeys([''], openWorkspace(folder));
      const present = (path: string, format: string) => ({
        ...told('certificate/private-key-present', { path, format }),
        place: at(path, 1, 1),
      });
      expect(findings).toEqual([
        present('again.pfx', 'PKCS#12'),
        present('bundle.cer', 'PKCS#12'),
        present('keys/cert.key.pem', 'PRIVATE KEY'),
      ]);
      expect(findings[0]?.remedy).toContain('openssl pkcs12 -in again.pfx -clcerts -nokeys -out again.pem');
    },
  );
});
