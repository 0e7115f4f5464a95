import { describe, expect, it } from 'vitest';
import { renderBundles } from '../../../src/bundle/render.ts';
import type { Json } from '../../../src/model/fleet.ts';
import type { ProxyProblem } from '../../../src/rules/config.ts';
import type { HostnameProblem, LabelProblem } from '../../../src/rules/hostname.ts';
import type { DetailsOf } from '../../../src/rules/rules.ts';
import type { WrongSetting } from '../../../src/rules/setting-value.ts';
import { told } from '../../support/finding.ts';
import { columnOf, findingsOf, identityOf, now, type Wanted } from '../material.ts';

/** A wrong setting without its key. */
type Problem = WrongSetting extends infer Wrong ? (Wrong extends WrongSetting ? Omit<Wrong, 'key'> : never) : never;

describe('the host names of the manifest', () => {
  const label = (text: string, problem: LabelProblem): HostnameProblem => ({ kind: 'label', label: text, problem });
  const [own, ofParent] = ['config.hostname', 'config.parentHostname'] as const;
  const long = `${'a'.repeat(32)}.${'b'.repeat(32)}`;
  const named = (key: typeof own | typeof ofParent, hostname: string, version: string) =>
    findingsOf({ version, config: key === own ? { hostname } : { parentHostname: hostname } });

  it.each<[string, HostnameProblem]>([
    ['7-edge', label('7-edge', { kind: 'begin' })],
    ['-edge', label('-edge', { kind: 'begin' })],
    ['edge-', label('edge-', { kind: 'end' })],
    ['edge_1', label('edge_1', { kind: 'character', character: '_' })],
    ['édge', label('édge', { kind: 'character', character: 'é' })],
    ['edge..local', { kind: 'empty-label' }],
    ['edge.', { kind: 'empty-label' }],
    ['edge.7.local', label('7', { kind: 'begin' })],
    ['010.0.0.5', label('010', { kind: 'begin' })],
    ['05.0.0.5', label('05', { kind: 'begin' })],
    ['10.0.0.256', label('10', { kind: 'begin' })],
    ['a'.repeat(64), label('a'.repeat(64), { kind: 'length', length: 64 })],
  ])('are warned of, in every version, where iotedge check warns: %j', (hostname, problem) => {
    for (const [key, version] of [
      [own, '1.1'],
      [own, '1.5'],
      [ofParent, '1.5'],
    ] as const) {
      const findings = named(key, hostname, version);
      expect(findings).toMatchObject([{ severity: 'warning', place: { column: columnOf(key) } }]);
      expect(findings[0]).toMatchObject(told('config/hostname', { key, hostname, problem }));
    }
  });

  it.each(['e', 'edge-7.LOCAL', 'a'.repeat(63), `${'a'.repeat(32)}.${'b'.repeat(31)}`])('may be %s', (hostname) => {
    expect(named(own, hostname, '1.1')).toEqual([]);
    expect(named(own, hostname, '1.5')).toEqual([]);
    expect(named(ofParent, hostname, '1.5')).toEqual([]);
  });

  it.each(['10.0.0.4', '0.0.0.255', 'fd00::1', '::ffff:10.0.0.5'])('may be the address %s from 1.2 on', (address) => {
    expect(named(own, address, '1.2')).toEqual([]);
    expect(named(ofParent, address, '1.2')).toEqual([]);
    const details = { key: own, hostname: address, problem: { kind: 'address' } } as const;
    expect(named(own, address, '1.1')).toMatchObject([told('config/hostname', details)]);
  });

  it('are refused where they are empty, or too long for a certificate', () => {
    const empty = (key: string) => told('config/hostname-unusable', { key, hostname: '', problem: { kind: 'empty' } });
    expect(named(own, '', '1.1')).toMatchObject([empty(own)]);
    expect(named(own, '', '1.5')).toMatchObject([empty(own)]);
    expect(named(ofParent, '', '1.5')).toMatchObject([empty(ofParent)]);
    const problem = { kind: 'length', length: 65 } as const;
    const tooLong = (key: string) => told('config/hostname-unusable', { key, hostname: long, problem });
    expect(named(own, long, '1.1')).toMatchObject([tooLong(own)]);
    expect(named(ofParent, long, '1.5')).toMatchObject([tooLong(ofParent)]);
    // From 1.2 on iotedge check warns, and the device runs.
    expect(named(own, long, '1.5')).toMatchObject([told('config/hostname', { key: own, hostname: long, problem })]);
  });

  it('counts the bytes of a name, as a certificate does', () => {
    const hostname = `${'é'.repeat(20)}.${'é'.repeat(20)}`;
    const problem = { kind: 'length', length: 81 } as const;
    expect(named(own, hostname, '1.1')).toMatchObject([
      told('config/hostname-unusable', { key: own, hostname, problem }),
    ]);
  });

  it('are nothing that the id is asked for', () => {
    expect(findingsOf({ id: '7EDGE' })).toEqual([]);
    expect(findingsOf({ id: '7EDGE', version: '1.5' })).toEqual([]);
  });
});

describe('a device with an error', () => {
  const identity = identityOf({ config: { proxy: { https: 'proxy.plant.example:3128' } } });
  const severity = (wanted: 'error' | 'warning') => new Map([['config/proxy', wanted]]);

  it.each<[string, ReturnType<typeof severity> | undefined, number]>([
    ['no bundle', undefined, 0],
    ['no bundle, where the workflow says that it is one', severity('error'), 0],
    ['its bundle, where the workflow makes it a warning', severity('warning'), 1],
  ])('gets %s', async (_, rules, bundles) => {
    const { value, findings } = await renderBundles([identity], { now, rules });
    expect(value).toHaveLength(bundles);
    expect(findings).toContainEqual(expect.objectContaining(told('config/proxy', { problem: 'no-scheme' })));
  });
});

describe('config/proxy', () => {
  const wanted = (https: string): Wanted => ({ config: { proxy: { https } } });

  it.each<[string, ProxyProblem]>([
    ['proxy.plant.example:3128', 'no-scheme'],
    ['proxy.plant.example', 'no-scheme'],
    ['//proxy.plant.example', 'no-scheme'],
    ['http:proxy.plant.example', 'no-scheme'],
    ['socks5://proxy.plant.example', { scheme: 'socks5' }],
    ['http://', 'invalid'],
    ['http://a"b', 'characters'],
    ['http://a\nb', 'characters'],
    ['http://proxy:99999', 'invalid'],
    ['http://me@proxy.plant.example:3128', 'user-name'],
    ['http://proxy.plant.example:3128/path', 'more-than-host'],
    ['http://proxy.plant.example:3128?a=b', 'more-than-host'],
    ['http://proxy.plant.example:3128?', 'more-than-host'],
    ['http://proxy.plant.example:3128#', 'more-than-host'],
  ])('refuses %j: %j', (https, problem) => {
    const findings = findingsOf(wanted(https));
    expect(findings).toMatchObject([{ rule: 'config/proxy', place: { column: columnOf('config.proxy.https') } }]);
    expect(findings[0]).toMatchObject(told('config/proxy', { problem }));
  });

  it.each(['http://me:hunter2', 'me:hunter2@proxy:3128', 'http://hunter2@proxy', 'http://proxy:1/hunter2'])(
    'does not quote %j, in which a password may be',
    (https) => {
      const findings = findingsOf(wanted(https));
      expect(findings).toMatchObject([{ rule: 'config/proxy' }]);
      expect(JSON.stringify(findings)).not.toContain('hunter2');
    },
  );

  it.each(['http://proxy', 'https://proxy.plant.example:3128', 'http://10.0.0.1:8080/', 'http://[fd00::1]:3128'])(
    'takes %s',
    (https) => expect(findingsOf(wanted(https))).toEqual([]),
  );

  it('leaves one with a password to the rule for secrets, which does not quote it', () => {
    const findings = findingsOf(wanted('ftp://me:hidden@proxy'));
    expect(findings).toMatchObject([{ rule: 'config/secret-in-manifest' }]);
    expect(JSON.stringify(findings)).not.toContain('hidden');
  });
});

describe('config/pkcs11', () => {
  const privateKey = 'pkcs11:token=edge;object=a';
  const pkcs11 = { library: '/usr/lib/m.so' };
  const edgeCa = { certificate: '/ca.pem', privateKey: 'pkcs11:token=edge;object=ca' };

  it.each<[string, Wanted, string, DetailsOf['config/pkcs11']]>([
    [
      'a key without a library',
      { privateKey },
      'identity.privateKey',
      { kind: 'no-library', key: 'identity.privateKey' },
    ],
    [
      'a key of the edge CA without a library',
      { config: { edgeCa } },
      'config.edgeCa.privateKey',
      { kind: 'no-library', key: 'config.edgeCa.privateKey' },
    ],
    ['a PIN without a key', { identity: { pinFrom: 'IOTEDGE_PIN' } }, 'identity.pinFrom', { kind: 'pin-alone' }],
  ])('tells %s', (_, wanted, key, details) => {
    expect(findingsOf({ version: '1.5', ...wanted })).toMatchObject([
      { ...told('config/pkcs11', details), place: { column: columnOf(key) } },
    ]);
  });

  it.each<[string, Wanted]>([
    ['a key with its library', { privateKey, config: { pkcs11 } }],
    ['a key with its library and its PIN', { privateKey, identity: { pinFrom: 'IOTEDGE_PIN' }, config: { pkcs11 } }],
    ['a PIN for the edge CA alone', { identity: { pinFrom: 'IOTEDGE_PIN' }, config: { pkcs11, edgeCa } }],
    [
      'a PIN for the keys that the runtime makes',
      { identity: { pinFrom: 'IOTEDGE_PIN' }, config: { pkcs11: { ...pkcs11, baseSlot: 'pkcs11:token=edge' } } },
    ],
    ['a library alone', { config: { pkcs11 } }],
  ])('lets %s pass', (_, wanted) => expect(findingsOf({ version: '1.5', ...wanted })).toEqual([]));
});

describe('config/pkcs11-uri', () => {
  const findings = (privateKey: string, baseSlot = 'pkcs11:token=edge') =>
    findingsOf({ version: '1.5', privateKey, config: { pkcs11: { library: '/m.so', baseSlot } } });

  it.each<[string, DetailsOf['config/pkcs11-uri']['remark']]>([
    ['pkcs11:token=edge;object=a;id=%01;serial=7?pin-source=file:/pin', dropped('id', 'serial', 'pin-source')],
    ['pkcs11:token=edge;object=a;x-vendor=1;4711', { kind: 'dropped', parts: [], others: 2 }],
    ['pkcs11:token=edge;slot-id=3;object=a', { kind: 'token-beside-slot' }],
    ['pkcs11:token=edge;object=a;object=b', { kind: 'twice', part: 'object' }],
    ['pkcs11:slot-id=3', { kind: 'no-object' }],
  ])('tells what the runtime leaves out of %s', (uri, remark) => {
    const details = { key: 'identity.privateKey', remark };
    const finding = { ...told('config/pkcs11-uri', details), severity: 'warning' };
    expect(findings(uri)).toMatchObject([{ ...finding, place: { column: columnOf(details.key) } }]);
    expect(JSON.stringify(findings(uri))).not.toContain('4711');
  });

  it('tells it of the slot for new keys, which names no object', () => {
    const details = { key: 'config.pkcs11.baseSlot', remark: dropped('model') };
    expect(findings('pkcs11:token=edge;object=a', 'pkcs11:token=edge;model=m')).toMatchObject([
      told('config/pkcs11-uri', details),
    ]);
    expect(findings('pkcs11:token=edge;object=a', 'pkcs11:token=edge')).toEqual([]);
  });

  it('leaves a slot without a place to the rule of URIs', () => {
    const key = 'config.pkcs11.baseSlot';
    const details = {
      key,
      value: 'pkcs11:…',
      problem: { kind: 'module-place' },
      expected: 'pkcs11:token=edge',
    } as const;
    expect(findings('pkcs11:token=edge;object=a', 'pkcs11:object=a')).toMatchObject([
      { ...told('config/uri', details), place: { column: columnOf(key) } },
    ]);
  });

  function dropped(...parts: readonly string[]) {
    return { kind: 'dropped', parts, others: 0 } as const;
  }
});

describe('what neither form can hold', () => {
  const registry = { server: 'contoso.azurecr.io', username: 'puller', passwordFrom: 'IOTEDGE_PW' };
  const inOptions = (value: Json): Wanted => ({ config: { agent: { createOptions: { A: { B: [value] } } } } });

  const half: Problem = { problem: 'half-character' };
  const control = (character: string): Problem => ({ problem: 'control-character', character });
  const inexact = (number: number): Problem => ({ problem: 'inexact-number', number });
  it.each<[string, string, Wanted, Problem]>([
    ['half a character', 'config.agent.env.A', { env: { A: 'a\ud83d' } }, half],
    ['half a character in a name', 'config.agent.env.a\udc00', { env: { 'a\udc00': 'a' } }, half],
    ['half a character in options', 'config.agent.createOptions.A.B.0', inOptions('\ud800'), half],
    ['a NUL', 'config.agent.env.A', { env: { A: 'a\0' } }, control('U+0000')],
    ['a NUL in a name', 'config.agent.env.a\0', { env: { 'a\0': 'a' } }, control('U+0000')],
    ['a line break in a name', 'config.agent.env.a\nb', { env: { 'a\nb': 'a' } }, control('U+000A')],
    ['a NUL in options', 'config.agent.createOptions.A.B.0', inOptions('\0'), control('U+0000')],
    ['infinity', 'config.agent.createOptions.A.B.0', inOptions(Number.POSITIVE_INFINITY), inexact(Infinity)],
    ['no number', 'config.agent.createOptions.A.B.0', inOptions(Number.NaN), inexact(Number.NaN)],
    ['a number too large', 'config.agent.createOptions.A.B.0', inOptions(2 ** 53), inexact(9007199254740992)],
    ['a number too small', 'config.agent.createOptions.A.B.0', inOptions(-(2 ** 53)), inexact(-9007199254740992)],
  ])('is told: %s', (_, key, wanted, problem) => {
    for (const version of ['1.1', '1.5']) {
      const findings = findingsOf({ version, ...wanted });
      expect(findings).toMatchObject([{ rule: 'manifest/type', place: { column: columnOf(key) } }]);
      expect(findings[0]).toMatchObject(told('manifest/type', { key, ...problem }));
    }
  });

  it.each<[string, (text: string) => Wanted]>([
    ['config.agent.image', (image) => ({ image })],
    ['config.agent.registry.server', (server) => ({ config: { agent: { registry: { ...registry, server } } } })],
    ['config.agent.registry.username', (username) => ({ config: { agent: { registry: { ...registry, username } } } })],
    ['config.proxy.noProxy', (noProxy) => ({ config: { proxy: { https: 'http://a', noProxy } } })],
    ['config.network.name', (name) => ({ config: { network: { name, ipam: [] } } })],
    ['config.pkcs11.library', (library) => ({ config: { pkcs11: { library } } })],
    ['config.pkcs11.baseSlot', (baseSlot) => ({ config: { pkcs11: { library: '/m.so', baseSlot } } })],
    ['identity.certificate', (certificate) => ({ certificate: `/${certificate}` })],
    ['identity.privateKey', (privateKey) => ({ privateKey: `/${privateKey}` })],
    ['config.trustBundle', (trustBundle) => ({ config: { trustBundle: `/${trustBundle}` } })],
    ['config.hostname', (hostname) => ({ hostname })],
    ['config.parentHostname', (parentHostname) => ({ config: { parentHostname } })],
    ['config.proxy.https', (host) => ({ config: { proxy: { https: `http://${host}` } } })],
  ])('is told once, in a text of one line: control characters in %s', (key, wanted) => {
    for (const control of ['\0', '\u0001', '\t', '\n', '\u007f', '\u0085', '\u009f']) {
      const findings = findingsOf({ version: '1.5', ...wanted(`a${control}b`) });
      const onPath = key.startsWith('identity') || key === 'config.trustBundle';
      // In a path those of Latin-1 are percent-encoded like any other character.
      const warned = key === 'identity.privateKey' ? [] : [{ rule: 'config/path-needs-encoding' }];
      if (onPath && control > '\u007f') expect(findings).toMatchObject(warned);
      else expect(findings).toMatchObject([{ severity: 'error', place: { column: columnOf(key) } }]);
    }
    expect(findingsOf({ version: '1.5', ...wanted('ab') })).toEqual([]);
  });

  it.each<[string, Wanted]>([
    ['a line break and a tab in a variable', { env: { A: 'a\n\tb' } }],
    ['a line break in options', inOptions('a\nb')],
    ['a whole character of two parts', { env: { A: '\ud83d\ude00' } }],
    ['the largest exact number', inOptions(Number.MAX_SAFE_INTEGER)],
    ['a fraction', inOptions(-1.5e-7)],
  ])('lets %s pass', (_, wanted) => expect(findingsOf(wanted)).toEqual([]));
});

describe('the ranges of the container network', () => {
  type Range = { readonly subnet?: string; readonly gateway?: string; readonly ipRange?: string };
  const judged = (range: Range, version = '1.5') => findingsOf({ version, config: { network: { ipam: [range] } } });
  const subnet = '172.18.0.0/16';

  it.each<[string, Range, keyof Range, Problem]>([
    ['a word', { subnet: 'abc' }, 'subnet', { problem: 'no-subnet', found: 'abc' }],
    ['an address', { subnet: '172.18.0.0' }, 'subnet', { problem: 'no-subnet', found: '172.18.0.0' }],
    ['too long a prefix', { subnet: '172.18.0.0/33' }, 'subnet', { problem: 'no-subnet', found: '172.18.0.0/33' }],
    [
      'a prefix of another kind',
      { subnet: '172.18.0.0/255.255.0.0' },
      'subnet',
      { problem: 'no-subnet', found: '172.18.0.0/255.255.0.0' },
    ],
    ['bits behind the prefix', { subnet: '172.18.0.1/16' }, 'subnet', { problem: 'no-subnet', found: '172.18.0.1/16' }],
    ['a number too large', { subnet: '172.256.0.0/16' }, 'subnet', { problem: 'no-subnet', found: '172.256.0.0/16' }],
    ['nothing', { gateway: '172.18.0.1' }, 'subnet', { problem: 'no-subnet', found: undefined }],
    ['a NUL', { subnet: '172.18.0.0/16\0' }, 'subnet', { problem: 'no-subnet', found: '172.18.0.0/16\0' }],
    [
      'a range for the gateway',
      { subnet, gateway: subnet },
      'gateway',
      { problem: 'no-address', found: '172.18.0.0/16' },
    ],
    [
      'a gateway elsewhere',
      { subnet, gateway: '172.19.0.1' },
      'gateway',
      { problem: 'address-outside', found: '172.19.0.1', subnet: '172.18.0.0/16' },
    ],
    [
      'a gateway of the other family',
      { subnet, gateway: 'fd00::1' },
      'gateway',
      { problem: 'address-outside', found: 'fd00::1', subnet: '172.18.0.0/16' },
    ],
    [
      'a gateway of one machine',
      { subnet: 'fe80::/64', gateway: 'fe80::1%eth0' },
      'gateway',
      { problem: 'no-address', found: 'fe80::1%eth0' },
    ],
    [
      'an address for the range',
      { subnet, ipRange: '172.18.1.0' },
      'ipRange',
      { problem: 'no-range', found: '172.18.1.0' },
    ],
    [
      'a range elsewhere',
      { subnet, ipRange: '172.19.0.0/24' },
      'ipRange',
      { problem: 'range-outside', found: '172.19.0.0/24', subnet: '172.18.0.0/16' },
    ],
    [
      'a wider range',
      { subnet, ipRange: '172.16.0.0/12' },
      'ipRange',
      { problem: 'range-outside', found: '172.16.0.0/12', subnet: '172.18.0.0/16' },
    ],
  ])('are refused as the engine would refuse them: %s', (_, range, name, problem) => {
    const key = `config.network.ipam.0.${name}`;
    // There ranges are refused as such, and not judged.
    const onWindows = findingsOf({ platform: 'windows', config: { network: { ipam: [range] } } });
    expect(onWindows.filter(({ rule }) => rule === 'manifest/type')).toEqual([]);
    for (const version of ['1.1', '1.5'])
      expect(judged(range, version)).toMatchObject([
        { ...told('manifest/type', { key, ...problem }), place: { column: columnOf(key) } },
      ]);
  });

  it.each<[string, Range]>([
    ['a subnet alone', { subnet }],
    ['all three', { subnet, gateway: '172.18.0.1', ipRange: '172.18.1.0/24' }],
    ['a range that is the subnet', { subnet, ipRange: subnet }],
    ['the new version of addresses', { subnet: '2021:ffff:e0:3b1:1::/80', gateway: '2021:ffff:e0:3b1:1::1' }],
    ['every address', { subnet: '::/0', gateway: '::ffff:1.2.3.4' }],
  ])('are taken: %s', (_, range) => expect(judged(range)).toEqual([]));
});

describe('a finding of a value that several devices share', () => {
  it('is said once, with all of them', async () => {
    const { findings } = await renderBundles(
      ['a', 'b', 'c'].map((id) => identityOf({ id })),
      { now },
    );
    expect(findings).toMatchObject([{ rule: 'runtime/out-of-support', devices: ['a', 'b', 'c'] }]);
    const hostname = (line: number, index: number) => identityOf({ id: `a${index}`, hostname: '', line });
    const errors = async (...lines: number[]) =>
      (await renderBundles(lines.map(hostname), { now })).findings.filter(({ severity }) => severity === 'error');
    expect(await errors(1, 1)).toMatchObject([{ rule: 'config/hostname-unusable', devices: ['a0', 'a1'] }]);
    const [apart, ...others] = await errors(1, 2);
    expect(others).toEqual([]);
    expect(apart?.places).toMatchObject([
      { device: 'a0', place: { line: 1 } },
      { device: 'a1', place: { line: 2 } },
    ]);
  });

  it('is said once a file where it is a notice, though a CSV has a cell for every device', async () => {
    const { findings } = await renderBundles(
      ['a', 'b'].map((id, line) => identityOf({ id, line: line + 1 })),
      { now },
    );
    expect(findings).toMatchObject([{ rule: 'runtime/out-of-support', devices: ['a', 'b'] }]);
  });
});
