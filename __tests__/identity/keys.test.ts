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

const base64 = (bytes: Buffer) => bytes.toString('base64');
const lines = (text: string) => text.replace(/.{64}/g, '$&\n');
/** What a PFX begins with, up to a key bag. */
const pfx = Buffer.from(`30820100020103${'30820100'}06092a864886f70d010701${'060b2a864886f70d010c0a0102'}`, 'hex');
const certificate = `-----BEGIN CERTIFICATE-----\n${'MIIB'.repeat(16)}\n-----END CERTIFICATE-----\n`;
const jwk = { kty: 'RSA', n: 'x'.repeat(300), e: 'AQAB', kid: 'k'.repeat(40) };

/** A Java keystore with entries of these tags: 1 a key, 2 a certificate, 3 a secret key. */
const keystore = (magic: number, ...tags: readonly number[]) => keystoreOf(2, magic, ...tags);

function keystoreOf(version: number, magic: number, ...tags: readonly number[]): Buffer {
  const number = (value: number, length: number) => Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
  const named = (text: string) => [number(text.length, 2), Buffer.from(text)];
  const entries = tags.flatMap((tag) => {
    const kind = tag === 2 && version === 2 ? named('X.509') : [];
    return [number(tag, 4), ...named('alias'), number(0, 8), ...kind, number(5, 4), Buffer.from('bytes')];
  });
  return Buffer.concat([number(magic, 4), number(version, 4), number(tags.length, 4), ...entries, Buffer.alloc(20)]);
}

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
    ['base64 of PKCS#8 alone', 'a.key', base64(der(ec.privateKey, 'pkcs8')), 'DER in base64', 1],
    ['base64 of PKCS#8 in lines', 'a.p8', lines(base64(der(rsa.privateKey, 'pkcs8'))), 'DER in base64', 1],
    ['base64 of PKCS#1', 'a.txt.pem', `\r\n${lines(base64(der(rsa.privateKey, 'pkcs1')))}`, 'DER in base64', 2],
    ['base64 of SEC 1', 'a.key', base64(der(ec.privateKey, 'sec1')), 'DER in base64', 1],
    ['base64 of PKCS#12', 'a.pfx', base64(pfx), 'PKCS#12 in base64', 1],
    ['base64 of PEM', 'a.key', base64(Buffer.from(text(ec.privateKey, 'pkcs8'))), 'PRIVATE KEY in base64', 1],
    [
      'base64 behind a certificate',
      'a.pem',
      `${certificate}${base64(der(ec.privateKey, 'pkcs8'))}`,
      'DER in base64',
      4,
    ],
    ['a Java keystore', 'a.jks', keystore(0xfeedfeed, 2, 1), 'JKS', 1],
    ['a Java keystore, behind certificates', 'a.keystore', keystore(0xfeedfeed, 2, 2, 2, 1), 'JKS', 1],
    ['a Java keystore of version 1', 'a.jks', keystoreOf(1, 0xfeedfeed, 2, 1), 'JKS', 1],
    ['a Java keystore that is cut off', 'a.jks', keystore(0xfeedfeed, 2, 2).subarray(0, 40), 'JKS', 1],
    ['a Java keystore in base64', 'a.jks', base64(keystore(0xfeedfeed, 1)), 'JKS in base64', 1],
    ['JCEKS', 'a.jceks', keystore(0xcececece, 1), 'JCEKS', 1],
    ['a secret key in JCEKS', 'a.keystore', keystore(0xcececece, 3), 'JCEKS', 1],
    ['PVK', 'a.pvk', Buffer.from('1ef1b5b000000000020000000000000000000000', 'hex'), 'PVK', 1],
    ['JWK', 'a.jwk', `{\n${JSON.stringify(ec.privateKey.export({ format: 'jwk' })).slice(1)}`, 'JWK', 2],
    [
      'JWK of RSA among others',
      'my-keys.json',
      JSON.stringify({ keys: [jwk, { ...jwk, d: 'x'.repeat(43) }] }),
      'JWK',
      1,
    ],
    ['SSH2', 'id_rsa', '\n---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n', 'SSH2 ENCRYPTED PRIVATE KEY', 2],
    ['SSH2, not encrypted', 'a.key', '---- BEGIN SSH2 PRIVATE KEY ----\n', 'SSH2 PRIVATE KEY', 1],
    ['PuTTY under another name', 'id_plant', 'PuTTY-User-Key-File-2: ssh-rsa\n', 'PuTTY', 1],
    ['a name of SSH', 'id_ed25519', '-----BEGIN OPENSSH PRIVATE KEY-----\n', 'OPENSSH PRIVATE KEY', 1],
    ['a copy', 'a.key.bak', text(ec.privateKey, 'pkcs8'), 'PRIVATE KEY', 1],
    ['an old one', 'a.pem.old', text(ec.privateKey, 'pkcs8'), 'PRIVATE KEY', 1],
    ['what an editor left', 'a.pem~', text(ec.privateKey, 'pkcs8'), 'PRIVATE KEY', 1],
    ['a name without an extension', 'device-key', text(ec.privateKey, 'pkcs8'), 'PRIVATE KEY', 1],
    [
      'an environment',
      '.env',
      `A=1\nKEY="${text(ec.privateKey, 'pkcs8').replaceAll('\n', '\\n')}"\n`,
      'PRIVATE KEY',
      2,
    ],
    [
      'base64 in an environment',
      'plant.env.local',
      `A=1\nKEY=${base64(der(ec.privateKey, 'pkcs8'))}\nB=2\n`,
      'DER in base64',
      2,
    ],
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
    ['a trust store of Java', 'a.jks', keystore(0xfeedfeed, 2, 2)],
    ['a trust store of Java, of version 1', 'a.jks', keystoreOf(1, 0xfeedfeed, 2, 2)],
    ['base64 of a public key', 'a.key', base64(ec.publicKey.export({ type: 'spki', format: 'der' }))],
    ['base64 of something else', 'a.key', `MII${'A'.repeat(400)}`],
    ['a certificate', 'a.pem', certificate],
    ['a public JWK', 'a.jwk', JSON.stringify({ ...ec.publicKey.export({ format: 'jwk' }), kid: 'd'.repeat(40) })],
    ['a public key of SSH', 'id_rsa.pub', `ssh-rsa ${'AAAA'.repeat(90)} me@here\n`],
    ['a public key of SSH2', 'id_rsa.pub', '---- BEGIN SSH2 PUBLIC KEY ----\n'],
    ['an example of an environment', '.env.example', text(ec.privateKey, 'pkcs8')],
    ['text about keys', 'keys.md', text(ec.privateKey, 'pkcs8')],
    ['a name that only looks alike', 'monkey.json', text(ec.privateKey, 'pkcs8')],
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

test('a search that meets a bound says so, with the keys that it has found', async () => {
  const workspace = openWorkspace(folderWith({ 'a.key': text(ec.privateKey, 'sec1'), 'b/c.key': '', 'd/e.key': '' }), {
    bounds: { folders: 1, files: 100, seconds: 100 },
  });
  const findings = await findPrivateKeys(['.'], workspace);
  expect(findings).toEqual([
    told('certificate/key-search-bound', { bound: { most: 1, of: 'folders' } }),
    expect.objectContaining({ rule: 'certificate/private-key-present', place: { file: 'a.key', line: 1, column: 1 } }),
  ]);
});

test.each<[string, string, string, string]>([
  ['a symmetric JWK', 'a.jwk', JSON.stringify({ kty: 'oct', k: 'x'.repeat(43) }), 'JWK'],
  [
    'a value of an environment with much behind it',
    '.env',
    `KEY=${ec.privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64')}\n${'word '.repeat(40_000)}`,
    'DER in base64',
  ],
])('is found: %s', async (_, path, content, format) => {
  expect(await search({ [path]: content })).toEqual([
    { ...told('certificate/private-key-present', { path, format }), place: at(path, 1, 1) },
  ]);
});
