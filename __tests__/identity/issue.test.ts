import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { identityFault, type RootProblem } from '../../src/identity/faults.ts';
import { identify } from '../../src/identity/identify.ts';
import { type IssueRequest, issueCertificates } from '../../src/identity/issue.ts';
import { findPrivateKeys } from '../../src/identity/keys.ts';
import { Fault, messageOf } from '../../src/model/fault.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { faultOf, said } from '../support/fault.ts';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';
import { openssl } from '../support/openssl.ts';
import { device } from './device.ts';

const now = new Date('2027-03-01T12:00:00.500Z');

/** EC unless told otherwise: its keys are made in no time. */
function request(folder: string, wish: Partial<IssueRequest> = {}): IssueRequest {
  const directories = { certificatesDirectory: join(folder, 'certs'), keysDirectory: join(folder, 'keys') };
  return { ids: ['edge-001'], ...directories, keyType: 'ec', now, ...wish };
}

/** The files of the root that is made in a folder. */
function rootIn(folder: string) {
  return { certificate: join(folder, 'keys', 'root.pem'), key: join(folder, 'keys', 'root.key.pem') };
}

/** What node:crypto says about a private key that is none. */
function openingFault(pem: string): string {
  try {
    createPrivateKey(pem);
  } catch (cause) {
    return messageOf(cause);
  }
  throw new Error('it is a key');
}

function certificate(...path: string[]): X509Certificate {
  return new X509Certificate(readFileSync(join(...path)));
}

test('makes a root and two leaves for each id, and tells what it wrote', async () => {
  const folder = folderWith();
  const issued = await issueCertificates(request(folder, { ids: ['edge-001', 'edge-002', 'edge-001'] }));
  const names = ['edge-001-primary', 'edge-001-secondary', 'edge-002-primary', 'edge-002-secondary'];
  expect(issued).toEqual({
    certificates: names.map((name) => join(folder, 'certs', `${name}.pem`)),
    keys: names.map((name) => join(folder, 'keys', `${name}.key.pem`)),
    root: { certificate: join(folder, 'keys', 'root.pem'), key: join(folder, 'keys', 'root.key.pem'), reused: false },
  });
  expect(readdirSync(join(folder, 'certs')).sort()).toEqual(names.map((name) => `${name}.pem`));
  expect(readdirSync(join(folder, 'keys')).sort()).toEqual(
    ['.gitignore', 'root.key.pem', 'root.pem', ...names.map((name) => `${name}.key.pem`)].sort(),
  );
  expect(readFileSync(join(folder, 'keys', '.gitignore'), 'utf8')).toBe('*\n');
});

test('RSA-2048 by default: what is made passes every rule, and its chain is leaf and root', async () => {
  const folder = folderWith();
  const { keyType: _, ...defaults } = request(folder);
  await issueCertificates(defaults);
  const workspace = openWorkspace(folder);
  const certificates = { primary: 'certs/edge-001-primary.pem', secondary: 'certs/edge-001-secondary.pem' };
  const { value, findings } = await identify([device({ certificates, runtime: '1.1 windows' })], workspace, {
    now,
    expiryWarningDays: 364,
  });
  expect(findings).toEqual([]);
  expect(value[0]?.certificates.primary).toMatchObject({
    commonNames: ['edge-001'],
    key: { type: 'rsa', bits: 2048 },
    authority: 'none',
    extendedKeyUsage: ['1.3.6.1.5.5.7.3.2'],
    notBefore: new Date('2027-03-01T11:55:00Z'),
    notAfter: new Date('2028-02-29T12:00:00Z'),
    pem: readFileSync(join(folder, 'certs/edge-001-primary.pem'), 'utf8'),
  });
  const root = certificate(folder, 'keys/root.pem');
  const leaf = certificate(folder, 'certs/edge-001-primary.pem');
  expect(leaf.verify(root.publicKey) && leaf.checkIssued(root)).toBe(true);
  expect(root.verify(root.publicKey) && root.ca).toBe(true);
  expect(value[0]?.certificates.primary?.pem.endsWith(root.toString())).toBe(true);
});

test('keys fit their certificates and are for their owner alone, and no folder that is committed has one', async () => {
  const folder = folderWith();
  const { certificates, keys, root } = await issueCertificates(request(folder));
  for (const [index, path] of [...keys, root.key].entries()) {
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777, path).toBe(0o600);
    const of = certificates[index] ?? root.certificate;
    expect(certificate(of).checkPrivateKey(createPrivateKey(readFileSync(path)))).toBe(true);
  }
  expect(await findPrivateKeys(['certs'], openWorkspace(folder))).toEqual([]);
});

test('a second run uses the root again, also for more ids, and serial numbers differ', async () => {
  const folder = folderWith();
  await issueCertificates(request(folder));
  const root = readFileSync(join(folder, 'keys/root.pem'), 'utf8');
  const second = await issueCertificates(request(folder, { ids: ['edge-002'], days: 10 }));
  expect(second.root.reused).toBe(true);
  expect(readFileSync(join(folder, 'keys/root.pem'), 'utf8')).toBe(root);
  const leaf = certificate(folder, 'certs/edge-002-primary.pem');
  expect(leaf.verify(new X509Certificate(root).publicKey)).toBe(true);
  expect(new Date(leaf.validTo)).toEqual(new Date('2027-03-11T12:00:00Z'));
  const files = readdirSync(join(folder, 'certs')).map((name) => certificate(folder, 'certs', name).serialNumber);
  expect(new Set(files).size).toBe(4);
  expect(files.every((serial) => /^[4-7][0-9A-F]{31}$/.test(serial))).toBe(true);
});

test('ids with characters that file names lack are encoded there, and stand as they are in the certificate', async () => {
  const folder = folderWith();
  const id = "a:b*c?%_@'(d)";
  const { certificates } = await issueCertificates(request(folder, { ids: [id] }));
  expect(certificates[0]).toBe(join(folder, 'certs', "a%3Ab%2Ac%3F%25_@'(d)-primary.pem"));
  const { findings } = await identify(
    [device({ id, certificates: { primary: "certs/a%3Ab%2Ac%3F%25_@'(d)-primary.pem" } })],
    openWorkspace(folder),
    { now, expiryWarningDays: 30 },
  );
  expect(findings.map(({ rule }) => rule)).toEqual(['thumbprint/single']);
});

describe('never overwrites:', () => {
  test.each(['certs/edge-002-secondary.pem', 'keys/edge-002-primary.key.pem'])('%s', async (name) => {
    const folder = folderWith({ [name]: 'mine' });
    const before = readdirSync(folder);
    const refused = faultOf(issueCertificates(request(folder, { ids: ['edge-001', 'edge-002'] })));
    expect(await refused).toBeInstanceOf(Fault);
    expect(said(await refused)).toEqual(said(identityFault('exists', { path: join(folder, name) })));
    expect((await refused).kind).toBe('usage');
    expect(readFileSync(join(folder, name), 'utf8')).toBe('mine');
    expect(readdirSync(folder)).toEqual(before);
    expect(existsSync(join(folder, 'certs/edge-001-primary.pem'))).toBe(false);
  });

  test('a .gitignore that is there already', async () => {
    const folder = folderWith({ 'keys/.gitignore': '*.key.pem\n' });
    await issueCertificates(request(folder));
    expect(readFileSync(join(folder, 'keys/.gitignore'), 'utf8')).toBe('*.key.pem\n');
  });

  test('half a root', async () => {
    const folder = folderWith({ 'keys/root.key.pem': 'mine' });
    const path = join(folder, 'keys', 'root.key.pem');
    expect(said(await faultOf(issueCertificates(request(folder))))).toEqual(
      said(identityFault('half-a-root', { path })),
    );
  });
});

describe('writes all files or none', () => {
  const everyFile = (folder: string) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();

  test('none where it is stopped, also in the midst of the work', async () => {
    const folder = folderWith();
    const stop = new StopSwitch();
    const ids = Array.from({ length: 30 }, (_, n) => `edge-${n}`);
    const seen: number[] = [];
    const made = (done: number, total: number) => {
      seen.push(done);
      expect(total).toBe(60);
      if (done === 20) stop.press('SIGINT', { hurried: true });
    };
    const refused = await faultOf(issueCertificates(request(folder, { ids, stop, made })));
    expect(said(refused)).toEqual(said(identityFault('issuing-stopped', {})));
    expect(refused.kind).toBe('stopped');
    expect(seen.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    // What was under way is made and thrown away.
    expect(seen.length).toBeLessThan(30);
    expect(everyFile(folder)).toEqual(['certs', 'keys']);
    expect((await issueCertificates(request(folder, { ids }))).certificates).toHaveLength(60);
  });

  test('none where a file cannot be written, and the one in the way stays', async () => {
    const folder = folderWith();
    const path = join(folder, 'certs/edge-002-primary.pem');
    const ids = ['edge-001', 'edge-002', 'edge-003'];
    const made = (done: number) => {
      if (done === 1) writeFileSync(path, 'mine');
    };
    const refused = await faultOf(issueCertificates(request(folder, { ids, made })));
    expect(said(refused)).toEqual(said(identityFault('exists', { path })));
    expect(everyFile(folder)).toEqual(['certs', join('certs', 'edge-002-primary.pem'), 'keys']);
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});

describe('refuses', () => {
  test.each<[string, Partial<IssueRequest>, Fault]>([
    ['no ids', { ids: [] }, identityFault('no-ids', {})],
    ['an id with a slash', { ids: ['../x'] }, identityFault('impossible-id', { id: '../x' })],
    [
      'an id that no common name holds',
      { ids: ['x'.repeat(65)] },
      identityFault('impossible-id', { id: 'x'.repeat(65) }),
    ],
    ['no days', { days: 0 }, identityFault('impossible-days', { days: 0 })],
    ['half days', { days: 1.5 }, identityFault('impossible-days', { days: 1.5 })],
    [
      'keys among the certificates',
      { keysDirectory: 'same', certificatesDirectory: './same' },
      identityFault('one-folder', { folder: 'same' }),
    ],
  ])('%s', async (_, wish, fault) => {
    const folder = folderWith();
    const refused = await faultOf(issueCertificates(request(folder, wish)));
    expect(said(refused)).toEqual(said(fault));
    expect(refused.kind).toBe('usage');
    expect(readdirSync(folder)).toEqual([]);
  });

  test('a root that is damaged, and one whose key is another’s', async () => {
    const folder = folderWith();
    const other = folderWith();
    await issueCertificates(request(folder));
    await issueCertificates(request(other));
    rmSync(join(folder, 'certs'), { recursive: true });
    const refusedWith = async (key: string | Buffer) => {
      writeFileSync(join(folder, 'keys/root.key.pem'), key);
      return said(await faultOf(issueCertificates(request(folder, { ids: ['edge-002'] }))));
    };
    const unusable = (problem: RootProblem) => said(identityFault('unusable-root', { ...rootIn(folder), problem }));
    const damaged = openingFault('damaged');
    expect(await refusedWith('damaged')).toEqual(unusable({ message: damaged }));
    expect(await refusedWith(readFileSync(join(other, 'keys/root.key.pem')))).toEqual(unusable('other-key'));
  });

  test('a leaf in the root’s place', async () => {
    const folder = folderWith();
    await issueCertificates(request(folder));
    for (const half of ['.pem', '.key.pem']) {
      const from = join(folder, half === '.pem' ? 'certs' : 'keys', `edge-001-primary${half}`);
      writeFileSync(join(folder, `keys/root${half}`), readFileSync(from));
    }
    const fault = identityFault('unusable-root', { ...rootIn(folder), problem: 'no-authority' });
    expect(said(await faultOf(issueCertificates(request(folder, { ids: ['b'] }))))).toEqual(said(fault));
  });

  test('a folder that cannot be written to, naming the file', async () => {
    const folder = folderWith({ certs: 'a file in the way' });
    const path = join(folder, 'certs');
    const refused = await faultOf(issueCertificates(request(folder)));
    const message = `EEXIST: file already exists, mkdir '${path}'`;
    expect(said(refused)).toEqual(said(identityFault('unwritable', { path, message })));
    expect(refused.cause).toMatchObject({ code: 'EEXIST' });
  });
});

itNeeding(['openssl'], 'openssl verifies what was issued, strictly', async () => {
  const folder = folderWith();
  const today = { now: new Date() };
  await issueCertificates(request(folder, today));
  await issueCertificates(request(folder, { ...today, ids: ['edge-002'], keyType: 'rsa' }));
  for (const id of ['edge-001', 'edge-002']) {
    const args = ['-x509_strict', '-purpose', 'sslclient', '-CAfile', 'keys/root.pem', `certs/${id}-primary.pem`];
    expect(openssl(folder, 'verify', ...args)).toContain('OK');
  }
});
