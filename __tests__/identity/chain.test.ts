import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { readCertificate } from '../../src/identity/certificate.ts';
import { type ChainCache, longestChain, readChain } from '../../src/identity/chain.ts';
import { identify } from '../../src/identity/identify.ts';
import type { Certificate } from '../../src/model/identity.ts';
import type { DetailsOf } from '../../src/rules/rules.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { type Issued, issue, issueAuthority, joined } from '../support/chain.ts';
import { told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { itNeeding } from '../support/needing.ts';
import { makeKey, openssl } from '../support/openssl.ts';
import { fc, times } from '../support/property.ts';
import { at, device } from './device.ts';

const made: Record<string, Issued> = {};
beforeAll(async () => {
  const root = await issueAuthority('Root');
  const middle = await issueAuthority('Middle', { by: root });
  const plant = await issueAuthority('Plant', { by: middle });
  const leaf = await issue('edge-001', { by: plant });
  // Of the name that is looked for, and not it.
  const impostor = await issueAuthority('Plant', { by: middle });
  const renewed = await issueAuthority('Plant', { by: middle, keys: plant.keys });
  const mute = await issueAuthority('Mute', { by: root, authority: 'may-not-sign' });
  const early = await issueAuthority('Early', { by: root, from: 10 });
  const late = await issueAuthority('Late', { by: root, from: -20, to: -1 });
  const old = await issueAuthority('Old root', { authority: 'says-ca' });
  const far = await issueAuthority('Far root');
  // The same authority with the same key, signed by another root.
  const crossed = await issueAuthority('Plant', { by: far, keys: plant.keys });
  Object.assign(made, { root, middle, plant, leaf, impostor, renewed, mute, early, late, old, far, crossed });
  made.second = await issue('edge-001', { by: plant });
  made.alone = await issue('edge-001');
  made.again = await issue('edge-001');
  made.other = await issue('edge-002', { by: plant });
  made.ofMute = await issue('edge-001', { by: mute });
  made.ofEarly = await issue('edge-001', { by: early });
  made.ofLate = await issue('edge-001', { by: late });
  made.ofOld = await issue('edge-001', { by: old });
  made.lone = await issue('edge-001', { authority: 'says-ca' });
});

const file = (names: string) => joined(...names.split(' ').map((name) => made[name]!));

async function read(text: string, known: ChainCache = new Map()): Promise<Certificate> {
  const reading = await readCertificate('chain.pem', Buffer.from(text), known);
  if (reading.kind !== 'certificate') throw new Error(JSON.stringify(reading));
  return reading.certificate;
}

/** Judges a device edge-001 with this file in its primary slot. */
async function judged(names: string) {
  const folder = folderWith({ 'chain.pem': file(names) });
  const options = { now: new Date(), expiryWarningDays: 30 };
  const { value, findings } = await identify(
    [device({ certificates: { primary: 'chain.pem' }, thumbprints: {} })],
    openWorkspace(folder),
    options,
  );
  const other = findings.filter(({ rule }) => rule !== 'thumbprint/single');
  return { identities: value, rules: other.map(({ rule }) => rule), findings: other };
}

describe('the certificates of a file, whatever their order', () => {
  test.each<[string, string, string, string[]]>([
    ['in order', 'leaf plant middle root', 'leaf plant middle root', []],
    ['without the root', 'leaf plant middle', 'leaf plant middle', []],
    ['the leaf and its issuer', 'leaf plant', 'leaf plant', []],
    ['from the root down', 'root middle plant leaf', 'leaf plant middle root', ['certificate/chain-order']],
    ['the issuers mixed up', 'leaf root plant middle', 'leaf plant middle root', ['certificate/chain-order']],
    ['the authority first', 'plant leaf', 'leaf plant', ['certificate/chain-order']],
    ['an authority twice', 'leaf plant plant', 'leaf plant', ['certificate/chain-repeats']],
    ['the leaf twice, and nothing else', 'leaf leaf', 'leaf', ['certificate/chain-repeats']],
    [
      'twice and in another order',
      'plant leaf plant',
      'leaf plant',
      ['certificate/chain-repeats', 'certificate/chain-order'],
    ],
    ['a root that only says CA:TRUE', 'old ofOld', 'ofOld old', ['certificate/chain-order']],
    ['a renewed authority beside the one before', 'leaf plant renewed middle', 'leaf plant middle renewed', []],
    ['cross-signed', 'leaf plant crossed middle root', 'leaf plant middle root crossed', []],
    [
      'cross-signed, both roots at the end',
      'leaf plant crossed middle root far',
      'leaf plant middle root crossed far',
      [],
    ],
    [
      'cross-signed, a root before what it signed',
      'leaf plant far crossed middle',
      'leaf plant middle crossed far',
      ['certificate/chain-order'],
    ],
    [
      'cross-signed, the leaf not first',
      'plant leaf crossed middle',
      'leaf plant middle crossed',
      ['certificate/chain-order'],
    ],
    ['an authority that is not valid yet', 'ofEarly early', 'ofEarly early', ['certificate/chain-not-valid']],
    ['an authority that has ended', 'ofLate late root', 'ofLate late root', ['certificate/chain-not-valid']],
  ])('%s', async (_, given, expected, rules) => {
    const seen = await judged(given);
    expect(seen.rules).toEqual(rules);
    const [identity] = seen.identities;
    expect(identity?.certificates.primary?.pem).toBe(file(expected));
    const [leaf = ''] = expected.split(' ');
    const digest = new X509Certificate(made[leaf]!.pem).fingerprint256.replaceAll(':', '');
    expect(identity?.thumbprints.primary).toBe(digest);
  });

  type Broken = Omit<DetailsOf['certificate/chain-broken'], 'path'>;
  test.each<[string, string, string, Broken]>([
    [
      'another authority of the same name',
      'leaf impostor middle',
      'leaf',
      { subject: 'CN=Plant', of: 'CN=edge-001', issuer: 'CN=Plant', why: 'other-key' },
    ],
    [
      'one that comes first',
      'impostor leaf',
      'leaf',
      { subject: 'CN=Plant', of: 'CN=edge-001', issuer: 'CN=Plant', why: 'other-key' },
    ],
    [
      'an authority that may not sign',
      'ofMute mute',
      'ofMute',
      { subject: 'CN=Mute', of: 'CN=edge-001', issuer: 'CN=Mute', why: 'may-not-sign' },
    ],
    [
      'a link left out',
      'leaf middle root',
      'leaf',
      { subject: 'CN=Middle', of: 'CN=edge-001', issuer: 'CN=Plant', why: 'stranger' },
    ],
    [
      'one behind the root',
      'leaf plant middle root old',
      'leaf plant middle root',
      { subject: 'CN=Old root', of: 'CN=Root', issuer: 'CN=Root', why: 'behind-root' },
    ],
  ])('%s breaks the chain, which nobody is known to refuse', async (_, given, kept, broken) => {
    const { rules, findings, identities } = await judged(given);
    expect(rules).toEqual(['certificate/chain-broken']);
    expect(findings).toMatchObject([
      { ...told('certificate/chain-broken', { path: 'chain.pem', ...broken }), device: 'edge-001', place: at(12) },
    ]);
    // The bundle has what is left of the chain.
    expect(identities[0]?.certificates.primary?.pem).toBe(file(kept));
  });

  test.each([
    ['two of one device', 'leaf second plant', ['CN=edge-001', 'CN=edge-001']],
    ['two self-signed ones of one device', 'alone again', ['CN=edge-001', 'CN=edge-001']],
    ['those of two devices', 'leaf other plant', ['CN=edge-001', 'CN=edge-002']],
    ['those of two devices, and the wrong one first', 'other plant leaf', ['CN=edge-002', 'CN=edge-001']],
  ])('%s are more than one certificate', async (_, given, subjects) => {
    const { findings, identities } = await judged(given);
    expect(findings).toContainEqual({
      ...told('certificate/more-than-one', { path: 'chain.pem', subjects }),
      device: 'edge-001',
      place: at(12),
    });
    expect(identities).toEqual([]);
  });

  test('authorities alone are no device, and no more is said of them', async () => {
    expect((await judged('root middle')).rules).toEqual([
      'certificate/cn-mismatch',
      'certificate/is-ca',
      'certificate/no-digital-signature',
    ]);
    const details = { path: 'chain.pem', commonNames: ['Middle'], id: 'edge-001' };
    expect((await judged('root middle')).findings[0]).toMatchObject(told('certificate/cn-mismatch', details));
  });

  test('the order is told as it is and as it should be', async () => {
    expect((await judged('root leaf plant middle')).findings).toMatchObject([
      told('certificate/chain-order', {
        path: 'chain.pem',
        found: ['CN=Root', 'CN=edge-001', 'CN=Plant', 'CN=Middle'],
        expected: ['CN=edge-001', 'CN=Plant', 'CN=Middle', 'CN=Root'],
      }),
    ]);
  });

  test('an authority that has ended is told with its end', async () => {
    const notAfter = new X509Certificate(made.late!.pem).validToDate.toISOString().replace('.000Z', 'Z');
    const details = { path: 'chain.pem', issuer: 'CN=Late', validity: { ended: notAfter } };
    expect((await judged('ofLate late')).findings).toMatchObject([told('certificate/chain-not-valid', details)]);
  });

  test('an authority that is not valid yet is told with its begin', async () => {
    const notBefore = new X509Certificate(made.early!.pem).validFromDate.toISOString().replace('.000Z', 'Z');
    const details = { path: 'chain.pem', issuer: 'CN=Early', validity: { begins: notBefore } };
    expect((await judged('ofEarly early')).findings).toMatchObject([told('certificate/chain-not-valid', details)]);
  });

  test('an authority that stands there twice is told by its name', async () => {
    const details = { path: 'chain.pem', subjects: ['CN=Plant'] };
    expect((await judged('leaf plant plant')).findings).toMatchObject([told('certificate/chain-repeats', details)]);
  });

  itNeeding(['openssl'], 'the remedy of a broken chain lists names and issuers', async () => {
    const remedy = (await judged('leaf middle')).findings[0]?.remedy ?? '';
    const [command = ''] = /openssl crl2pkcs7 .*? -print_certs -noout/.exec(remedy) ?? [];
    const folder = folderWith({ 'chain.pem': file('leaf middle') });
    const printed = execFileSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' });
    expect(printed.match(/^issuer=.*/gm)?.join()).toMatch(/Plant.*Root/);
  });

  itNeeding(
    ['openssl'],
    'an authority that OpenSSL does not send is told, at every place of the chain but for a root’s own signature',
    async () => {
      const folder = folderWith();
      const ca = 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n';
      writeFileSync(join(folder, 'ca.ext'), ca);
      makeKey(join(folder, 'root.key'), 'p256');
      makeKey(join(folder, 'middle.key'), 'rsa1024');
      makeKey(join(folder, 'leaf.key'), 'p256');
      const request = (name: string) =>
        openssl(
          folder,
          'req',
          '-new',
          '-key',
          `${name}.key`,
          '-subj',
          `/CN=${name === 'leaf' ? 'edge-001' : name}`,
          '-out',
          `${name}.csr`,
        );
      const sign = (name: string, by: readonly string[], digest: string, more: readonly string[]) => {
        request(name);
        openssl(
          folder,
          'x509',
          '-req',
          '-in',
          `${name}.csr`,
          ...by,
          '-days',
          '99',
          digest,
          '-out',
          `${name}.pem`,
          ...more,
        );
        return readFileSync(join(folder, `${name}.pem`), 'utf8');
      };
      const root = sign('root', ['-signkey', 'root.key'], '-sha1', ['-extfile', 'ca.ext']);
      const issuedBy = (name: string) => ['-CA', `${name}.pem`, '-CAkey', `${name}.key`, '-CAcreateserial'];
      const middle = sign('middle', issuedBy('root'), '-sha1', ['-extfile', 'ca.ext']);
      const leaf = sign('leaf', issuedBy('middle'), '-sha256', []);
      for (const [runtime, small] of [
        ['1.6 debian', told('certificate/weak-key', { path: 'chain.pem', bits: 1024, authority: 'CN=middle' })],
        [
          '1.1 debian',
          told('certificate/small-key', { path: 'chain.pem', bits: 1024, authority: 'CN=middle', version: '1.1' }),
        ],
      ] as const) {
        const { findings } = await identify(
          [device({ runtime, certificates: { primary: 'chain.pem' } })],
          openWorkspace(folderWith({ 'chain.pem': leaf + middle + root })),
          { now: new Date(), expiryWarningDays: 30 },
        );
        expect(findings.filter(({ rule }) => rule !== 'thumbprint/single')).toMatchObject([
          small,
          told('certificate/weak-signature', { path: 'chain.pem', digest: 'SHA-1', authority: 'CN=middle' }),
        ]);
      }
    },
  );

  test('more certificates than a chain has are refused', async () => {
    const many = await Promise.all(Array.from({ length: longestChain + 1 }, (_, n) => issueAuthority(`ca ${n}`)));
    const reading = await readCertificate('bundle.pem', Buffer.from(joined(...many)));
    expect(reading).toEqual({ kind: 'unreadable', problem: { kind: 'too-many', count: 17, most: 16 } });
  });
});

describe('any chain', () => {
  test('comes out as it was issued, from every order of its certificates', async () => {
    const chain = 'leaf plant middle root'.split(' ').map((name) => made[name]!);
    const known: ChainCache = new Map();
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(chain, { minLength: 4 }), async (shuffled) => {
        const { pem, chain: found } = await read(joined(...shuffled), known);
        expect(pem).toBe(joined(...chain));
        expect(found?.faults.map(({ kind }) => kind)).toEqual(pem === joined(...shuffled) ? [] : ['order']);
      }),
      times(50),
    );
    // The leaf is not kept: a fleet has as many as files.
    expect(known.size).toBe(3);
  });

  // Some accessors of node:crypto do not throw at a broken key but end the process, and this test with it.
  test('with one byte of an issuer changed gives a reading, never an exception', async () => {
    const leaf = new X509Certificate(made.leaf!.pem).raw;
    const plant = new X509Certificate(made.plant!.pem).raw;
    for (const bits of [0x01, 0x80, 0xfe]) {
      for (const index of plant.keys()) {
        const bytes = Buffer.from(plant);
        bytes[index]! ^= bits;
        const pem = `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64')}\n-----END CERTIFICATE-----\n`;
        const reading = await readCertificate('chain.pem', Buffer.from(made.leaf!.pem + pem));
        if (reading.kind !== 'certificate') continue;
        expect(new X509Certificate(reading.certificate.pem).raw.equals(leaf), `byte ${index}`).toBe(true);
      }
    }
  });

  test('each authority is parsed once', () => {
    const ders = ['leaf', 'plant', 'middle'].map((name) => new X509Certificate(made[name]!.pem).raw);
    const known: ChainCache = new Map();
    readChain(ders, known);
    const kept = [...known.values()];
    expect(kept.map(({ subject }) => subject)).toEqual(['CN=Plant', 'CN=Middle']);
    readChain(ders, known);
    for (const [index, one] of [...known.values()].entries()) expect(one).toBe(kept[index]);
  });
});
