import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import {
  daysFromNow,
  directory,
  file,
  install,
  isRoot,
  makePair,
  type Pair,
  put,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

const edgeCa = { certificate: '/var/aziot/certs/ca.pem', privateKey: '/var/aziot/secrets/ca.key.pem' };
const authority = ['basicConstraints = critical, CA:TRUE', 'keyUsage = critical, keyCertSign'];
const trustBundle = '/var/aziot/certs/trust.pem';

describeNeeding(['openssl'], "the modules' authority and what they trust", () => {
  let folder: string;
  let pair: Pair;
  let ca: Pair;
  let expired: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
    ca = makePair(folder, 'ca', { subject: '/CN=edge-001.ca', extensions: authority });
    const past = { start: daysFromNow(-9), end: daysFromNow(-1) };
    expired = makePair(folder, 'expired', { subject: '/CN=old', extensions: authority, ...past });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const files = () => ({
    [edgeCa.certificate]: ca.certificate,
    [edgeCa.privateKey]: ca.key,
    [trustBundle]: ca.certificate,
  });
  function deviceOf(minor: 1 | 5, has: Readonly<Record<string, string>> = files(), more: object = {}): ScratchDevice {
    const scratch = usual(pair, minor, { edgeCa, trustBundle, ...more });
    return scratchDevice({ ...scratch, has: { ...scratch.has, ...has } });
  }

  it.each([
    { minor: 1, reader: 'iotedge', certificate: '444', keys: 'iotedge', key: '400' },
    { minor: 5, reader: 'aziotcs', certificate: '644', keys: 'aziotks', key: '600' },
  ] as const)('1.$minor: are for the services that read them, and the second time nothing is to do', (expected) => {
    const device = deviceOf(expected.minor);
    for (const path of [edgeCa.certificate, trustBundle]) chmodSync(join(device.root, path), 0o600);
    expect(install(device)).toMatchObject({ status: 0, stderr: '' });
    expect(tree(device)).toMatchObject({
      [edgeCa.certificate]: file(expected.reader, expected.certificate, ca.certificate),
      [edgeCa.privateKey]: file(expected.keys, expected.key, ca.key),
      // Where nobody may give files away its reader owns it already.
      [trustBundle]: file(expected.reader, isRoot ? expected.certificate : '600', ca.certificate),
      ...(expected.minor === 5 ? { '/var/aziot/secrets': directory('aziotks', '700') } : {}),
    });
    expect(install(device).stdout).toContain('nothing to do');
  });

  it.each([
    [1, 0, ''],
    [5, 1, 'ca.pem has an EC key (secp384r1)'],
  ] as const)('1.%d: with a key of another curve than P-256 end with %d', (minor, status, says) => {
    const odd = makePair(folder, `odd-${minor}`, {
      subject: '/CN=edge-001.ca',
      keyType: 'p384',
      extensions: authority,
    });
    const device = deviceOf(minor, { ...files(), [edgeCa.certificate]: odd.certificate, [edgeCa.privateKey]: odd.key });
    expect(install(device)).toMatchObject({ status, stderr: expect.stringContaining(says) });
  });

  it('leave a trust bundle as it is that everybody may read: it may be the system’s own', () => {
    const path = '/etc/ssl/certs/ca-certificates.crt';
    const device = deviceOf(5, { ...files(), [path]: ca.certificate }, { trustBundle: path });
    chmodSync(join(device.root, path), 0o664);
    expect(install(device).status).toBe(0);
    expect(tree(device)[path]).toBe(file('root', '664', ca.certificate));
  });

  it('come back with owner and mode when the restart fails', () => {
    const device = deviceOf(1);
    const before = tree(device);
    put(device.folder, '/control/systemctl restart', 'fail');
    expect(install(device).status).toBe(1);
    expect(tree(device)).toEqual(before);
  });

  it('may have the key in a module', () => {
    const { [edgeCa.privateKey]: _, ...has } = files();
    const device = deviceOf(5, has, { edgeCa: { ...edgeCa, privateKey: undefined } });
    expect(install(device)).toMatchObject({ status: 0, stderr: '' });
  });

  it.each<[string, () => Record<string, string | undefined>, RegExp]>([
    [
      'no certificate',
      () => ({ [edgeCa.certificate]: undefined }),
      /\/ca\.pem is missing .*config\.edgeCa\.certificate/,
    ],
    ['no key', () => ({ [edgeCa.privateKey]: undefined }), /private key .*\/ca\.key\.pem is missing/],
    ['no trust bundle', () => ({ [trustBundle]: undefined }), /\/trust\.pem is missing .*config\.trustBundle/],
    ['a key of another certificate', () => ({ [edgeCa.privateKey]: pair.key }), /\/ca\.key\.pem .*belong.*\/ca\.pem\./],
    [
      'something else than a trust bundle',
      () => ({ [trustBundle]: 'trust me' }),
      /\/trust\.pem .*openssl x509 -inform DER .*config\.trustBundle/,
    ],
    [
      'an expired certificate',
      () => ({ [edgeCa.certificate]: expired.certificate, [edgeCa.privateKey]: expired.key }),
      /\/ca\.pem is expired \(notAfter=/,
    ],
  ])('%s: nothing is touched', (_, change, says) => {
    const has = Object.entries({ ...files(), ...change() }).flatMap(([path, text]) =>
      text === undefined ? [] : [[path, text] as const],
    );
    const device = deviceOf(5, Object.fromEntries(has));
    const before = tree(device, true);
    const { status, stderr, calls } = install(device);
    expect({ status, calls }).toEqual({ status: 1, calls: [] });
    expect(stderr).toMatch(says);
    expect(stderr.split('\n')).toHaveLength(3);
    expect(tree(device, true)).toEqual(before);
  });

  it('lie where the services get to them', () => {
    const places = { certificate: '/data/ca.pem', privateKey: '/data/ca.key.pem' };
    const bundle = '/data/trust.pem';
    const has = { [places.certificate]: ca.certificate, [places.privateKey]: ca.key, [bundle]: ca.certificate };
    const device = deviceOf(5, has, { edgeCa: places, trustBundle: bundle });
    put(device.root, '/etc/passwd', ['root:x:0:0::', 'aziotcs:x:7001:7001::', 'aziotks:x:7002:7002::', ''].join('\n'));
    chmodSync(join(device.root, 'data'), 0o700);
    const { status, stderr } = install(device);
    expect(status).toBe(1);
    for (const [user, path] of [
      ['aziotcs', places.certificate],
      ['aziotks', places.privateKey],
      ['aziotcs', bundle],
    ])
      expect(stderr).toContain(`${user} could not read ${device.root}${path}: the folder ${device.root}/data `);
  });
});
