import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { folderWith } from '../../support/folder.ts';
import { describeNeeding } from '../../support/needing.ts';
import { withFunctions } from './installer-functions.ts';
import {
  daysFromNow,
  install,
  makePair,
  type Pair,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

const edgeCa = { certificate: '/pki/ca.pem', privateKey: '/pki/ca.key.pem' };
const trustBundle = '/pki/trust.pem';
const certificate = '/var/aziot/certs/edge-001.pem';

describeNeeding(['openssl'], 'what certificates and keys the installer takes', () => {
  let folder: string;
  const pairs: Record<string, Pair> = {};
  const of = (name: string) => pairs[name]!;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    const past = { start: daysFromNow(-9), end: daysFromNow(-1) };
    const authority = ['basicConstraints = critical, CA:TRUE', 'keyUsage = critical, keyCertSign'];
    // One key for all: what is told apart is in the certificates.
    const make = (name: string, wanted: Partial<Parameters<typeof makePair>[2]>) => {
      pairs[name] = makePair(folder, name, {
        subject: `/CN=${name}`,
        key: 'one.key.pem',
        extensions: authority,
        ...wanted,
      });
    };
    make('pair', { subject: '/CN=edge-001', extensions: ['basicConstraints = critical, CA:FALSE'] });
    make('ca', {});
    make('old', past);
    make('early', { start: daysFromNow(1) });
    make('no-ca', { extensions: ['basicConstraints = critical, CA:FALSE'] });
    make('no-signer', { extensions: ['basicConstraints = critical, CA:TRUE', 'keyUsage = critical, cRLSign'] });
    make('unsaid', { extensions: ['subjectKeyIdentifier = hash'] });
    make('short', { extensions: ['basicConstraints = critical, CA:TRUE, pathlen:0'] });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const text = (name: string) => of(name).certificate;
  /** Each spoils the second certificate of a file whose first one is good. */
  const spoiled: Record<string, (pem: string) => string> = {
    'cut in its end line': (pem) => pem.slice(0, -10),
    'cut in the middle': (pem) => pem.slice(0, pem.length / 2),
    'cut in its first line': () => '-----BEGIN CERTIF',
    'cut behind its first line': (pem) => `${pem.split('\n')[0]}\n`,
    'with a byte that is none of base64': (pem) => pem.replace(/\n.{9}/, '$&!'),
    'with letters changed': (pem) => pem.replace(/\n(.{20}).{8}/, '\n$1AAAAAAAA'),
  };

  function deviceOf(minor: 1 | 5, files: Readonly<Record<string, string>>): ScratchDevice {
    const scratch = usual(of('pair'), minor, {
      edgeCa,
      trustBundle,
      certificate,
      carriesCertificate: files[certificate] === undefined,
    });
    const own = { [edgeCa.certificate]: text('ca'), [edgeCa.privateKey]: of('pair').key, [trustBundle]: text('ca') };
    return scratchDevice({ ...scratch, has: { ...own, ...files, ...scratch.has } });
  }

  it.each([certificate, edgeCa.certificate, trustBundle])('%s is read to its end: nothing is touched', (place) => {
    const first = place === certificate ? text('pair') : text('ca');
    const device = deviceOf(5, { [place]: first + text('ca').slice(0, -10) });
    const before = tree(device, true);
    const { status, stderr, calls } = install(device);
    expect({ status, calls }).toEqual({ status: 1, calls: [] });
    expect(stderr).toMatch(
      new RegExp(`^install.sh: .*${place} begins with a certificate, and is not PEM to its end.*\n.*\n$`),
    );
    expect(tree(device, true)).toEqual(before);
  });

  /** What the installer says of these files, and how many faults it counts. */
  function judged(version: '1.1' | '1.5', script: string, files: Readonly<Record<string, string>>) {
    const place = folderWith(files);
    const minor = version === '1.1' ? 1 : 5;
    const settings = {
      version: { text: version, major: 1, minor },
      edgeCa: { certificate: '/ca', privateKey: undefined },
      trustBundle: '/trust',
    };
    return withFunctions(settings, `cd '${place}'; FAULTS=0; ${script} 2>&1; echo "$FAULTS"`);
  }

  it.each(Object.keys(spoiled))('a second certificate that is %s spoils the file', (how) => {
    const file = text('pair') + spoiled[how]!(text('ca'));
    expect(judged('1.5', 'certificates_in file || echo spoiled', { file })).toMatch(/^spoiled$/m);
  });

  it.each([
    ['a chain', () => text('pair') + text('ca')],
    ['lines of another system', () => (text('pair') + text('ca')).replaceAll('\n', '\r\n')],
    ['text between', () => `# the device\n${text('pair')}\n# its issuer\n${text('ca')}\n\n# end`],
    ['no line break at its end', () => (text('pair') + text('ca')).trimEnd()],
    ['an issuer that is expired, which the hub does not look at', () => text('pair') + text('old')],
  ])('not: %s', (_, whole) => {
    const told = judged('1.5', 'certificates_in file || echo spoiled', { file: whole() });
    expect(told).toMatch(/^\d{14} \d{14} no - CN ?= ?edge-001\n\d{14} \d{14} CA - CN ?= ?(ca|old)\n0\n$/);
  });

  const checkEdgeCa = 'edge_ca=ca; TRUST_BUNDLE=; check_others';
  it.each<[string, '1.1' | '1.5', () => string, RegExp]>([
    ['a CA', '1.5', () => text('ca'), /^0\n$/],
    ['no CA', '1.5', () => text('no-ca'), /^install\.sh: ca is no CA, .*\n1\n$/],
    ['a CA that may not sign certificates', '1.5', () => text('no-signer'), /^install\.sh: ca is no CA, .*\n1\n$/],
    ['a CA that is expired', '1.5', () => text('old'), /^install\.sh: ca is expired .*\n1\n$/],
    ['a CA that is not valid yet', '1.5', () => text('early'), /^install\.sh: ca is not valid yet .*\n1\n$/],
    ['a CA with a chain', '1.5', () => text('ca') + text('unsaid'), /^0\n$/],
    [
      'a CA whose issuer is expired: told',
      '1.5',
      () => text('ca') + text('old'),
      /behind the edge CA, .*: CN ?= ?old\. .*\n0\n$/,
    ],
    ['one that may issue no CA, from 1.2 on', '1.5', () => text('short'), /^0\n$/],
    [
      'one that may issue no CA, up to 1.1: told',
      '1.1',
      () => text('short'),
      /allows no CA below it \(pathlen:0\).*\n0\n$/,
    ],
  ])('edge CA: %s (%s)', (_, version, whole, told) => {
    expect(judged(version, checkEdgeCa, { ca: whole() })).toMatch(told);
  });

  const checkTrust = 'trust_bundle=trust; EDGE_CA_CERTIFICATE=; check_others';
  it.each<[string, () => string, RegExp]>([
    ['that is valid', () => text('ca') + text('unsaid'), /^0\n$/],
    [
      'that is expired',
      () => text('old'),
      /of the trust bundle .* no certificate is valid now .*: CN ?= ?old\. .*\n1\n$/,
    ],
    ['of which none is valid', () => text('old') + text('early'), /: CN ?= ?old; ?CN ?= ?early\. .*\n1\n$/],
    [
      'of which one is expired: told',
      () => text('ca') + text('old'),
      /of the 2 certificates .*, 1 not valid now: CN ?= ?old\. .*\n0\n$/,
    ],
    [
      'of which many are: three are named',
      () => text('ca') + text('old').repeat(5),
      /of the 6 .*, 5 not .*: (CN ?= ?old[;.] ?){3}What.*\n0\n$/,
    ],
  ])('a trust bundle %s', (_, whole, told) => {
    expect(judged('1.5', checkTrust, { trust: whole() })).toMatch(told);
  });
});
