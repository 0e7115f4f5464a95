import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type PairOptions, pairCertificates } from '../../src/identity/pairs.ts';
import { certificateExtensions } from '../../src/model/identity.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { type SelfSigned, writeCertificate } from '../support/certificate.ts';
import { issue, issueAuthority, joined } from '../support/chain.ts';
import { at, told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';

const day = 86_400_000;

/** Writes the certificates, by path, and sorts what lies below the folder. */
async function pair(
  certificates: Readonly<Record<string, string | SelfSigned>>,
  folder = folderWith(),
  options: PairOptions = {},
) {
  for (const [path, wanted] of Object.entries(certificates)) {
    await writeCertificate(join(folder, path), typeof wanted === 'string' ? { subject: [{ CN: [wanted] }] } : wanted);
  }
  const workspace = openWorkspace(folder);
  const { files: paths } = workspace.filesBelow(['.'], certificateExtensions);
  const { value, findings } = await pairCertificates(paths, workspace, options);
  return {
    pairs: Object.fromEntries(value.map(({ id, certificates }) => [id, certificates])),
    findings: findings.map(({ rule, place }) => [rule, place?.file]),
    said: findings,
  };
}

const named = (id: string, from: number): SelfSigned => ({ subject: [{ CN: [id] }], from });

describe('certificate files become devices by their common names', () => {
  it.each<[string, Record<string, string | SelfSigned>, Record<string, object>]>([
    [
      'as their names say',
      { 'x-Secondary.pem': 'a', 'y.primary.pem': 'a' },
      { a: { primary: 'y.primary.pem', secondary: 'x-Secondary.pem' } },
    ],
    [
      'as their folders say',
      { 'secondary/a.pem': 'a', 'primary/a.pem': 'a' },
      { a: { primary: 'primary/a.pem', secondary: 'secondary/a.pem' } },
    ],
    [
      'by the name before the folder',
      { 'primary-plant/a-secondary.pem': 'a', 'primary-plant/a.pem': 'a' },
      { a: { primary: 'primary-plant/a.pem', secondary: 'primary-plant/a-secondary.pem' } },
    ],
    [
      'the older first, where nothing is said',
      { '1.pem': named('a', -day), '2.pem': named('a', -9 * day) },
      { a: { primary: '2.pem', secondary: '1.pem' } },
    ],
    [
      'the rest into the free slot',
      { 'new.pem': 'a', 'old-primary.pem': 'a' },
      { a: { primary: 'old-primary.pem', secondary: 'new.pem' } },
    ],
    [
      'whatever the id says',
      {
        'secondary-pump.pem': 'secondary-pump',
        'primary%3Aa-secondary.pem': 'primary:a',
        'Primary-b.pem': 'primary-b',
      },
      {
        'primary-b': { primary: 'Primary-b.pem' },
        'primary:a': { secondary: 'primary%3Aa-secondary.pem' },
        'secondary-pump': { primary: 'secondary-pump.pem' },
      },
    ],
    [
      'whatever a folder is called that is of a place',
      { 'primary-site/e1.pem': named('e1', -9 * day), 'primary-site/e1-new.pem': named('e1', -day) },
      { e1: { primary: 'primary-site/e1.pem', secondary: 'primary-site/e1-new.pem' } },
    ],
    [
      'by whole words alone',
      { 'primaryline.pem': named('a', -day), 'nonsecondary.pem': named('a', -9 * day) },
      { a: { primary: 'nonsecondary.pem', secondary: 'primaryline.pem' } },
    ],
    [
      'by words in any manner of writing',
      { 'aSecondary.pem': 'a', 'edge1primary2.pem': 'a' },
      { a: { primary: 'edge1primary2.pem', secondary: 'aSecondary.pem' } },
    ],
    [
      'by the folder where the name says both',
      { 'secondary/primary-or-secondary.pem': 'a' },
      { a: { secondary: 'secondary/primary-or-secondary.pem' } },
    ],
    ['by the nearest folder', { 'primary/secondary/x.pem': 'a' }, { a: { secondary: 'primary/secondary/x.pem' } }],
    ['one alone into the primary', { 'a.pem': 'a' }, { a: { primary: 'a.pem' } }],
    ['one alone as its name says', { 'a-secondary.pem': 'a' }, { a: { secondary: 'a-secondary.pem' } }],
    [
      'each under its own id, in order, whatever the file is called',
      { 'a.pem': 'b', 'b.pem': 'a' },
      { a: { primary: 'b.pem' }, b: { primary: 'a.pem' } },
    ],
    ['ids that differ by case', { '1.pem': 'A', '2.pem': 'a' }, { A: { primary: '1.pem' }, a: { primary: '2.pem' } }],
  ])('%s', async (_, certificates, expected) => {
    expect(await pair(certificates)).toEqual({ pairs: expected, findings: [], said: [] });
  });

  it('takes the two newest of three, and tells the third', async () => {
    const seen = await pair({
      '1.pem': named('a', -9 * day),
      '2.pem': named('a', -day),
      '3.pem': named('a', -5 * day),
    });
    expect(seen.pairs).toEqual({ a: { primary: '3.pem', secondary: '2.pem' } });
    expect(seen.findings).toEqual([['certificate/no-free-slot', '1.pem']]);
    expect(seen.said).toEqual([
      {
        ...told('certificate/no-free-slot', { path: '1.pem', id: 'a', taken: ['3.pem', '2.pem'] }),
        place: at('1.pem', 1, 1),
        device: 'a',
      },
    ]);
  });

  it('tells a second of one slot', async () => {
    const seen = await pair({ 'a-primary.pem': 'a', 'old/a-primary.pem': 'a' });
    expect(seen.pairs).toEqual({ a: { primary: 'a-primary.pem' } });
    expect(seen.findings).toEqual([['certificate/no-free-slot', 'old/a-primary.pem']]);
  });
});

describe('one certificate in several files', () => {
  it.each<[string, Record<string, 'leaf' | 'chain' | 'other'>, object]>([
    [
      'as certGen.sh writes it',
      {
        'iot-edge-device-identity-a.cert.pem': 'leaf',
        'iot-edge-device-identity-a-full-chain.cert.pem': 'chain',
        'newcerts/1002.pem': 'leaf',
      },
      { primary: 'iot-edge-device-identity-a-full-chain.cert.pem' },
    ],
    ['whatever the order of the names', { '1.pem': 'chain', '2.pem': 'leaf' }, { primary: '1.pem' }],
    ['in the slot that one of them names', { 'a-secondary.pem': 'leaf', 'b.pem': 'chain' }, { secondary: 'b.pem' }],
    [
      'in both slots, as the names say',
      { 'a-primary.pem': 'leaf', 'a-secondary.pem': 'leaf' },
      { primary: 'a-primary.pem', secondary: 'a-secondary.pem' },
    ],
    [
      'beside another certificate of the device',
      { '1.pem': 'leaf', '1-chain.pem': 'chain', '2.pem': 'other' },
      { primary: '1-chain.pem', secondary: '2.pem' },
    ],
  ])('%s', async (_, files, expected) => {
    const by = await issueAuthority('Root');
    const leaf = await issue('a', { by, from: -9 });
    const contents = { leaf: leaf.pem, chain: joined(leaf, by), other: (await issue('a', { by })).pem };
    const folder = folderWith(Object.fromEntries(Object.entries(files).map(([path, what]) => [path, contents[what]])));
    const seen = await pair({}, folder, { matched: () => true });
    expect([seen.pairs, seen.findings]).toEqual([{ a: expected }, []]);
  });
});

describe('left out, and told', () => {
  it.each<[string, SelfSigned]>([
    ['certificate/authority-left-out', { subject: [{ CN: ['root'] }], authority: true }],
    ['certificate/names-no-device', { subject: [{ O: ['Contoso'] }] }],
    ['certificate/names-no-device', { subject: [{ CN: ['a'] }, { CN: ['b'] }] }],
    ['device/id-characters', { subject: [{ CN: ['edge 1'] }] }],
  ])('%s', async (rule, wanted) => {
    const seen = await pair({ 'good.pem': 'good', 'x.pem': wanted });
    expect(Object.keys(seen.pairs)).toEqual(['good']);
    expect(seen.findings).toEqual([[rule, 'x.pem']]);
  });

  it('an id that no device has is told with its file', async () => {
    const { said } = await pair({ 'x.pem': 'edge 1' });
    expect(said).toEqual([
      {
        ...told('device/id-characters', { id: 'edge 1', problem: { commonNameOf: 'x.pem' } }),
        place: at('x.pem', 1, 1),
      },
    ]);
  });

  it('a private key beside a certificate, and what is neither', async () => {
    const folder = folderWith({ 'text.crt': 'hello' });
    await writeCertificate(join(folder, 'a.pem'), { subject: [{ CN: ['a'] }] });
    copyFileSync(join(folder, 'a.pem'), join(folder, 'b.pem'));
    const label = ['PRIVATE', 'KEY'].join(' ');
    writeFileSync(join(folder, 'b.pem'), `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`, { flag: 'a' });
    const seen = await pair({}, folder);
    expect(seen.pairs).toEqual({ a: { primary: 'a.pem' } });
    expect(seen.findings).toEqual([
      ['certificate/private-key-present', 'b.pem'],
      ['certificate/unreadable', 'text.crt'],
    ]);
  });

  it.each<[string, Record<string, string[]>[], string[]]>([
    ['no name', [], []],
    ['two names', [{ CN: ['a'] }, { CN: ['b'] }], ['a', 'b']],
  ])(
    'a certificate of %s is told with its names: it makes no device, so it is an error',
    async (_, subject, commonNames) => {
      const { said } = await pair({ 'edge-7.pem': { subject } });
      expect(said).toMatchObject([told('certificate/names-no-device', { path: 'edge-7.pem', commonNames })]);
      expect(said[0]?.severity).toBe('error');
    },
  );
});

describe('authorities among the files', () => {
  const root = () => issueAuthority('root', { authority: 'says-ca' });

  it('are a fault where each file was meant, and a warning where a glob matched them', async () => {
    const by = await issueAuthority('plant');
    const folder = folderWith({ 'a.pem': (await issue('a', { by })).pem, 'plant.pem': by.pem });
    const said = { path: 'plant.pem', issued: 'a.pem' };
    const named = await pair({}, folder);
    expect(named.said).toMatchObject([told('certificate/signing-key', said)]);
    const seen = await pair({}, folder, { matched: () => true });
    expect(seen.said).toMatchObject([told('certificate/authority-left-out', said)]);
    expect([named.pairs, seen.pairs]).toEqual([{ a: { primary: 'a.pem' } }, { a: { primary: 'a.pem' } }]);
  });

  it('are found by a chain too, and told once for all files of one certificate', async () => {
    const root = await issueAuthority('plant');
    const middle = await issueAuthority('line-3', { by: root });
    const leaf = await issue('a', { by: middle });
    const folder = folderWith({
      'a.pem': joined(leaf, middle, root),
      'plant.pem': root.pem,
      'copy.pem': root.pem,
      'line-3.pem': middle.pem,
    });
    const seen = await pair({}, folder, { matched: () => true });
    expect(seen.pairs).toEqual({ a: { primary: 'a.pem' } });
    expect(seen.said).toMatchObject([
      told('certificate/authority-left-out', { path: 'copy.pem', issued: 'a.pem' }),
      told('certificate/authority-left-out', { path: 'line-3.pem', issued: 'a.pem' }),
    ]);
  });

  it.each([
    // What az iot edge devices create makes: self-signed, CN = id, keyCertSign.
    ['edge-001.hub-auth-cert.pem', 'edge-001', true],
    ['certs/01.pem', 'edge-001', true],
    ['ca-07-primary.pem', 'ca-07', true],
    ['iotedge_config_cli_root.pem', 'Azure_IoT_CLI_Extension_Cert', false],
    ['azure-iot-test-only.root.ca.cert.pem', 'Azure_IoT_Hub_CA_Cert_Test_Only', false],
    ['ca.pem', 'ca', false],
    ['x.pem', 'plant-ca', false],
    ['x.pem', 'PlantRoot', false],
    ['x.pem', 'Plant CA', false],
  ])('%s of CN %s, which may sign and signed none of the files, is a device: %s', async (path, name, isDevices) => {
    const signer = { subject: [{ CN: [name] }], authority: true };
    const seen = await pair({ [path]: signer }, folderWith(), { matched: () => true });
    expect(Object.keys(seen.pairs)).toEqual(isDevices ? [name] : []);
    expect(seen.findings).toEqual(isDevices ? [] : [['certificate/authority-left-out', path]]);
  });

  it('are those that may sign and are not self-signed', async () => {
    const [by] = [await issueAuthority('Root')];
    const folder = folderWith({ 'edge-001.pem': (await issueAuthority('edge-001', { by })).pem });
    const seen = await pair({}, folder, { matched: () => true });
    expect([seen.pairs, seen.findings]).toEqual([{}, [['certificate/authority-left-out', 'edge-001.pem']]]);
  });

  it('are not the two self-signed certificates of one device, which have one name', async () => {
    const one = (from: number) => ({ subject: [{ CN: ['a'] }], authority: true, from });
    const seen = await pair({ '1.pem': one(-9 * day), '2.pem': one(-day) }, folderWith(), { matched: () => true });
    expect([seen.pairs, seen.findings]).toEqual([{ a: { primary: '1.pem', secondary: '2.pem' } }, []]);
  });

  it('are told by what they issued, where they only say CA:TRUE', async () => {
    const by = await root();
    const [alike, issued] = [await issue('self', { authority: 'says-ca' }), await issue('a', { by })];
    const folder = folderWith({ 'a.pem': issued.pem, 'root.pem': by.pem, 'self.pem': alike.pem });
    const seen = await pair({}, folder, { matched: () => true });
    expect(seen.pairs).toEqual({ a: { primary: 'a.pem' }, self: { primary: 'self.pem' } });
    expect(seen.findings).toEqual([['certificate/authority-left-out', 'root.pem']]);
  });

  it('are none where all say CA:TRUE', async () => {
    const folder = folderWith({ 'root.pem': (await root()).pem });
    expect((await pair({}, folder, { matched: () => true })).pairs).toEqual({ root: { primary: 'root.pem' } });
  });
});

describe('files that a glob matched', () => {
  it('are told at the place of the glob, keys that git ignores are not', async () => {
    const label = ['PRIVATE', 'KEY'].join(' ');
    const key = `-----BEGIN ${label}-----\nAAAA\n-----END ${label}-----\n`;
    const folder = folderWith({ 'a.key.pem': key, 'ignored.key.pem': key });
    const checkIgnored = async () => new Set(['ignored.key.pem']);
    const placeOf = () => ({ file: 'devices.yaml', line: 3, column: 7 });
    const paths = ['a.key.pem', 'ignored.key.pem'];
    const workspace = openWorkspace(folder, { checkIgnored });
    const { findings } = await pairCertificates(paths, workspace, { matched: () => true, placeOf });
    expect(findings).toMatchObject([
      {
        ...told('certificate/private-key-present', { path: 'a.key.pem', format: 'PRIVATE KEY' }),
        place: at('devices.yaml', 3, 7),
      },
    ]);
    expect((await pairCertificates(paths, workspace)).findings).toHaveLength(2);
  });
});
