import { describe, expect, it } from 'vitest';
import { renderBundles } from '../../../src/bundle/render.ts';
import type { Json } from '../../../src/model/fleet.ts';
import { columnOf, configurationOf, findingsOf, identityOf, now, type Wanted } from '../material.ts';

describe('config/hostname', () => {
  it.each([
    ['', 'is empty'],
    ['7-edge', 'does not begin with a letter'],
    ['-edge', 'does not begin with a letter'],
    ['edge-', 'does not end with a letter or a digit'],
    ['edge_1', 'has the character "_"'],
    ['édge', 'has the character "é"'],
    ['edge..local', 'has an empty label'],
    ['edge.', 'has an empty label'],
    ['edge.7.local', 'has the label "7"'],
    ['a'.repeat(64), 'has 64 characters, expected at most 63'],
    [`${'a'.repeat(32)}.${'b'.repeat(32)}`, 'has 65 characters, expected at most 64'],
  ])('refuses %j, which %s', (hostname, problem) => {
    const findings = findingsOf({ hostname });
    expect(findings).toMatchObject([{ rule: 'config/hostname', place: { column: columnOf('config.hostname') } }]);
    expect(findings[0]?.message).toContain('config.hostname, ');
    expect(findings[0]?.message).toContain(problem);
  });

  it.each(['e', 'edge-7.LOCAL', 'a'.repeat(63), `${'a'.repeat(32)}.${'b'.repeat(31)}`])('takes %s', (hostname) => {
    expect(findingsOf({ hostname })).toEqual([]);
  });

  it('takes the id in lower case where none is given, and says so when that cannot be', () => {
    expect(findingsOf({ id: 'EDGE-1' })).toEqual([]);
    expect(configurationOf({ id: 'EDGE-1' })).toContain('hostname: "edge-1"\n');
    expect(findingsOf({ id: '7EDGE' })[0]?.message).toContain('made from the device id, "7edge"');
  });

  it.each(['10.0.0.4', 'fd00::1'])('takes the address %s, of the device and of its parent, from 1.2 on', (address) => {
    expect(findingsOf({ version: '1.2', hostname: address, config: { parentHostname: address } })).toEqual([]);
    expect(findingsOf({ version: '1.1', hostname: address })).toMatchObject([{ rule: 'config/hostname' }]);
  });

  it.each(['', '7-gateway', 'gateway_1', '10.0.0.256'])('refuses %j as that of a parent', (parentHostname) => {
    const findings = findingsOf({ version: '1.5', config: { parentHostname } });
    expect(findings).toMatchObject([{ rule: 'config/hostname', place: { column: columnOf('config.parentHostname') } }]);
    expect(findings[0]?.message).toContain(`config.parentHostname, "${parentHostname}", `);
  });
});

describe('config/proxy', () => {
  const wanted = (https: string): Wanted => ({ config: { proxy: { https } } });

  it.each([
    ['proxy.plant.example:3128', 'has no scheme'],
    ['proxy.plant.example', 'has no scheme'],
    ['//proxy.plant.example', 'has no scheme'],
    ['http:proxy.plant.example', 'has no scheme'],
    ['socks5://proxy.plant.example', 'has the scheme "socks5:"'],
    ['http://', 'is no valid address'],
    ['http://a"b', 'has characters that no host has'],
    ['http://a\nb', 'has characters that no host has'],
    ['http://proxy:99999', 'is no valid address'],
    ['http://me@proxy.plant.example:3128', 'has a user name'],
    ['http://proxy.plant.example:3128/path', 'has something behind the host'],
    ['http://proxy.plant.example:3128?a=b', 'has something behind the host'],
    ['http://proxy.plant.example:3128?', 'has something behind the host'],
    ['http://proxy.plant.example:3128#', 'has something behind the host'],
  ])('refuses %j, which %s', (https, problem) => {
    const findings = findingsOf(wanted(https));
    expect(findings).toMatchObject([{ rule: 'config/proxy', place: { column: columnOf('config.proxy.https') } }]);
    expect(findings[0]?.message).toContain(problem);
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

  it.each<[string, Wanted, string]>([
    ['a key without a library', { privateKey }, 'identity.privateKey'],
    ['a key of the edge CA without a library', { config: { edgeCa } }, 'config.edgeCa.privateKey'],
    ['a PIN without a key', { identity: { pinFrom: 'IOTEDGE_PIN' } }, 'identity.pinFrom'],
    [
      'a PIN from two places',
      { privateKey: `${privateKey}?pin-source=file:/pin`, identity: { pinFrom: 'IOTEDGE_PIN' }, config: { pkcs11 } },
      'identity.privateKey',
    ],
  ])('tells %s', (_, wanted, key) => {
    expect(findingsOf({ version: '1.5', ...wanted })).toMatchObject([
      { rule: 'config/pkcs11', place: { column: columnOf(key) } },
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

describe('what neither form can hold', () => {
  const registry = { server: 'contoso.azurecr.io', username: 'puller', passwordFrom: 'IOTEDGE_PW' };
  const inOptions = (value: Json): Wanted => ({ config: { agent: { createOptions: { A: { B: [value] } } } } });

  it.each<[string, string, Wanted, string]>([
    ['half a character', 'config.agent.env.A', { env: { A: 'a\ud83d' } }, 'half a character'],
    ['half a character in a name', 'config.agent.env.a\udc00', { env: { 'a\udc00': 'a' } }, 'half a character'],
    ['half a character in options', 'config.agent.createOptions.A.B.0', inOptions('\ud800'), 'half a character'],
    ['a NUL', 'config.agent.env.A', { env: { A: 'a\0' } }, 'U+0000'],
    ['a NUL in a name', 'config.agent.env.a\0', { env: { 'a\0': 'a' } }, 'U+0000'],
    ['a line break in a name', 'config.agent.env.a\nb', { env: { 'a\nb': 'a' } }, 'U+000A'],
    ['a NUL in options', 'config.agent.createOptions.A.B.0', inOptions('\0'), 'U+0000'],
    ['infinity', 'config.agent.createOptions.A.B.0', inOptions(Number.POSITIVE_INFINITY), 'is Infinity'],
    ['no number', 'config.agent.createOptions.A.B.0', inOptions(Number.NaN), 'is NaN'],
    ['a number too large', 'config.agent.createOptions.A.B.0', inOptions(2 ** 53), 'is 9007199254740992'],
    ['a number too small', 'config.agent.createOptions.A.B.0', inOptions(-(2 ** 53)), 'is -9007199254740992'],
  ])('is told: %s', (_, key, wanted, found) => {
    for (const version of ['1.1', '1.5']) {
      const findings = findingsOf({ version, ...wanted });
      expect(findings).toMatchObject([{ rule: 'manifest/type', place: { column: columnOf(key) } }]);
      expect(findings[0]?.message).toContain(found.replace('is ', ''));
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
      if (onPath && control > '\u007f') expect(findings).toMatchObject([{ rule: 'config/path-needs-encoding' }]);
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

  it.each<[string, Range, keyof Range, string]>([
    ['a word', { subnet: 'abc' }, 'subnet', 'found "abc"'],
    ['an address', { subnet: '172.18.0.0' }, 'subnet', 'expected a range such as 172.18.0.0/16'],
    ['too long a prefix', { subnet: '172.18.0.0/33' }, 'subnet', 'expected a range'],
    ['a prefix of another kind', { subnet: '172.18.0.0/255.255.0.0' }, 'subnet', 'expected a range'],
    ['bits behind the prefix', { subnet: '172.18.0.1/16' }, 'subnet', 'expected a range'],
    ['a number too large', { subnet: '172.256.0.0/16' }, 'subnet', 'expected a range'],
    ['nothing', { gateway: '172.18.0.1' }, 'subnet', 'found nothing'],
    ['a NUL', { subnet: '172.18.0.0/16\0' }, 'subnet', 'expected a range'],
    ['a range for the gateway', { subnet, gateway: subnet }, 'gateway', 'expected an address such as 172.18.0.1'],
    ['a gateway elsewhere', { subnet, gateway: '172.19.0.1' }, 'gateway', 'inside of the subnet 172.18.0.0/16'],
    ['a gateway of the other family', { subnet, gateway: 'fd00::1' }, 'gateway', 'inside of the subnet'],
    ['a gateway of one machine', { subnet: 'fe80::/64', gateway: 'fe80::1%eth0' }, 'gateway', 'expected an address'],
    ['an address for the range', { subnet, ipRange: '172.18.1.0' }, 'ipRange', 'expected a range'],
    ['a range elsewhere', { subnet, ipRange: '172.19.0.0/24' }, 'ipRange', 'inside of the subnet'],
    ['a wider range', { subnet, ipRange: '172.16.0.0/12' }, 'ipRange', 'inside of the subnet'],
  ])('are refused as the engine would refuse them: %s', (_, range, name, message) => {
    for (const version of ['1.1', '1.5'])
      expect(judged(range, version)).toMatchObject([
        {
          rule: 'manifest/type',
          message: expect.stringContaining(message),
          place: { column: columnOf(`config.network.ipam.0.${name}`) },
        },
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
  it('is said once, of no device in particular', async () => {
    const { findings } = await renderBundles(
      ['a', 'b', 'c'].map((id) => identityOf({ id })),
      { now },
    );
    expect(findings).toMatchObject([{ rule: 'runtime/out-of-support', device: undefined }]);
    const hostname = (line: number, index: number) => identityOf({ id: `a${index}`, hostname: '7_up', line });
    const errors = async (...lines: number[]) =>
      (await renderBundles(lines.map(hostname), { now })).findings.filter(({ severity }) => severity === 'error');
    expect(await errors(1, 1)).toMatchObject([{ rule: 'config/hostname', device: undefined }]);
    expect(await errors(1, 2)).toMatchObject([{ device: 'a0' }, { device: 'a1' }]);
  });

  it('is said once a file where it is a notice, though a CSV has a cell for every device', async () => {
    const { findings } = await renderBundles(
      ['a', 'b'].map((id, line) => identityOf({ id, line: line + 1 })),
      { now },
    );
    expect(findings).toMatchObject([{ rule: 'runtime/out-of-support', device: undefined }]);
  });
});
