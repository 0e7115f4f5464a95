import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { InstallerSettings, Secret } from '../../../src/bundle/install/linux.ts';
import { describeNeeding } from '../../support/needing.ts';
import { openssl } from '../../support/openssl.ts';
import {
  daysFromNow,
  file,
  install,
  isRoot,
  makePair,
  type Pair,
  put,
  type Scratch,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

const certificate = '/var/lib/iotedge/identity/edge-001.pem';
const key = '/var/lib/iotedge/identity/edge-001.key.pem';
const config = '/etc/iotedge/config.yaml';

describeNeeding(['openssl'], 'what the installer refuses', () => {
  let folder: string;
  let pair: Pair;
  let other: Pair;
  const made = (name: string, wanted: Parameters<typeof makePair>[2]) => makePair(folder, name, wanted);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = made('pair', { subject: '/CN=edge-001' });
    other = made('other', { subject: '/CN=edge-002' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const onDevice = (text: string, minor: 1 | 5 = 1): Scratch => {
    const scratch = usual(pair, minor, { carriesCertificate: false });
    return { ...scratch, has: { ...scratch.has, [scratch.settings.certificate]: text } };
  };
  const withKey = (text: string): Scratch => ({ ...usual(pair, 1), has: { [key]: text } });
  /** A device of 1.5 that has the certificate itself: the manifest had only its thumbprints. */
  const carriedByDevice = (own: Pair, ...privateKey: [undefined?]): Scratch => {
    const scratch = usual(own, 5, {
      carriesCertificate: false,
      ...(privateKey.length === 0 ? {} : { privateKey: undefined }),
    });
    return { ...scratch, has: { ...scratch.has, [scratch.settings.certificate]: own.certificate } };
  };
  const inDer = () => openssl(folder, 'x509', '-in', 'pair.pem', '-outform', 'DER').slice(0, 40);
  const locked = (...more: string[]) =>
    openssl(folder, 'pkey', '-in', 'keys/pair.key.pem', '-aes256', '-passout', ...more);

  const cases: Record<string, { of: () => Scratch; says: RegExp }> = {
    'a key of another certificate': {
      of: () => withKey(other.key),
      says: /\/edge-001\.key\.pem .*belong.*\/identity-certificate\.pem\./,
    },
    'a missing key': {
      of: () => ({ ...usual(pair, 1), has: {} }),
      says: /private key .*\/edge-001\.key\.pem is missing/,
    },
    'a key with a passphrase': { of: () => withKey(locked('pass:secret')), says: /has a passphrase.*openssl pkey -in/ },
    'a key with an empty passphrase': { of: () => withKey(locked('pass:')), says: /has a passphrase/ },
    'something else than a key': { of: () => withKey(pair.certificate), says: /no private key .*openssl pkey -in/ },
    'a certificate of another device': { of: () => usual(other, 1), says: /is of CN 'edge-002', expected 'edge-001'/ },
    'a certificate with two names': {
      of: () => usual(made('two', { subject: '/CN=edge-001/CN=edge-002' }), 1),
      says: /is of CN 'edge-001\nedge-002', expected/,
    },
    'a certificate with two names in one RDN': {
      of: () => usual(made('both', { subject: '/CN=edge-001+CN=edge-002' }), 1),
      says: /is of CN 'edge-00[12]\nedge-00[12]', expected/,
    },
    'a certificate whose name only begins like it': {
      of: () => usual(made('longer', { subject: '/O=CN=edge-001/CN=edge-001\\\\0A' }), 1),
      says: /expected 'edge-001'/,
    },
    'an expired certificate': {
      of: () => usual(made('expired', { subject: '/CN=edge-001', start: daysFromNow(-9), end: daysFromNow(-1) }), 1),
      says: /is expired \(notAfter=.* GMT; .*clock/,
    },
    'a certificate that is not valid yet': {
      of: () => usual(made('early', { subject: '/CN=edge-001', start: daysFromNow(1) }), 1),
      says: /not valid yet \(notBefore=/,
    },
    'a thumbprint that is not registered': {
      of: () => usual(pair, 1, { thumbprints: [other.sha256, other.sha1] }),
      says: /thumbprint [0-9A-F]{64} \(SHA-1 [0-9A-F]{40}\).*; registered are [0-9a-f]{64} [0-9a-f]{40}\./,
    },
    'no certificate on the device': {
      of: () => usual(pair, 1, { carriesCertificate: false }),
      says: /certificate .*\/edge-001\.pem is missing/,
    },
    'no certificate on a device that would then delete the key': {
      of: () => usual(pair, 5, { carriesCertificate: false }),
      says: /aziot\/certs\/edge-001\.pem is missing .* 1\.3 .*delete the key/,
    },
    'a certificate in DER': {
      of: () => onDevice(inDer()),
      says: /\/edge-001\.pem .*openssl x509 -inform DER/,
    },
    'a folder where the certificate should be': {
      of: () => ({ ...usual(pair, 1), has: { [key]: pair.key, [`${certificate}/file`]: '' } }),
      says: /\/edge-001\.pem[ ]is a folder/,
    },
    'a key of another curve than P-256, for the keys service of 1.2 and later': {
      of: () => carriedByDevice(made('p384', { subject: '/CN=edge-001', keyType: 'p384' })),
      says: /\/edge-001\.pem has an EC key \(secp384r1\).* 1\.5 .*openssl ecparam -name prime256v1/,
    },
    'such a key in a module': {
      of: () => carriedByDevice(made('k1', { subject: '/CN=edge-001', keyType: 'secp256k1' }), undefined),
      says: /\/edge-001\.pem has an EC key \(secp256k1\)/,
    },
    'something else at the place of the certificate': {
      of: () => usual(pair, 1, { certificate: '/etc/passwd' }),
      says: /\/etc\/passwd .*no certificate .*Move it away/,
    },
    'an empty file at the place of the certificate': {
      of: () => ({ ...usual(pair, 1), has: { [key]: pair.key, [certificate]: '' } }),
      says: /\/edge-001\.pem .*no certificate .*Move it away/,
    },
    'a missing secret': {
      of: () => withSecrets(pair, [secret('password: "@A@"', '@A@', 'text')]),
      says: /IOTEDGE_A is not set\. .*sudo sh install\.sh; it asks.* --secrets FILE; .* IOTEDGE_A=value .*sudo --preserve-env=IOTEDGE_A /,
    },
    'a configuration that was changed after rendering': {
      of: () => ({ ...withSecrets(pair, [secret('password: "@B@"', '@B@', 'text', 'HOME')]), config: 'x: 1\n' }),
      says: /\/config\.yaml .*take a secret/,
    },
  };

  it.each(Object.keys(cases))('%s: nothing is touched', (name) => {
    const { of, says } = cases[name]!;
    const device = scratchDevice(of());
    const before = tree(device, true);
    const { status, stdout, stderr, calls } = install(device, { env: { IOTEDGE_HOME: 'set' } });
    expect({ status, stdout, calls }).toEqual({ status: 1, stdout: '', calls: [] });
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/Nothing was changed\.\n$/);
    expect(tree(device, true)).toEqual(before);
  });

  it('a certificate that cannot be read: a link to nowhere, and for all but root a file without rights', () => {
    const device = scratchDevice(usual(pair, 1, { carriesCertificate: false }));
    symlinkSync('nowhere', join(device.root, certificate));
    expect(install(device)).toMatchObject({ status: 1, stderr: expect.stringContaining('cannot be read') });
    rmSync(join(device.root, certificate));
    put(device.root, certificate, pair.certificate);
    chmodSync(join(device.root, certificate), 0o000);
    expect(install(device).status).toBe(isRoot ? 0 : 1);
  });

  it.each([
    ['/config.yaml', 1, ''],
    ['/config.toml', 5, '# ne'],
    ['/identity-certificate.pem', 1, ''],
    ['/identity-certificate.pem', 5, '-----BEGIN CERTIFICATE-----\n'],
  ] as const)('a bundle whose %s was cut off on the way (1.%i)', (name, minor, text) => {
    const device = scratchDevice(usual(pair, minor));
    const before = tree(device, true);
    put(device.bundle, name, text);
    const { status, stderr, calls } = install(device);
    expect({ status, calls }).toEqual({ status: 1, calls: [] });
    expect(stderr).toMatch(
      new RegExp(`${name} .*rendered for edge-001: .*SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}`),
    );
    expect(stderr).toMatch(/the bundle again\.\n.*Nothing was changed\.\n$/);
    expect(stderr.split('\n')).toHaveLength(3);
    expect(tree(device, true)).toEqual(before);
  });

  it.each(['/O=x/CN=edge-001+OU=y', '/CN=edge-001+OU=CN=y/O=a \\+ CN=z'])('not: the subject %s', (subject) => {
    const own = made(`rdn-${subject.length}`, { subject });
    expect(install(scratchDevice(usual(own, 1)))).toMatchObject({ status: 0, stderr: '' });
  });

  it.each([
    ['a key of any curve up to 1.1', 'p384', 1],
    ['P-256', 'p256', 5],
    ['RSA', 'rsa2048', 5],
  ] as const)('not: %s', (_, keyType, minor) => {
    const own = made(`${keyType}-${minor}`, { subject: '/CN=edge-001', keyType });
    const scratch = usual(own, minor, { carriesCertificate: false });
    const has = { ...scratch.has, [scratch.settings.certificate]: own.certificate };
    expect(install(scratchDevice({ ...scratch, has }))).toMatchObject({ status: 0, stderr: '' });
  });

  it('says everything that is wrong at once', () => {
    const device = scratchDevice({ ...usual(other, 1, { thumbprints: [pair.sha1] }), has: {} });
    const { stderr } = install(device);
    expect(stderr.split('\n').map((line) => line.slice(0, 30))).toHaveLength(5);
  });

  it.each(['a secret\nof two lines', 'tab\t', '\x7f'])('a secret that is no line of text: %j', (value) => {
    const device = scratchDevice(withSecrets(pair, [secret('password: "@A@"', '@A@', 'text')]));
    const { status, stderr } = install(device, { env: { IOTEDGE_A: value } });
    expect(status).toBe(1);
    expect(stderr).toMatch(/IOTEDGE_A .*control character/);
  });

  it('a device without the runtime', () => {
    const device = scratchDevice(usual(pair, 1));
    put(device.root, '/etc/passwd', 'root:x:0:0::/:/bin/sh\n');
    const { status, stderr } = install(device);
    expect(status).toBe(1);
    expect(stderr).toContain(`IoT Edge 1.1 is not installed in ${device.root}: expected the user iotedge and `);
    expect(stderr).toContain('Install the package iotedge in the image.\n');
  });

  it.each([['--frobnicate'], ['--root'], ['--root', '/nowhere/at/all']])('wrong usage: %s %s', (...args) => {
    const { status, stderr } = install(scratchDevice(usual(pair, 1)), {
      args: args.filter((word) => word !== undefined),
    });
    expect(status).toBe(2);
    expect(stderr).toContain('usage: sudo sh install.sh');
  });

  it.each(['sha1', 'sha256'] as const)('not: a certificate registered by %s, in either slot and case', (algorithm) => {
    const none = '0'.repeat(40);
    for (const thumbprints of [
      [pair[algorithm], none],
      [none, pair[algorithm].toUpperCase()],
    ]) {
      expect(install(scratchDevice(usual(pair, 1, { thumbprints })))).toMatchObject({ status: 0, stderr: '' });
    }
  });

  describe('secrets', () => {
    const hard = `& \\ " ' $ % \${HOME} \`id\` \\1 \\n é  end `;
    const lines = [
      'auth:',
      '  # password: "@A@"',
      '  password: "@A@"',
      '  other: "@A@" # not this',
      'uri: "pkcs11:o?pin=@A@&x"',
      'two: ["@A@", "@B@"]',
    ];
    const secrets = [
      secret('  password: "@A@"', '@A@', 'text'),
      secret('uri: "pkcs11:o?pin=@A@&x"', '@A@', 'uri'),
      secret('two: ["@A@", "@B@"]', '@A@', 'text'),
      secret('two: ["@A@", "@B@"]', '@B@', 'text', 'B'),
    ];

    it('stand escaped in their lines, and nothing else is touched', () => {
      const device = scratchDevice({ ...withSecrets(pair, secrets), config: `${lines.join('\n')}\n` });
      const { status, stdout, stderr, calls } = install(device, { env: { IOTEDGE_A: hard, IOTEDGE_B: '@A@' } });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      const quoted = JSON.stringify(hard);
      expect(tree(device)[config]).toBe(
        file(
          'iotedge',
          '400',
          [
            ...lines.slice(0, 2),
            `  password: ${quoted}`,
            lines[3],
            `uri: "pkcs11:o?pin=${uri(hard)}&x"`,
            `two: [${quoted}, "@A@"]`,
            '',
          ].join('\n'),
        ),
      );
      expect(`${stdout}${calls}`).not.toContain('end ');
    });

    it.each([['sh'], ['bash']])('are not shown by %s -x', (shell) => {
      const device = scratchDevice({ ...withSecrets(pair, secrets), config: `${lines.join('\n')}\n` });
      const env = { IOTEDGE_A: 'first-secret', IOTEDGE_B: 'second-secret' };
      const { status, stdout, stderr } = install(device, { env, shell: [shell, '-x'] });
      expect(status).toBe(0);
      expect(tree(device)[config]).toContain('second-secret');
      expect(stderr).toContain('+ plan\n');
      expect(stdout + stderr).not.toMatch(/(first|second)-secret/);
    });

    it('are no reason for a change the second time; a new one is', () => {
      const device = scratchDevice({ ...withSecrets(pair, secrets), config: `${lines.join('\n')}\n` });
      const env = { IOTEDGE_A: hard, IOTEDGE_B: 'b' };
      expect(install(device, { env }).status).toBe(0);
      expect(install(device, { env }).calls).toEqual([]);
      expect(install(device, { env: { ...env, IOTEDGE_B: 'c' } }).calls).not.toEqual([]);
    });
  });
});

function secret(line: string, placeholder: string, encoding: Secret['encoding'], name = 'A'): Secret {
  return { variable: `IOTEDGE_${name}`, line, placeholder, encoding };
}

function withSecrets(pair: Pair, secrets: InstallerSettings['secrets']): Scratch {
  return { ...usual(pair, 1, { secrets }), config: `${secrets.map(({ line }) => line).join('\n')}\n` };
}

/** As RFC 3986 has it: encodeURIComponent leaves five more as they are. */
function uri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
