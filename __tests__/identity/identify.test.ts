import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identify, identifyEarlier } from '../../src/identity/identify.ts';
import type { JudgeOptions } from '../../src/identity/judge.ts';
import type { Finding, Severity } from '../../src/model/finding.ts';
import { isHubHost } from '../../src/model/fleet.ts';
import type { Shared } from '../../src/rules/certificate.ts';
import type { Unreadable } from '../../src/rules/unreadable.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { describeNeeding } from '../support/needing.ts';
import { makeCertificate, openssl, type Wanted } from '../support/openssl.ts';
import { at, device, type Wish } from './device.ts';

const now = new Date('2027-01-01T00:00:00Z');
const hex = (length: number, digit = 'A') => digit.repeat(length);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'identify-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(wishes: readonly Wish[], options: Partial<JudgeOptions> = {}) {
  return identify(wishes.map(device), openWorkspace(folder), { now, expiryWarningDays: 30, ...options });
}

/** `rule @line`, as the table of rules has it. */
function shown(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ rule, place }) => `${rule} @${place?.line}`);
}

/** What openssl itself says, as upper-case digits. */
function fingerprint(name: string, digest: 'sha1' | 'sha256'): string {
  const text = openssl(folder, 'x509', '-in', `${name}.pem`, '-noout', '-fingerprint', `-${digest}`);
  return text.replace(/^.*=|[:\s]/g, '');
}

describe('thumbprints without certificates', () => {
  const both = { primary: hex(40), secondary: hex(40, 'b') };

  test.each<[string, Wish, string[]]>([
    ['two of one length', { thumbprints: both }, []],
    ['two of SHA-256', { thumbprints: { primary: hex(64), secondary: hex(64, '0') } }, []],
    ['neither certificates nor thumbprints', {}, ['thumbprint/missing @10']],
    ['of two lengths', { thumbprints: { primary: hex(64), secondary: hex(40) } }, ['thumbprint/mixed-lengths @16']],
    ['a digit short', { thumbprints: { ...both, primary: hex(39) } }, ['thumbprint/length @15']],
    ['not of hex digits', { thumbprints: { ...both, secondary: `${hex(39)}G` } }, ['thumbprint/not-hex @16']],
    ['the secondary alone', { thumbprints: { secondary: hex(40) } }, ['thumbprint/only-secondary @16']],
    ['the primary alone', { thumbprints: { primary: hex(40) } }, ['thumbprint/single @15']],
    ['the primary alone, and bad', { thumbprints: { primary: 'x' } }, ['thumbprint/not-hex @15']],
    [
      'with colons',
      { thumbprints: { ...both, primary: hex(40).replace(/..(?=.)/g, '$&:') } },
      ['thumbprint/normalised @15'],
    ],
  ])('%s', async (_, wish, expected) => {
    const { value, findings } = await run([wish]);
    expect(shown(findings)).toEqual(expected);
    expect(value).toHaveLength(findings.some(({ severity }) => severity === 'error') ? 0 : 1);
    expect(findings.every((f) => f.device === 'edge-001')).toBe(true);
  });

  test('are registered as given, their case kept; one value fills both slots', async () => {
    const { value } = await run([{ thumbprints: { primary: 'aB'.repeat(20) } }]);
    expect(value[0]?.thumbprints).toEqual({ primary: 'aB'.repeat(20), secondary: 'aB'.repeat(20) });
  });

  test('what was dropped is told', async () => {
    const { findings } = await run([{ thumbprints: { primary: `\u200E${hex(40)}`, secondary: hex(40) } }]);
    const dropped = [{ kind: 'mark', text: 'U+200E', count: 1 }] as const;
    expect(findings).toEqual([{ ...told('thumbprint/normalised', { dropped }), place: at(15), device: 'edge-001' }]);
  });
});

describe('files that are no certificates', () => {
  test('each gives one finding that names file and fault', async () => {
    mkdirSync(join(folder, '.git'), { recursive: true });
    const files: Record<string, string | Buffer> = {
      'empty.pem': '',
      'text.pem': 'hello',
      'huge.pem': Buffer.alloc(5 * 1024 * 1024, 'x'),
      'key.pem': '-----BEGIN EC PRIVATE KEY-----\n',
      '.git/x.pem': 'x',
    };
    for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
    const paths = ['none.pem', 'empty.pem', 'text.pem', 'huge.pem', 'key.pem', '../x.pem', '.git/x.pem'];
    const wishes = paths.map((primary, i) => ({ id: `edge-${i}`, certificates: { primary }, place: () => at(i) }));
    const { value, findings } = await run(wishes);
    expect(value).toEqual([]);
    const unread = (path: string) => {
      const file = openWorkspace(folder).read(path, 1048576);
      return file.ok ? expect.fail(`${path} is read`) : file.detail;
    };
    expect(unread('huge.pem')).toMatch(/5242880 bytes.* 1048576/);
    const unreadable = (path: string, problem: Unreadable) => told('certificate/unreadable', { path, problem });
    const outside = (path: string) => told('certificate/outside-workspace', { path, detail: unread(path) });
    expect(findings).toEqual(
      [
        told('certificate/missing', { path: 'none.pem' }),
        unreadable('empty.pem', { kind: 'empty' }),
        unreadable('text.pem', { kind: 'no-certificate' }),
        unreadable('huge.pem', { kind: 'unread', detail: unread('huge.pem') }),
        told('certificate/private-key-present', { path: 'key.pem', format: 'EC PRIVATE KEY' }),
        outside('../x.pem'),
        outside('.git/x.pem'),
      ].map((said, i) => ({ ...said, device: `edge-${i}`, place: at(i) })),
    );
  });

  test('a file that defaults name for all is one fault of all devices, also with {id}', async () => {
    const place = () => at(3);
    const shared = { certificates: { primary: 'none.pem' }, place };
    const own = (id: string) => ({ id, certificates: { primary: `none-${id}.pem` }, place });
    const missing = (path: string) => ({ ...told('certificate/missing', { path }), place: at(3) });
    expect(
      (
        await run([
          { id: 'a', ...shared },
          { id: 'b', ...shared },
        ])
      ).findings,
    ).toEqual([{ ...missing('none.pem'), devices: ['a', 'b'] }]);
    expect((await run([own('c'), own('d')])).findings).toEqual([{ ...missing('none-{id}.pem'), devices: ['c', 'd'] }]);
  });

  test('a missing file with the separators of Windows is told with those of here', async () => {
    const { findings } = await run([{ certificates: { primary: 'certs\\edge-001.pem' } }]);
    expect(findings).toMatchObject([told('certificate/missing', { path: 'certs\\edge-001.pem' })]);
    expect(findings[0]?.remedy).toContain('certs/edge-001.pem');
    expect(told('certificate/missing', { path: 'C:\\certs\\edge.pem' }).remedy).not.toContain('C:/');
  });

  test('a bad file named at two places is told at both', async () => {
    const { findings } = await run([{ certificates: { primary: 'none.pem', secondary: 'none.pem' } }]);
    expect(shown(findings)).toEqual(['certificate/missing @12', 'certificate/missing @13']);
  });
});

describeNeeding(['openssl'], 'certificates made by openssl', () => {
  const subject = '/CN=edge-001';
  const make = (name: string, wanted: Partial<Wanted> = {}) => makeCertificate(folder, name, { subject, ...wanted });
  beforeAll(() => {
    make('primary');
    make('secondary');
    // Good in all but the one thing that its name tells.
    make('no-cn', { subject: '/O=contoso' });
    make('other-cn', { subject: '/CN=Edge-001' });
    make('two-cns', { subject: '/CN=edge-001/CN=edge-001' });
    make('line-break-cn', { subject: '/CN=edge-001\nCN=x' });
    make('rsa1024', { keyType: 'rsa1024' });
    make('rsa2047', { keyType: 'rsa2047' });
    make('rsa2048', { keyType: 'rsa2048' });
    make('p384', { keyType: 'p384' });
    make('ed25519', { keyType: 'ed25519' });
    make('rsa-pss', { keyType: 'rsa-pss' });
    make('md5', { keyType: 'rsa2048', digest: 'md5' });
    make('sha1', { digest: 'sha1' });
    make('authority', { extensions: ['basicConstraints = critical, CA:TRUE', 'keyUsage = keyCertSign'] });
    make('encipherment', { extensions: ['keyUsage = keyEncipherment, keyAgreement'] });
    make('critical-encipherment', { extensions: ['keyUsage = critical, keyEncipherment'] });
    make('critical-agreement', { extensions: ['keyUsage = critical, keyAgreement, nonRepudiation'] });
    make('secp256k1', { keyType: 'secp256k1' });
    make('is-ca', { extensions: ['basicConstraints = critical, CA:TRUE'] });
    make('server', { extensions: ['extendedKeyUsage = serverAuth, 1.2.3.4'] });
    make('server-and-client', { extensions: ['extendedKeyUsage = serverAuth, clientAuth'] });
    make('any-usage', { extensions: ['extendedKeyUsage = anyExtendedKeyUsage'] });
    make('no-usage', { extensions: [] });
    make('expired', { start: '20200101000000Z', end: '20261231235959Z' });
    make('ends-now', { end: '20270101000000Z' });
    make('future', { start: '20270101000001Z' });
    make('starts-now', { start: '20270101000000Z' });
    make('ends-in-29', { end: '20270130235959Z' });
    make('ends-in-30', { end: '20270131000000Z' });
    make('before-2038', { end: '20380119031407Z' });
    make('after-2038', { end: '20380119031408Z' });
    make('before-2050', { end: '20491231235959Z' });
    make('after-2050', { end: '20500101000000Z' });
    make('same-key', { key: 'primary.key.pem' });
    make('same-key-two', { subject: '/CN=edge-002', key: 'primary.key.pem' });
  });

  const single = 'thumbprint/single @12';
  test.each<[string, Wish, string[]]>([
    ['primary', {}, [single]],
    ['no-cn', {}, ['certificate/no-cn @12', single]],
    ['other-cn', {}, ['certificate/cn-mismatch @12', single]],
    ['two-cns', {}, ['certificate/cn-mismatch @12', single]],
    ['line-break-cn', {}, ['certificate/cn-mismatch @12', single]],
    ['rsa1024', { runtime: '1.4 debian' }, ['certificate/weak-key @12', single]],
    ['rsa2047', { runtime: '1.6 debian' }, ['certificate/weak-key @12', single]],
    ['rsa1024', { runtime: '1.1 debian' }, ['certificate/small-key @12', single]],
    ['rsa1024', { runtime: '1.3 debian' }, ['certificate/small-key @12', single]],
    ['rsa2048', { runtime: '1.6 debian' }, [single]],
    ['rsa2048', {}, [single]],
    ['p384', {}, [single]],
    ['p384', { runtime: '1.1 windows' }, ['certificate/key-type-unsupported @12', single]],
    ['p384', { runtime: '1.0.10 windows' }, ['certificate/key-type-unsupported @12', single]],
    ['p384', { runtime: '1.4 windows' }, ['certificate/key-type-unsupported @12', single]],
    ['p384', { runtime: '1.2 debian' }, ['certificate/key-type-unsupported @12', single]],
    ['secp256k1', { runtime: '1.6 linux' }, ['certificate/key-type-unsupported @12', single]],
    ['secp256k1', { runtime: '1.1 debian' }, [single]],
    ['primary', { runtime: '1.6 debian' }, [single]],
    ['primary', { runtime: '1.1 windows' }, ['certificate/key-type-unsupported @12', single]],
    ['rsa2048', { runtime: '1.1 windows' }, [single]],
    ['ed25519', { runtime: '1.5 debian' }, ['certificate/key-type-unsupported @12', single]],
    ['rsa-pss', {}, ['certificate/key-type-unsupported @12', single]],
    ['md5', {}, ['certificate/weak-signature @12', single]],
    ['sha1', {}, ['certificate/weak-signature @12', single]],
    ['authority', {}, ['certificate/is-ca @12', 'certificate/no-digital-signature @12', single]],
    ['encipherment', {}, ['certificate/no-digital-signature @12', single]],
    ['critical-encipherment', {}, ['certificate/signs-nothing @12', single]],
    ['critical-agreement', {}, ['certificate/no-digital-signature @12', single]],
    ['is-ca', {}, ['certificate/is-ca @12', single]],
    ['server', {}, ['certificate/no-client-auth @12', single]],
    ['server-and-client', {}, [single]],
    ['any-usage', {}, [single]],
    ['no-usage', {}, [single]],
    ['expired', {}, ['certificate/expired @12', single]],
    ['ends-now', {}, ['certificate/expires-soon @12', single]],
    ['future', {}, ['certificate/not-yet-valid @12', single]],
    ['starts-now', {}, [single]],
    ['ends-in-29', {}, ['certificate/expires-soon @12', single]],
    ['ends-in-30', {}, [single]],
    ['before-2038', {}, [single]],
    ['after-2038', {}, ['certificate/year-2038 @12', single]],
    ['before-2050', {}, ['certificate/year-2038 @12', single]],
    ['after-2050', { runtime: '1.5 debian' }, ['certificate/year-2038 @12', single]],
    ['after-2050', { runtime: '1.1 debian' }, ['certificate/year-2050 @12', single]],
    ['after-2050', { runtime: '1.0.10 debian' }, ['certificate/year-2050 @12', single]],
  ])('%s %o', async (name, wish, expected) => {
    const { value, findings } = await run([{ certificates: { primary: `${name}.pem` }, ...wish }]);
    expect(shown(findings)).toEqual(expected);
    expect(value).toHaveLength(findings.some(({ severity }) => severity === 'error') ? 0 : 1);
  });

  test.each<[string, Severity | 'off', number]>([
    ['other-cn certificate/cn-mismatch', 'error', 0],
    ['other-cn certificate/cn-mismatch', 'warning', 1],
    ['expired certificate/expired', 'warning', 1],
    ['is-ca certificate/is-ca', 'off', 1],
    ['is-ca certificate/is-ca', 'error', 0],
  ])('%s, %s by the workflow: %i identities', async (what, severity, identities) => {
    const [name = '', rule = ''] = what.split(' ');
    const wish = { certificates: { primary: `${name}.pem` } };
    const { value } = await run([wish], { rules: new Map([[rule, severity]]) });
    expect(value).toHaveLength(identities);
  });

  test.each<[string, Wish, ReturnType<typeof told>]>([
    ['server', {}, told('certificate/no-client-auth', { path: 'server.pem', usages: ['serverAuth', '1.2.3.4'] })],
    [
      'line-break-cn',
      {},
      told('certificate/cn-mismatch', { path: 'line-break-cn.pem', commonNames: ['edge-001\nCN=x'], id: 'edge-001' }),
    ],
    [
      'p384',
      { runtime: '1.1 windows' },
      told('certificate/key-type-unsupported', {
        path: 'p384.pem',
        key: { curve: 'secp384r1', version: '1.1', only: 'rsa' },
      }),
    ],
    [
      'p384',
      { runtime: '1.5 debian' },
      told('certificate/key-type-unsupported', {
        path: 'p384.pem',
        key: { curve: 'secp384r1', version: '1.5', only: 'p256' },
      }),
    ],
    ['ed25519', {}, told('certificate/key-type-unsupported', { path: 'ed25519.pem', key: { algorithm: 'Ed25519' } })],
    ['expired', {}, told('certificate/expired', { path: 'expired.pem', notAfter: '2026-12-31T23:59:59Z' })],
    [
      'ends-in-29',
      {},
      told('certificate/expires-soon', {
        path: 'ends-in-29.pem',
        id: 'edge-001',
        slot: 'primary',
        notAfter: '2027-01-30T23:59:59Z',
        days: 29,
      }),
    ],
    ['future', {}, told('certificate/not-yet-valid', { path: 'future.pem', notBefore: '2027-01-01T00:00:01Z' })],
    ['rsa1024', { runtime: '1.5 debian' }, told('certificate/weak-key', { path: 'rsa1024.pem', bits: 1024 })],
    ['md5', {}, told('certificate/weak-signature', { path: 'md5.pem', digest: 'MD5' })],
  ])('%s %o is told with what was found', async (name, wish, said) => {
    const { findings } = await run([{ certificates: { primary: `${name}.pem` }, ...wish }]);
    expect(findings[0]).toEqual({ ...said, place: at(12), device: 'edge-001' });
  });

  test('both slots: thumbprints in the algorithm asked for, and the certificates with them', async () => {
    const certificates = { primary: 'primary.pem', secondary: 'secondary.pem' };
    for (const thumbprintAlgorithm of ['sha256', 'sha1'] as const) {
      const { value, findings } = await run([{ certificates, thumbprintAlgorithm }]);
      expect(findings).toEqual([]);
      expect(value).toMatchObject([
        {
          device: { id: 'edge-001' },
          thumbprints: {
            primary: fingerprint('primary', thumbprintAlgorithm),
            secondary: fingerprint('secondary', thumbprintAlgorithm),
          },
          certificates: {
            primary: { path: 'primary.pem', pem: readFileSync(join(folder, 'primary.pem'), 'utf8') },
            secondary: { path: 'secondary.pem' },
          },
        },
      ]);
    }
  });

  test('the same key, or the same certificate, in both slots', async () => {
    const twice = async (secondary: string) =>
      (await run([{ certificates: { primary: 'primary.pem', secondary } }])).findings;
    expect(shown(await twice('same-key.pem'))).toEqual(['certificate/same-key-twice @13']);
    expect(await twice('same-key.pem')).toMatchObject([told('certificate/same-key-twice', { same: 'key' })]);
    expect(await twice('primary.pem')).toMatchObject([told('certificate/same-key-twice', { same: 'certificate' })]);
    expect(await twice('secondary.pem')).toEqual([]);
  });

  test('a secondary certificate alone', async () => {
    const { findings } = await run([{ certificates: { secondary: 'primary.pem' } }]);
    expect(shown(findings)).toEqual(['thumbprint/only-secondary @13']);
    expect(findings[0]).toMatchObject(told('thumbprint/only-secondary', { what: 'certificate' }));
  });

  describe('a thumbprint beside a certificate', () => {
    const certificates = { primary: 'primary.pem', secondary: 'secondary.pem' };

    test('is compared in its own algorithm, in any case, and registered as given', async () => {
      const thumbprints = {
        primary: fingerprint('primary', 'sha1').toLowerCase(),
        secondary: fingerprint('secondary', 'sha1'),
      };
      const { value, findings } = await run([{ certificates, thumbprints }]);
      expect(findings).toEqual([]);
      expect(value[0]?.thumbprints).toEqual(thumbprints);
    });

    test('that is another one is a mismatch that shows both', async () => {
      const thumbprints = { primary: hex(64, '0'), secondary: fingerprint('secondary', 'sha256') };
      const { findings } = await run([{ certificates, thumbprints }]);
      expect(shown(findings)).toEqual(['thumbprint/mismatch @15']);
      const details = { slot: 'primary', given: hex(64, '0'), path: 'primary.pem' } as const;
      const expected = fingerprint('primary', 'sha256');
      expect(findings).toMatchObject([told('thumbprint/mismatch', { ...details, expected })]);
    });

    test('in one slot alone mixes lengths unless the algorithm fits', async () => {
      const wish = { certificates, thumbprints: { primary: fingerprint('primary', 'sha1') } };
      expect(shown((await run([wish])).findings)).toEqual(['thumbprint/mixed-lengths @15']);
      expect((await run([wish])).findings).toMatchObject([
        told('thumbprint/mixed-lengths', { primary: 40, secondary: 64 }),
      ]);
      expect((await run([{ ...wish, thumbprintAlgorithm: 'sha1' }])).findings).toEqual([]);
    });

    test('is no cure for a bad certificate', async () => {
      const wish = { certificates: { primary: 'none.pem' }, thumbprints: { primary: hex(40), secondary: hex(40) } };
      const { value, findings } = await run([wish]);
      expect(shown(findings)).toEqual(['certificate/missing @12']);
      expect(value).toEqual([]);
    });
  });

  describe('shared between devices', () => {
    const one = { id: 'edge-001', certificates: { primary: 'primary.pem' }, place: () => at(7) };
    const two = { id: 'edge-002' };

    test.each<[string, Wish, Shared, number]>([
      [
        'its key, in a certificate of another name',
        { certificates: { primary: 'same-key-two.pem' } },
        { keyOf: 'same-key-two.pem' },
        12,
      ],
      [
        'its thumbprint, in the other algorithm and case',
        { thumbprints: { primary: 'SHA1 of primary' } },
        { thumbprint: 'primary' },
        15,
      ],
    ])('%s', async (_, wish, shared, line) => {
      const given = wish.thumbprints && { thumbprints: { primary: fingerprint('primary', 'sha1').toLowerCase() } };
      const { value, findings } = await run([one, { ...two, ...wish, ...given }]);
      const ofRule = findings.filter(({ rule }) => rule === 'certificate/shared-between-devices');
      expect(ofRule).toMatchObject([{ place: { line }, device: 'edge-002' }]);
      const details = { other: 'edge-001', at: 'devices.yaml:7', shared };
      expect(ofRule[0]).toMatchObject(told('certificate/shared-between-devices', details));
      expect(value.map(({ device }) => device.id)).toEqual(['edge-001']);
    });

    test('a certificate of another name is that fault alone', async () => {
      const { findings } = await run([one, { ...two, certificates: { primary: 'primary.pem' } }]);
      expect(findings.filter(({ severity }) => severity === 'error').map(({ rule }) => rule)).toEqual([
        'certificate/cn-mismatch',
      ]);
    });

    test('a certificate of another name, where the workflow lowers that, is found to be shared', async () => {
      const wishes = [one, { ...two, certificates: { primary: 'primary.pem' } }];
      const rules = new Map([['certificate/cn-mismatch', 'warning' as const]]);
      const { value, findings } = await run(wishes, { rules });
      expect(findings.map(({ rule }) => rule)).toContain('certificate/shared-between-devices');
      expect(value.map(({ device }) => device.id)).toEqual(['edge-001']);
    });

    test('one id in two hubs is one device', async () => {
      const hub = (name: string) => {
        if (!isHubHost(name)) throw new Error(name);
        return name;
      };
      const { findings } = await run([
        { ...one, hub: hub('one.example.net') },
        { ...one, hub: hub('two.example.net') },
      ]);
      expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    });

    test('two given thumbprints', async () => {
      const thumbprints = { primary: hex(40, 'a'), secondary: hex(40, 'b') };
      const { findings } = await run([
        { id: 'a', thumbprints },
        { id: 'b', thumbprints: { primary: hex(40, 'B'), secondary: hex(40, 'C') } },
        { id: 'c', thumbprints: { primary: hex(40, 'd'), secondary: hex(40, 'e') } },
      ]);
      expect(shown(findings)).toEqual(['certificate/shared-between-devices @15']);
      expect(findings[0]?.device).toBe('b');
      const details = { other: 'a', at: 'devices.yaml:16', shared: { thumbprint: 'primary' } } as const;
      expect(findings[0]).toMatchObject(told('certificate/shared-between-devices', details));
    });

    test('each further device is told of the first', async () => {
      const place = () => at(3);
      const names = ['a', 'b', 'c'].map((id) => ({ id, thumbprints: { primary: hex(40) }, place }));
      const { findings } = await run(names);
      expect(findings.filter(({ severity }) => severity === 'error').map(({ devices }) => devices)).toEqual([
        ['b', 'c'],
      ]);
    });

    test('is not a device that is named twice, nor two with files of their own', async () => {
      const shared = async (...wishes: Wish[]) =>
        (await run(wishes)).findings.filter(({ rule }) => rule === 'certificate/shared-between-devices');
      expect(await shared(one, one)).toEqual([]);
      expect(await shared(one, { ...one, certificates: { primary: 'secondary.pem' } })).toEqual([]);
    });
  });

  test('devices keep their order, and one bad device does not take the others along', async () => {
    const good = (id: string) => ({ id, thumbprints: { primary: hex(39) + id, secondary: hex(39, 'f') + id } });
    const { value } = await run([good('3'), { id: '9', certificates: { primary: 'none.pem' } }, good('1'), good('2')]);
    expect(value.map(({ device }) => device.id)).toEqual(['3', '1', '2']);
  });

  test('a file is read once, however many name it', async () => {
    const workspace = openWorkspace(folderWith({ 'a.pem': readFileSync(join(folder, 'primary.pem')) }));
    const reads: string[] = [];
    const counting = {
      ...workspace,
      read: (path: string, limit: number) => {
        reads.push(path);
        return workspace.read(path, limit);
      },
    };
    const wishes = [{ certificates: { primary: 'a.pem', secondary: 'a.pem' } }, { certificates: { primary: 'a.pem' } }];
    await identify(wishes.map(device), counting, { now, expiryWarningDays: 30 });
    expect(reads).toEqual(['a.pem']);
  });
});

describeNeeding(['openssl'], 'devices of an earlier commit', () => {
  test('have the thumbprints that were registered from it, whatever is wrong with them now', async () => {
    makeCertificate(folder, 'earlier-expired', { subject: '/CN=somebody-else', end: '20260201000000Z' });
    const wishes: readonly Wish[] = [
      { id: 'expired', certificates: { primary: 'earlier-expired.pem' } },
      { id: 'given', thumbprints: { primary: hex(40), secondary: hex(40, 'B') } },
      { id: 'gone', certificates: { primary: 'nowhere.pem' } },
      { id: 'none' },
    ];
    const earlier = await identifyEarlier(wishes.map(device), openWorkspace(folder));
    expect(earlier.map(({ device: { id }, thumbprints }) => [id, thumbprints])).toEqual([
      [
        'expired',
        {
          primary: fingerprint('earlier-expired', 'sha256'),
          secondary: fingerprint('earlier-expired', 'sha256'),
        },
      ],
      ['given', { primary: hex(40), secondary: hex(40, 'B') }],
    ]);
    expect((await run(wishes)).value.map(({ device: { id } }) => id)).toEqual(['given']);
  });
});
