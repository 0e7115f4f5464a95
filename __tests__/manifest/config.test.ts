import { describe, expect, it } from 'vitest';
import { readFleet } from '../../src/manifest/read.ts';
import type { Device } from '../../src/model/fleet.ts';
import { openWorkspace } from '../../src/run/workspace.ts';
import { told } from '../support/finding.ts';
import { folderWith } from '../support/folder.ts';
import { noPairs } from './pairs.ts';

async function read(file: string, text: string) {
  return readFleet([file], openWorkspace(folderWith({ [file]: text })), noPairs);
}

/** One device by its own keys, in a manifest of YAML or JSON, which YAML reads too. */
async function deviceOf(own: object, defaults: object = {}) {
  const runtime = { version: '1.5', platform: 'linux' };
  const manifest = { defaults: { runtime, ...defaults }, devices: [{ id: 'edge#1', ...own }] };
  return read('fleet/devices.json', JSON.stringify(manifest));
}

/** Where a text stands for the `nth` time: line and column, from 1. */
function positionOf(text: string, part: string, nth = 1): readonly [line: number, column: number] {
  const before = text.split(part).slice(0, nth).join(part).split('\n');
  return [before.length, (before.at(-1) ?? '').length + 1];
}

const yaml = `devices:
  - id: edge#1
    runtime: { version: "1.1", platform: windows, containerOs: linux, securityDaemonScript: 'C:\\edge\\daemon.ps1' }
    identity: { privateKey: "pkcs11:token=edge;object={id}", pinFrom: IOTEDGE_PIN }
    config:
      base: base/{id}.yaml
      parentHostname: gateway.plant.example
      agent:
        registry: { server: a.azurecr.io, username: me, passwordFrom: IOTEDGE_PW }
      proxy: { https: "http://proxy:3128", noProxy: "localhost,.a" }
      trustBundle: /certs/{id}.pem
      edgeCa: { certificate: /certs/ca.pem, privateKey: /keys/ca.pem, lifetimeDays: 90 }
      dynamicReprovisioning: true
      autoReprovisioningMode: OnErrorOnly
      network: { name: plant, ipv6: false }
      watchdog: { maxRetries: 5 }
      imageGarbageCollection: { enabled: false, cleanupRecurrence: 2d, imageAgeCleanupThreshold: 12h, cleanupTime: "03:30" }
      pkcs11: { library: /usr/lib/m.so, baseSlot: "pkcs11:token=edge" }
`;

const json = JSON.stringify({
  devices: [
    {
      id: 'edge#1',
      runtime: {
        version: '1.1',
        platform: 'windows',
        containerOs: 'linux',
        securityDaemonScript: 'C:\\edge\\daemon.ps1',
      },
      identity: { privateKey: 'pkcs11:token=edge;object={id}', pinFrom: 'IOTEDGE_PIN' },
      config: {
        base: 'base/{id}.yaml',
        parentHostname: 'gateway.plant.example',
        agent: { registry: { server: 'a.azurecr.io', username: 'me', passwordFrom: 'IOTEDGE_PW' } },
        proxy: { https: 'http://proxy:3128', noProxy: 'localhost,.a' },
        trustBundle: '/certs/{id}.pem',
        edgeCa: { certificate: '/certs/ca.pem', privateKey: '/keys/ca.pem', lifetimeDays: 90 },
        dynamicReprovisioning: true,
        autoReprovisioningMode: 'OnErrorOnly',
        network: { name: 'plant', ipv6: false },
        watchdog: { maxRetries: 5 },
        imageGarbageCollection: {
          enabled: false,
          cleanupRecurrence: '2d',
          imageAgeCleanupThreshold: '12h',
          cleanupTime: '03:30',
        },
        pkcs11: { library: '/usr/lib/m.so', baseSlot: 'pkcs11:token=edge' },
      },
    },
  ],
});

const cells: Readonly<Record<string, string>> = {
  id: 'edge#1',
  'runtime.version': '1.1',
  'runtime.platform': 'windows',
  'runtime.containerOs': 'linux',
  'runtime.securityDaemonScript': 'C:\\edge\\daemon.ps1',
  'identity.privateKey': 'pkcs11:token=edge;object={id}',
  'identity.pinFrom': 'IOTEDGE_PIN',
  'config.base': 'base/{id}.yaml',
  'config.parentHostname': 'gateway.plant.example',
  'config.agent.registry.server': 'a.azurecr.io',
  'config.agent.registry.username': 'me',
  'config.agent.registry.passwordFrom': 'IOTEDGE_PW',
  'config.proxy.https': 'http://proxy:3128',
  'config.proxy.noProxy': '"localhost,.a"',
  'config.trustBundle': '/certs/{id}.pem',
  'config.edgeCa.certificate': '/certs/ca.pem',
  'config.edgeCa.privateKey': '/keys/ca.pem',
  'config.edgeCa.lifetimeDays': '90',
  'config.dynamicReprovisioning': 'TRUE',
  'config.autoReprovisioningMode': 'OnErrorOnly',
  'config.network.name': 'plant',
  'config.network.ipv6': 'False',
  'config.watchdog.maxRetries': '5',
  'config.imageGarbageCollection.enabled': 'false',
  'config.imageGarbageCollection.cleanupRecurrence': '2d',
  'config.imageGarbageCollection.imageAgeCleanupThreshold': '12h',
  'config.imageGarbageCollection.cleanupTime': '03:30',
  'config.pkcs11.library': '/usr/lib/m.so',
  'config.pkcs11.baseSlot': 'pkcs11:token=edge',
};

const csv = (row: Readonly<Record<string, string>>) =>
  `${Object.keys(row).join(',')}\n${Object.values(row).join(',')}\n`;

const expected: Pick<Device, 'runtime' | 'identity' | 'config'> = {
  runtime: {
    version: { text: '1.1', major: 1, minor: 1 },
    platform: 'windows',
    containerOs: 'linux',
    securityDaemonScript: 'C:\\edge\\daemon.ps1',
  },
  identity: { slot: 'primary', privateKey: 'pkcs11:token=edge;object=edge%231', pinFrom: 'IOTEDGE_PIN' },
  config: {
    base: 'fleet/base/edge#1.yaml',
    parentHostname: 'gateway.plant.example',
    agent: { env: {}, registry: { server: 'a.azurecr.io', username: 'me', passwordFrom: 'IOTEDGE_PW' } },
    proxy: { https: 'http://proxy:3128', noProxy: 'localhost,.a' },
    trustBundle: '/certs/edge#1.pem',
    edgeCa: { certificate: '/certs/ca.pem', privateKey: '/keys/ca.pem', lifetimeDays: 90 },
    dynamicReprovisioning: true,
    autoReprovisioningMode: 'OnErrorOnly',
    network: { name: 'plant', ipv6: false, ipam: [] },
    watchdog: { maxRetries: 5 },
    imageGarbageCollection: {
      enabled: false,
      cleanupRecurrence: '2d',
      imageAgeCleanupThreshold: '12h',
      cleanupTime: '03:30',
    },
    pkcs11: { library: '/usr/lib/m.so', baseSlot: 'pkcs11:token=edge' },
  },
};

describe('what goes into a configuration', () => {
  it.each([
    ['YAML', 'devices.yaml', yaml],
    ['JSON', 'devices.json', json],
    ['CSV', 'devices.csv', csv(cells)],
  ])('is read from %s as from the others, truth values and numbers too', async (_, file, text) => {
    const { value, findings } = await read(`fleet/${file}`, text);
    expect(findings).toEqual([]);
    const { runtime, identity, config } = value.devices[0]!;
    expect({ runtime, identity, config }).toEqual(expected);
  });

  it.each([
    ['config.dynamicReprovisioning', 'yes'],
    ['config.network.ipv6', '1'],
    ['config.imageGarbageCollection.enabled', 'on'],
    ['config.edgeCa.lifetimeDays', 'ninety'],
    ['config.edgeCa.lifetimeDays', '4294967296'],
    ['config.watchdog.maxRetries', '-1'],
    ['config.watchdog.maxRetries', 'never'],
    ['config.autoReprovisioningMode', 'dynamic'],
    ['config.agent.registry.passwordFrom', 'PASSWORD'],
    ['identity.pinFrom', '1234'],
    ['runtime.containerOs', 'Linux'],
    ['config.pkcs11.baseSlot', 'token=edge'],
  ])('has the wrong type as %s = %s in a cell, which is told there', async (key, written) => {
    const text = csv({ ...cells, [key]: `"${written}"` });
    const { value, findings } = await read('fleet/devices.csv', text);
    expect(value.devices).toEqual([]);
    expect(findings).toMatchObject([{ rule: 'manifest/type' }]);
    const at = text.split('\n')[1]?.indexOf(`"${written}"`) ?? -1;
    expect(findings[0]?.place).toMatchObject({ line: 2 });
    expect([at + 1, at + 2]).toContain(findings[0]?.place?.column);
    expect(findings[0]?.message).toContain(key);
  });

  it('may retry for ever, in each form', async () => {
    const cell = await read('a.csv', csv({ ...cells, 'config.watchdog.maxRetries': 'infinite' }));
    expect(cell.value.devices[0]?.config.watchdog).toEqual({ maxRetries: 'infinite' });
    for (const maxRetries of ['infinite', 'Infinite', 'INFINITE']) {
      const { value } = await deviceOf({ config: { watchdog: { maxRetries } } });
      expect(value.devices[0]?.config.watchdog).toEqual({ maxRetries: 'infinite' });
    }
  });
});

describe('defaults of a configuration', () => {
  const config = {
    hostname: '{id}.example',
    proxy: { https: 'http://proxy:3128', noProxy: 'localhost' },
    agent: { createOptions: { HostConfig: { Binds: ['/a:/a'], Memory: 1, Privileged: true }, Labels: { a: 'b' } } },
    network: { name: 'plant', ipam: [{ gateway: '10.0.0.1', subnet: '10.0.0.0/8', ipRange: '10.1.0.0/16' }] },
    watchdog: { maxRetries: 5 },
    dynamicReprovisioning: true,
  };

  it('have the ranges of the network as they are written', async () => {
    const { value } = await deviceOf({}, { config });
    expect(value.devices[0]?.config.network?.ipam).toEqual([
      { gateway: '10.0.0.1', subnet: '10.0.0.0/8', ipRange: '10.1.0.0/16' },
    ]);
  });

  it('are merged deeply, lists replaced', async () => {
    const own = { agent: { createOptions: { HostConfig: { Binds: ['/b:/b'], Memory: 2 } } }, network: { ipam: [] } };
    const { value, findings } = await deviceOf({ config: own }, { config });
    expect(findings).toEqual([]);
    expect(value.devices[0]?.config).toMatchObject({
      agent: { createOptions: { HostConfig: { Binds: ['/b:/b'], Memory: 2, Privileged: true }, Labels: { a: 'b' } } },
      network: { name: 'plant', ipam: [] },
    });
  });

  it.each([
    ['proxy', { proxy: null }],
    ['proxy.noProxy', { proxy: { noProxy: null } }],
    ['agent.createOptions', { agent: { createOptions: null } }],
    ['agent.createOptions.Labels', { agent: { createOptions: { Labels: null } } }],
    ['agent.createOptions.HostConfig.Privileged', { agent: { createOptions: { HostConfig: { Privileged: null } } } }],
    ['network', { network: null }],
    ['network.name', { network: { name: null } }],
    ['watchdog', { watchdog: { maxRetries: null } }],
    ['dynamicReprovisioning', { dynamicReprovisioning: null }],
  ])('are taken away by null: %s', async (path, own) => {
    const whole = await deviceOf({}, { config });
    expect(whole.value.devices[0]?.config).toHaveProperty(path);
    const { value, findings } = await deviceOf({ config: own }, { config });
    expect(findings).toEqual([]);
    expect(value.devices[0]?.config).not.toHaveProperty(path);
  });

  it('have the id in every text of createOptions, as it is or in URIs encoded', async () => {
    const createOptions = { Hostname: '{id}', Labels: { uri: 'file:///{id}' }, Cmd: ['-n', '{id}', 7], '{id}': true };
    const { value } = await deviceOf({}, { config: { agent: { createOptions } } });
    expect(value.devices[0]?.config.agent.createOptions).toEqual({
      Hostname: 'edge#1',
      Labels: { uri: 'file:///edge%231' },
      Cmd: ['-n', 'edge#1', 7],
      '{id}': true,
    });
  });
});

describe('settings that only make sense together', () => {
  const manifest = (config: string) =>
    `defaults:\n  runtime: { version: "1.5", platform: linux }\ndevices:\n  - id: edge-001\n    config:\n      ${config}\n`;

  it.each([
    ['agent: { registry: { server: a, username: b } }', '{ server', 'config.agent.registry.passwordFrom'],
    [
      'agent: { registry: { passwordFrom: IOTEDGE_PW } }',
      '{ passwordFrom',
      'config.agent.registry.server and config.agent.registry.username',
    ],
    [
      'agent: { registry: {} }',
      '{}',
      'config.agent.registry.server and config.agent.registry.username and config.agent.registry.passwordFrom',
    ],
    ['proxy: { noProxy: localhost }', '{ noProxy', 'config.proxy.https'],
    ['pkcs11: { baseSlot: "pkcs11:token=a" }', '{ baseSlot', 'config.pkcs11.library'],
    ['edgeCa: { certificate: /ca.pem }', '{ certificate', 'config.edgeCa.privateKey'],
    ['edgeCa: { privateKey: /ca.pem, lifetimeDays: 5 }', '{ privateKey', 'config.edgeCa.certificate'],
  ])('are told as incomplete where they begin: %s', async (config, part, absent) => {
    const text = manifest(config);
    const { findings } = await read('devices.yaml', text);
    const [line, column] = positionOf(text, part);
    expect(findings).toMatchObject([{ rule: 'manifest/type', device: 'edge-001', place: { line, column } }]);
    const details = { key: absent, expected: 'a value', found: 'nothing' };
    expect(findings[0]).toMatchObject(told('manifest/type', details));
  });

  it('are incomplete in a cell too, at the first that is there', async () => {
    const text = csv({ id: 'a', 'runtime.version': '1.5', 'runtime.platform': 'linux', 'config.proxy.noProxy': 'b.c' });
    const { findings } = await read('devices.csv', text);
    const [line, column] = positionOf(text, 'b.c');
    expect(findings).toMatchObject([{ rule: 'manifest/type', place: { line, column } }]);
  });

  it('may be begun by the defaults and completed by the device', async () => {
    const registry = { server: 'a', username: 'b' };
    const own = { config: { agent: { registry: { passwordFrom: 'IOTEDGE_PW' } } } };
    const { value, findings } = await deviceOf(own, { config: { agent: { registry } } });
    expect(findings).toEqual([]);
    expect(value.devices[0]?.config.agent.registry).toEqual({ ...registry, passwordFrom: 'IOTEDGE_PW' });
  });

  it.each(['edgeCa: {}', 'edgeCa: { lifetimeDays: 5 }', 'agent: {}', 'network: {}'])(
    'are whole: %s',
    async (config) => {
      expect((await read('devices.yaml', manifest(config))).findings).toEqual([]);
    },
  );
});
