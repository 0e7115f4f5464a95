import { describe, expect, it } from 'vitest';
import { placeholderOf } from '../../src/bundle/config/placeholders.ts';
import { configurationChanges as compare, type FleetAt } from '../../src/bundle/difference.ts';
import type { ForEachKey } from '../../src/bundle/judge/setting.ts';
import type { Device } from '../../src/model/fleet.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { folderWith } from '../support/folder.ts';
import { configurationOf, deviceOf, type Wanted } from './material.ts';

function at(devices: readonly Device[], files: Readonly<Record<string, string>> = {}) {
  return { devices, workspace: openWorkspace(folderWith(files)) };
}

/** The changes, where nothing else is told. */
async function configurationChanges(before: FleetAt, after: FleetAt) {
  const { value, findings, unread } = await compare(before, after);
  expect({ findings, unread }).toEqual({ findings: [], unread: [] });
  return value;
}

const many = (wanted: Wanted) => ['a', 'b', 'c'].map((id) => deviceOf({ ...wanted, id }));

describe('what devices would run otherwise', () => {
  it('is nothing between equal fleets, and nothing of devices that come or go', async () => {
    expect(await configurationChanges(at(many({})), at(many({})))).toEqual([]);
    expect(await configurationChanges(at([deviceOf({ id: 'a' })]), at([deviceOf({ id: 'b' })]))).toEqual([]);
  });

  it('shows another name of the same hub as a change of the device, whatever else the fleet has', async () => {
    const on = (hubForm: 'classic' | 'device') => [
      deviceOf({ id: 'a', hubForm }),
      deviceOf({ id: 'a', hub: 'other.azure-devices.net' }),
    ];
    const [classic, device] = ['contoso.azure-devices.net', 'contoso.device.azure-devices.net'];
    expect(await configurationChanges(at(on('classic')), at(on('device')))).toEqual([
      { key: 'hub', before: classic, after: device, devices: ['a'] },
    ]);
    expect(await configurationChanges(at(on('device')), at(on('classic')))).toEqual([
      { key: 'hub', before: device, after: classic, devices: ['a'] },
    ]);
    expect(await configurationChanges(at(on('device')), at(on('device')))).toEqual([]);
  });

  it('follows a device that moves to another hub', async () => {
    const moved = deviceOf({ id: 'a', hub: 'other.example', hostname: 'other' });
    expect(await configurationChanges(at([deviceOf({ id: 'a' })]), at([moved]))).toEqual([
      { key: 'hostname', before: "the device's own", after: 'other', devices: ['a'] },
      { key: 'hub', before: 'contoso.azure-devices.net', after: 'other.example', devices: ['a'] },
    ]);
  });

  it('takes devices of one id on several hubs for one another nowhere', async () => {
    const on = (hub: string, hostname: string) => deviceOf({ id: 'a', hub, hostname });
    const [one, two, three] = [on('one.example', 'x'), on('two.example', 'y'), on('three.example', 'z')];
    expect(await configurationChanges(at([one]), at([two, three]))).toEqual([]);
    expect(await configurationChanges(at([one, two]), at([three]))).toEqual([]);
    expect(await configurationChanges(at([one, two]), at([one, three]))).toMatchObject([
      { key: 'hostname', before: 'y', after: 'z' },
      { key: 'hub' },
    ]);
    // Of the others the run may leave all but one hub out.
    expect(await configurationChanges(at([one]), { ...at([two]), all: [two, three] })).toEqual([]);
  });

  it('tells equal changes that differ in the id alone together, and the id where it stands alone', async () => {
    const named = (ids: readonly string[]) => ids.map((id) => deviceOf({ id, hostname: `${id}.plant.example` }));
    const bare = (ids: readonly string[]) => ids.map((id) => deviceOf({ id }));
    expect(await configurationChanges(at(bare(['e-1', 'e-2'])), at(named(['e-1', 'e-2'])))).toEqual([
      { key: 'hostname', before: "the device's own", after: '{id}.plant.example', devices: ['e-1', 'e-2'] },
    ]);
    expect(await configurationChanges(at(bare(['e-1'])), at(named(['e-1'])))).toEqual([
      { key: 'hostname', before: "the device's own", after: 'e-1.plant.example', devices: ['e-1'] },
    ]);
    expect(await configurationChanges(at(named(['e-1'])), at(bare(['e-1'])))).toEqual([
      { key: 'hostname', before: 'e-1.plant.example', after: "the device's own", devices: ['e-1'] },
    ]);
  });

  it('is told once for all devices that change in the same way', async () => {
    const before = many({ image: 'registry.example/agent:1.5.10' });
    const after = many({ image: 'registry.example/agent:1.5.21' });
    expect(await configurationChanges(at(before), at(after))).toEqual([
      {
        key: 'agent.image',
        before: 'registry.example/agent:1.5.10',
        after: 'registry.example/agent:1.5.21',
        devices: ['a', 'b', 'c'],
      },
    ]);
  });

  it('counts what a default brings, and a value that comes or goes', async () => {
    const before = [deviceOf({ version: '1.5' })];
    const after = [deviceOf({ version: '1.6', env: { A: 'b' }, config: { network: { name: 'n', ipam: [] } } })];
    expect(await configurationChanges(at(before), at(after))).toEqual(
      [
        {
          key: 'agent.image',
          before: 'mcr.microsoft.com/azureiotedge-agent:1.5',
          after: 'mcr.microsoft.com/azureiotedge-agent:1.6',
          devices: ['edge-001'],
        },
        { key: 'agent.env.A', after: 'b', devices: ['edge-001'] },
        { key: 'moby_runtime.uri', after: 'unix:///var/run/docker.sock', devices: ['edge-001'] },
        { key: 'network.name', after: 'n', devices: ['edge-001'] },
        { key: 'runtime.version', before: '1.5', after: '1.6', devices: ['edge-001'] },
      ].sort((a, b) => (a.key < b.key ? -1 : 1)),
    );
    const back = await configurationChanges(at(after), at(before));
    expect(back.map(({ key, after: to }) => [key, to])).toContainEqual(['network.name', undefined]);
  });

  it.each<[string, Wanted, string]>([
    ['a variable', { env: { DB_PASSWORD: 'hunter2' } }, 'agent.env.DB_PASSWORD'],
    ['a key in a variable', { env: { X: 'HostName=h;SharedAccessKey=hunter2' } }, 'agent.env.X'],
    ['a proxy', { config: { proxy: { https: 'http://u:hunter2@proxy:1' } } }, 'proxy.https'],
    ['a proxy without its @', { config: { proxy: { https: 'http://u:hunter2' } } }, 'proxy.https'],
    ['an image', { image: 'u:hunter2@registry.example/agent' }, 'agent.image'],
    [
      'options of the container',
      { config: { agent: { createOptions: { Env: ['DB_PASSWORD=hunter2'] } } } },
      'agent.createOptions.Env.0',
    ],
    [
      'the place of a key',
      { identity: { privateKey: 'pkcs11:token=t;object=a?pin-value=hunter2' } },
      'identity.privateKey',
    ],
    [
      'a script',
      { runtime: { securityDaemonScript: 'https://u:hunter2@files.example/a.ps1' } },
      'runtime.securityDaemonScript',
    ],
  ])('tells no secret of %s, neither one that goes nor one that comes', async (_, wanted, key) => {
    const [without, having] = [at([deviceOf()]), at([deviceOf(wanted)])];
    const gone = await configurationChanges(having, without);
    const come = await configurationChanges(without, having);
    expect(gone.find((change) => change.key === key)?.before).toBe('(a secret)');
    expect(come.find((change) => change.key === key)?.after).toBe('(a secret)');
    expect(JSON.stringify([gone, come])).not.toContain('hunter2');
  });

  it('sees that one secret is another now', async () => {
    const having = (DB_PASSWORD: string) => at([deviceOf({ env: { DB_PASSWORD } })]);
    expect(await configurationChanges(having('hunter2'), having('hunter3'))).toEqual([
      { key: 'agent.env.DB_PASSWORD', before: '(a secret)', after: '(a secret)', devices: ['edge-001'] },
    ]);
    expect(await configurationChanges(having('hunter2'), having('hunter2'))).toEqual([]);
  });

  it('shows what stands for a secret, and says its settings', async () => {
    const registry = { server: 'r.example', username: 'me', passwordFrom: 'IOTEDGE_PW' };
    const changes = await configurationChanges(
      at([deviceOf()]),
      at([
        deviceOf({ env: { TOKEN_LIFETIME: '60' }, config: { agent: { registry }, proxy: { https: 'http://p:1' } } }),
      ]),
    );
    expect(new Map(changes.map(({ key, after }) => [key, after]))).toEqual(
      new Map([
        ['agent.env.TOKEN_LIFETIME', '60'],
        ['agent.env.https_proxy', 'http://p:1'],
        ['agent.registry.password', placeholderOf('IOTEDGE_PW')],
        ['agent.registry.server', 'r.example'],
        ['agent.registry.username', 'me'],
        ['proxy.https', 'http://p:1'],
      ]),
    );
  });

  it('names the places of the pair, and the slot', async () => {
    const changes = await configurationChanges(
      at([deviceOf()]),
      at([deviceOf({ slot: 'secondary', certificate: '/x.pem' })]),
    );
    expect(changes.map(({ key, before, after }) => [key, before, after])).toEqual([
      ['identity.certificate', 'file:///var/lib/iotedge/identity/edge-001.pem', 'file:///x.pem'],
      ['identity.slot', 'primary', 'secondary'],
    ]);
  });

  it('tells a certificate at the base that cannot be read, and compares the rest', async () => {
    const having = (path: string, hostname: string) =>
      many({ hostname }).map((device): Device => ({ ...device, certificates: { primary: path } }));
    const large = at(having('a.pem', 'x'), { 'a.pem': 'x'.repeat(1024 * 1024 + 1) });
    const { value, findings, unread } = await compare(large, at(having('a.pem', 'y'), { 'a.pem': 'two' }));
    expect(value.map(({ key }) => key)).toEqual(['hostname']);
    expect([findings, unread.map(({ file }) => file)]).toEqual([[], ['a.pem']]);
    expect((await compare(at(having('../a.pem', 'x')), at(having('a.pem', 'x')))).unread).toHaveLength(1);
  });

  it('sees another content of a certificate under whatever name, and tells no content', async () => {
    const having = (path: string) =>
      ['a', 'b'].map((id): Device => ({ ...deviceOf({ id }), certificates: { primary: `${path}${id}.pem` } }));
    const before = at(having(''), { 'a.pem': 'one', 'b.pem': 'one' });
    const after = at(having('certs/'), { 'certs/a.pem': 'two', 'certs/b.pem': 'three' });
    expect(await configurationChanges(before, after)).toEqual([
      { key: 'identity-certificate.pem', before: 'one file', after: 'another', devices: ['a', 'b'] },
    ]);
    expect(
      await configurationChanges(before, at(having('certs/'), { 'certs/a.pem': 'one', 'certs/b.pem': 'one' })),
    ).toEqual([]);
  });

  it('has the names of the manifest for both forms, and of a new runtime not what only its form has', async () => {
    const config = { trustBundle: '/ca.pem', edgeCa: { lifetimeDays: 90 }, watchdog: { maxRetries: 3 } } as const;
    const changes = await configurationChanges(
      at([deviceOf({ version: '1.1', config })]),
      at([deviceOf({ version: '1.5', config: { ...config, edgeCa: { lifetimeDays: 30 } } })]),
    );
    expect(changes.map(({ key, before, after }) => [key, before, after])).toEqual([
      ['agent.image', 'mcr.microsoft.com/azureiotedge-agent:1.1', 'mcr.microsoft.com/azureiotedge-agent:1.5'],
      ['dynamicReprovisioning', 'false', undefined],
      ['edgeCa.lifetimeDays', '90', '30'],
      ['identity.certificate', 'file:///var/lib/iotedge/identity/edge-001.pem', 'file:///var/aziot/certs/edge-001.pem'],
      [
        'identity.privateKey',
        'file:///var/lib/iotedge/identity/edge-001.key.pem',
        'file:///var/aziot/secrets/edge-001.key.pem',
      ],
      ['runtime.version', '1.1', '1.5'],
    ]);
  });

  it('takes numbers as large as a container may be told', async () => {
    const limit = (Memory: number) =>
      at([deviceOf({ version: '1.5', config: { agent: { createOptions: { HostConfig: { Memory } } } } })]);
    const changes = await configurationChanges(limit(2 ** 60), limit(2 ** 61));
    expect(changes.map(({ key }) => key)).toEqual(['agent.createOptions.HostConfig.Memory']);
  });

  it('knows of Linux containers on Windows what their script is told', async () => {
    const windows = (image: string, version = '1.1') =>
      at([deviceOf({ platform: 'windows', version, image, runtime: { containerOs: 'linux' } })]);
    expect(await configurationChanges(windows('r.example/a:1'), windows('r.example/a:2'))).toEqual([
      { key: 'agent.image', before: 'r.example/a:1', after: 'r.example/a:2', devices: ['edge-001'] },
    ]);
  });
});

/** A change of one key: what the manifest says afterwards, and the names and values that are told of it. */
interface Row {
  readonly after: Wanted;
  readonly told: Readonly<Record<string, string>>;
}

const on15 = (config: NonNullable<Wanted['config']>, told: Row['told']): Row => ({
  after: { version: '1.5', config },
  told,
});
const onWindows = (after: Wanted, told: Row['told']): Row => ({ after: { platform: 'windows', ...after }, told });
const registry = { server: 'r.example', username: 'me', passwordFrom: 'IOTEDGE_PW' };
const registryTold = {
  'agent.registry.server': 'r.example',
  'agent.registry.username': 'me',
  'agent.registry.password': placeholderOf('IOTEDGE_PW'),
};
const trio = { trustBundle: '/c/t.pem', edgeCa: { certificate: '/c/ca.pem', privateKey: '/k/ca.pem' } };
const trioTold = {
  trustBundle: 'file:///c/t.pem',
  'edgeCa.certificate': 'file:///c/ca.pem',
  'edgeCa.privateKey': 'file:///k/ca.pem',
};
const network = {
  name: 'n',
  ipv6: true,
  ipam: [{ gateway: '172.18.0.1', subnet: '172.18.0.0/16', ipRange: '172.18.1.0/24' }],
};
const networkTold = {
  'network.name': 'n',
  'network.ipv6': 'true',
  'network.ipam.config.0.gateway': '172.18.0.1',
  'network.ipam.config.0.subnet': '172.18.0.0/16',
  'network.ipam.config.0.ipRange': '172.18.1.0/24',
};
const garbage = { enabled: false, cleanupRecurrence: '2d', imageAgeCleanupThreshold: '12h', cleanupTime: '03:30' };
const garbageTold = {
  'imageGarbageCollection.enabled': 'false',
  'imageGarbageCollection.cleanupRecurrence': '2d',
  'imageGarbageCollection.imageAgeCleanupThreshold': '12h',
  'imageGarbageCollection.cleanupTime': '03:30',
};
const pkcs11 = { library: '/l.so', baseSlot: 'pkcs11:token=a' };
const proxy = { https: 'http://p:1', noProxy: 'a' };
const proxyTold = {
  'agent.env.https_proxy': 'http://p:1',
  'agent.env.no_proxy': 'a',
  'proxy.https': 'http://p:1',
  'proxy.noProxy': 'a',
};

/** A key of the schema without a row here does not compile. Sections are told by their keys. */
const rows: ForEachKey<Row, 'section'> = {
  'runtime.version': {
    after: { version: '1.0' },
    told: { 'runtime.version': '1.0', 'agent.image': 'mcr.microsoft.com/azureiotedge-agent:1.0' },
  },
  'runtime.platform': {
    after: { platform: 'linux' },
    told: {
      'runtime.platform': 'linux',
      'connect.management_uri': 'unix:///var/lib/iotedge/mgmt.sock',
      'connect.workload_uri': 'unix:///var/lib/iotedge/workload.sock',
      'listen.management_uri': 'unix:///var/lib/iotedge/mgmt.sock',
      'listen.workload_uri': 'unix:///var/lib/iotedge/workload.sock',
    },
  },
  'runtime.containerOs': onWindows({ runtime: { containerOs: 'windows' } }, { 'runtime.containerOs': 'windows' }),
  'runtime.securityDaemonScript': onWindows(
    { runtime: { securityDaemonScript: 'C:\\a.ps1' } },
    { 'runtime.securityDaemonScript': 'C:\\a.ps1' },
  ),
  'identity.slot': { after: { slot: 'secondary' }, told: { 'identity.slot': 'secondary' } },
  'identity.certificate': { after: { certificate: '/c.pem' }, told: { 'identity.certificate': 'file:///c.pem' } },
  'identity.privateKey': { after: { privateKey: '/k.pem' }, told: { 'identity.privateKey': 'file:///k.pem' } },
  'identity.pinFrom': {
    after: { version: '1.5', identity: { pinFrom: 'IOTEDGE_PIN' }, config: { pkcs11 } },
    told: {
      'pkcs11.library': '/l.so',
      'pkcs11.baseSlot': `pkcs11:token=a?pin-value=${placeholderOf('IOTEDGE_PIN')}`,
    },
  },
  'config.base': { after: { config: { base: 'base.yaml' } }, told: { homedir: '/data', 'agent.image': 'i:1' } },
  'config.hostname': { after: { hostname: 'h' }, told: { hostname: 'h' } },
  'config.parentHostname': on15({ parentHostname: 'p' }, { parentHostname: 'p' }),
  'config.agent': 'section',
  'config.agent.image': { after: { image: 'i:1' }, told: { 'agent.image': 'i:1' } },
  'config.agent.env': { after: { env: { a_b: 'c' } }, told: { 'agent.env.a_b': 'c' } },
  'config.agent.createOptions': {
    after: { config: { agent: { createOptions: { a_b: { c: [1] } } } } },
    told: { 'agent.createOptions.a_b.c.0': '1' },
  },
  'config.agent.registry': 'section',
  'config.agent.registry.server': { after: { config: { agent: { registry } } }, told: registryTold },
  'config.agent.registry.username': on15({ agent: { registry } }, registryTold),
  'config.agent.registry.passwordFrom': onWindows({ config: { agent: { registry } } }, registryTold),
  'config.proxy': 'section',
  'config.proxy.https': { after: { config: { proxy } }, told: proxyTold },
  'config.proxy.noProxy': on15({ proxy }, proxyTold),
  'config.trustBundle': on15(trio, trioTold),
  'config.edgeCa': 'section',
  'config.edgeCa.certificate': { after: { config: trio }, told: trioTold },
  'config.edgeCa.privateKey': on15(
    { edgeCa: { ...trio.edgeCa, privateKey: 'pkcs11:token=t;object=a' } },
    {
      'edgeCa.certificate': 'file:///c/ca.pem',
      'edgeCa.privateKey': 'pkcs11:token=t;object=a',
    },
  ),
  'config.edgeCa.lifetimeDays': {
    after: { config: { edgeCa: { lifetimeDays: 9 } } },
    told: { 'edgeCa.lifetimeDays': '9' },
  },
  'config.dynamicReprovisioning': {
    after: { config: { dynamicReprovisioning: true } },
    told: { dynamicReprovisioning: 'true' },
  },
  'config.autoReprovisioningMode': on15({ autoReprovisioningMode: 'Dynamic' }, { autoReprovisioningMode: 'Dynamic' }),
  'config.network': 'section',
  'config.network.name': { after: { config: { network: { name: 'n', ipam: [] } } }, told: { 'network.name': 'n' } },
  'config.network.ipv6': { after: { config: { network } }, told: networkTold },
  'config.network.ipam': 'section',
  'config.network.ipam.gateway': { after: { platform: 'linux', config: { network } }, told: networkTold },
  'config.network.ipam.subnet': on15(
    { network },
    { ...networkTold, 'moby_runtime.uri': 'unix:///var/run/docker.sock' },
  ),
  'config.network.ipam.ipRange': { after: { version: '1.0', config: { network } }, told: networkTold },
  'config.watchdog': 'section',
  'config.watchdog.maxRetries': {
    after: { config: { watchdog: { maxRetries: 5 } } },
    told: { 'watchdog.maxRetries': '5' },
  },
  'config.imageGarbageCollection': 'section',
  'config.imageGarbageCollection.enabled': on15({ imageGarbageCollection: garbage }, garbageTold),
  'config.imageGarbageCollection.cleanupRecurrence': on15({ imageGarbageCollection: garbage }, garbageTold),
  'config.imageGarbageCollection.imageAgeCleanupThreshold': on15({ imageGarbageCollection: garbage }, garbageTold),
  'config.imageGarbageCollection.cleanupTime': on15({ imageGarbageCollection: garbage }, garbageTold),
  'config.pkcs11': 'section',
  'config.pkcs11.library': on15({ pkcs11 }, { 'pkcs11.library': '/l.so', 'pkcs11.baseSlot': 'pkcs11:token=a' }),
  'config.pkcs11.baseSlot': on15({ pkcs11 }, { 'pkcs11.library': '/l.so', 'pkcs11.baseSlot': 'pkcs11:token=a' }),
};

describe('a change of one key', () => {
  const files = {
    'base.yaml': configurationOf()
      .replace('/var/lib/iotedge"', '/data"')
      .replace(/image: .*/, 'image: "i:1"'),
  };
  const changesOf = async (before: Wanted, after: Wanted) => {
    const changes = await configurationChanges(at([deviceOf(before)], files), at([deviceOf(after)], files));
    return Object.fromEntries(changes.map(({ key, after: value }) => [key, value]));
  };
  it.each(Object.entries(rows).flatMap(([key, row]) => (row === 'section' ? [] : [[key, row] as const])))(
    'is told by its name: %s',
    async (key, { after, told }) => {
      const of = (name: 'version' | 'platform') => (`runtime.${name}` === key ? {} : { [name]: after[name] });
      const defined = Object.entries({ ...of('version'), ...of('platform') }).filter(
        ([, value]) => value !== undefined,
      );
      expect(await changesOf(Object.fromEntries(defined), after)).toEqual(told);
    },
  );

  it('is told with Linux containers on Windows where the script gets it', async () => {
    const windows: Wanted = { platform: 'windows', runtime: { containerOs: 'linux' } };
    const edgeCa = { certificate: 'C:\\ca.pem', privateKey: 'C:\\ca.key.pem' };
    const config = { agent: { registry }, trustBundle: 'C:\\t.pem', edgeCa, dynamicReprovisioning: true };
    const pair = { certificate: 'C:\\c.pem', privateKey: 'C:\\k.pem' };
    expect(await changesOf(windows, { ...windows, ...pair, image: 'i:1', config })).toEqual({
      'identity.certificate': 'file:///C:/c.pem',
      'identity.privateKey': 'file:///C:/k.pem',
      'agent.image': 'i:1',
      ...registryTold,
      trustBundle: 'file:///C:/t.pem',
      'edgeCa.certificate': 'file:///C:/ca.pem',
      'edgeCa.privateKey': 'file:///C:/ca.key.pem',
      dynamicReprovisioning: 'true',
    });
    const others = { hostname: 'h', env: { A: 'b' }, config: { watchdog: { maxRetries: 5 }, network } };
    expect(await changesOf(windows, { ...windows, ...others })).toEqual({});
  });
});

describe('a change inside of an existing config.yaml', () => {
  const file = (...lines: readonly string[]) =>
    ['agent:', '  name: "edgeAgent"', '  type: "docker"', ...lines, ''].join('\n');
  const usual = file(
    '  env: {}',
    '  config:',
    '    image: "r.example/agent:1.0"',
    '    auth: {}',
    'hostname: "plant"',
    'homedir: "/var/lib/iotedge"',
  );
  const devices = many({ config: { base: 'base.yaml' } });
  const using = (text: string) => at(devices, { 'base.yaml': text });

  it('shows its values, by the names that the manifest has for them, once for all devices', async () => {
    const other = usual.replace('agent:1.0', 'agent:1.1').replace('"plant"', '"site"').replace('lib/iotedge', 'data');
    expect(await configurationChanges(using(usual), using(other))).toEqual([
      { key: 'agent.image', before: 'r.example/agent:1.0', after: 'r.example/agent:1.1', devices: ['a', 'b', 'c'] },
      { key: 'homedir', before: '/var/lib/iotedge', after: '/var/data', devices: ['a', 'b', 'c'] },
      { key: 'hostname', before: 'plant', after: 'site', devices: ['a', 'b', 'c'] },
    ]);
  });

  it('is none where only comments or the name of the file change', async () => {
    expect(await configurationChanges(using(usual), using(`# DB_PASSWORD=hunter2\n${usual}`))).toEqual([]);
    const renamed = at(many({ config: { base: 'other.yaml' } }), { 'other.yaml': usual });
    expect(await configurationChanges(using(usual), renamed)).toEqual([]);
  });

  it.each([
    [
      'the password of a registry',
      usual.replace('auth: {}', 'auth: { serveraddress: r, username: u, password: hunter2 }'),
    ],
    ['a variable', usual.replace('env: {}', 'env: { DB_PASSWORD: hunter2 }')],
    ['an image', usual.replace('r.example', 'u:hunter2@r.example')],
    ['options of the container', usual.replace('auth: {}', 'createOptions: { Env: ["DB_PASSWORD=hunter2"] }')],
    [
      'options of the container as a text',
      usual.replace('auth: {}', `createOptions: '{"Env":["DB_PASSWORD=hunter2"]}'`),
    ],
    ['a key that nobody knows', `${usual}broker:\n  access_key: hunter2\n`],
  ])('tells no secret of %s, neither one that goes nor one that comes', async (_, having) => {
    const [gone, come] = [
      await configurationChanges(using(having), using(usual)),
      await configurationChanges(using(usual), using(having)),
    ];
    expect(JSON.stringify(gone)).toContain('"before":"(a secret)"');
    expect(JSON.stringify(come)).toContain('"after":"(a secret)"');
    expect(JSON.stringify([gone, come])).not.toContain('hunter2');
  });

  it('is left out where the file cannot be edited; if that is so at the base, the file is told', async () => {
    expect(await configurationChanges(using(usual), using('- no settings'))).toEqual([]);
    const { value, findings, unread } = await compare(using('- no settings'), using(usual));
    expect([value, findings, unread.map(({ file }) => file)]).toEqual([[], [], ['base.yaml']]);
    expect((await compare(at(devices), using(usual))).unread.map(({ file }) => file)).toEqual(['base.yaml']);
  });
});
