import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
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
    const own = files[certificate];
    const scratch = usual(of('pair'), minor, {
      edgeCa,
      trustBundle,
      certificate,
      carriesCertificate: own === undefined,
    });
    const key = of('pair').key;
    const has = {
      [edgeCa.certificate]: text('ca'),
      [edgeCa.privateKey]: key,
      [trustBundle]: text('ca'),
      ...files,
      ...scratch.has,
    };
    return scratchDevice({ ...scratch, has });
  }
  const dryRun = (device: ScratchDevice) => {
    const { status, stderr } = install(device, { args: ['--root', device.root, '--dry-run'] });
    return {
      status,
      lines: stderr.split('\n').filter((line) => line !== '' && !line.endsWith('Nothing was changed.')),
    };
  };

  const places = [certificate, edgeCa.certificate, trustBundle] as const;
  const each = places.flatMap((place) => Object.keys(spoiled).map((how) => [how, place] as const));
  it.each(each)('not a second certificate that is %s, in %s: nothing is touched', (how, place) => {
    const first = place === certificate ? text('pair') : text('ca');
    const device = deviceOf(5, { [place]: first + spoiled[how]!(text('ca')) });
    const before = tree(device, true);
    const { status, lines } = dryRun(device);
    expect({ status, lines: lines.length }).toEqual({ status: 1, lines: 1 });
    expect(lines[0]).toMatch(new RegExp(`${place} begins with a certificate, and is not PEM to its end`));
    expect(tree(device, true)).toEqual(before);
  });

  it.each([
    ['a chain', () => text('pair') + text('ca')],
    ['lines of another system', () => (text('pair') + text('ca')).replaceAll('\n', '\r\n')],
    ['text between', () => `# the device\n${text('pair')}\n# its issuer\n${text('ca')}\n\n# end`],
    ['no line break at its end', () => (text('pair') + text('ca')).trimEnd()],
    ['an issuer that is expired, which the hub does not look at', () => text('pair') + text('old')],
  ])('but a file with %s', (_, whole) => {
    expect(dryRun(deviceOf(5, { [certificate]: whole() }))).toEqual({ status: 0, lines: [] });
  });

  it.each<[string, 1 | 5, () => string, number, RegExp | undefined]>([
    ['a CA', 5, () => text('ca'), 0, undefined],
    ['no CA', 5, () => text('no-ca'), 1, /\/pki\/ca\.pem is no CA, /],
    ['a CA that may not sign certificates', 5, () => text('no-signer'), 1, /\/pki\/ca\.pem is no CA, /],
    ['a CA that is expired', 5, () => text('old'), 1, /\/pki\/ca\.pem is expired /],
    ['a CA with a chain', 5, () => text('ca') + text('unsaid'), 0, undefined],
    [
      'a CA whose issuer is expired: told',
      5,
      () => text('ca') + text('old'),
      0,
      /behind the edge CA, .*: CN ?= ?old\. /,
    ],
    ['one that may issue no CA, from 1.2 on', 5, () => text('short'), 0, undefined],
    ['one that may issue no CA, up to 1.1: told', 1, () => text('short'), 0, /allows no CA below it \(pathlen:0\)/],
  ])('edge CA: %s (1.%i)', (_, minor, whole, status, told) => {
    const result = dryRun(deviceOf(minor, { [edgeCa.certificate]: whole() }));
    expect(result).toEqual({ status, lines: told === undefined ? [] : [expect.stringMatching(told)] });
  });

  it.each<[string, () => string, number, RegExp | undefined]>([
    ['that is expired', () => text('old'), 1, /of the trust bundle .* no certificate is valid now .*: CN ?= ?old\. /],
    [
      'of which all are expired, or not valid yet',
      () => text('old') + text('early'),
      1,
      /: CN ?= ?old\nCN ?= ?early\. /,
    ],
    [
      'of which one is expired: told',
      () => text('ca') + text('old'),
      0,
      /of the 2 certificates .*, 1 are not valid now: CN ?= ?old\. /,
    ],
    [
      'of many, of which some are: three are named',
      () => text('ca') + text('old').repeat(5),
      0,
      /of the 6 .*, 5 are not .*: (CN ?= ?old[;.] ?){3}What/,
    ],
  ])('a trust bundle %s', (_, whole, status, told) => {
    const { status: is, lines } = dryRun(deviceOf(5, { [trustBundle]: whole() }));
    expect(is).toBe(status);
    expect(lines.join('\n')).toMatch(told!);
  });
});
