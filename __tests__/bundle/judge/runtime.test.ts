import { describe, expect, it } from 'vitest';
import { judgeDevice } from '../../../src/bundle/judge/judge.ts';
import { columnOf, configurationOf, deviceOf, findingsOf, now, type Wanted } from '../material.ts';

const trio = { trustBundle: '/certs/a.pem', edgeCa: { certificate: '/certs/b.pem', privateKey: '/keys/b.pem' } };
const garbage = { imageGarbageCollection: { enabled: false } };
const module: Wanted = {
  privateKey: 'pkcs11:object=a',
  identity: { pinFrom: 'IOTEDGE_PIN' },
};

describe('config/unsupported-by-version', () => {
  it.each<[string, Wanted, string]>([
    ['IoT Edge 1.0.9 has no manual provisioning', { version: '1.0.9' }, 'runtime.version'],
    ['IoT Edge 0.9 has no manual provisioning', { version: '0.9' }, 'runtime.version'],
    ['IoT Edge 1.7 is not known', { version: '1.7' }, 'runtime.version'],
    ['IoT Edge 2.0 is not known', { version: '2.0' }, 'runtime.version'],
    ['platform windows ended with', { platform: 'windows', version: '1.2' }, 'runtime.platform'],
    ['is a setting of Windows', { runtime: { containerOs: 'windows' } }, 'runtime.containerOs'],
    ['is a setting of Windows', { runtime: { securityDaemonScript: 'C:\\a.ps1' } }, 'runtime.securityDaemonScript'],
    ['nested edge begins with IoT Edge 1.2', { parent: 'gateway' }, 'parent'],
    ['nested edge begins with IoT Edge 1.2', { parent: 'gateway', version: '1.0' }, 'parent'],
    ['nested edge begins with IoT Edge 1.2', { config: { parentHostname: 'gateway' } }, 'config.parentHostname'],
    [
      'nested edge begins with IoT Edge 1.2',
      { config: { parentHostname: 'gateway' }, image: 'agent:1.1' },
      'config.parentHostname',
    ],
    [
      'the agent of a device with a parent',
      { version: '1.5', config: { parentHostname: 'gw' }, image: 'a/b:1.1.15' },
      'config.agent.image',
    ],
    ['config.base edits a config.yaml', { version: '1.2', config: { base: 'config.yaml' } }, 'config.base'],
    [
      'ended with IoT Edge 1.1',
      { version: '1.2', config: { dynamicReprovisioning: true } },
      'config.dynamicReprovisioning',
    ],
    ['begins with IoT Edge 1.2', { config: { autoReprovisioningMode: 'Dynamic' } }, 'config.autoReprovisioningMode'],
    ['begins with IoT Edge 1.4', { version: '1.3', config: garbage }, 'config.imageGarbageCollection'],
    ['begins with IoT Edge 1.4', { version: '1.1', config: garbage }, 'config.imageGarbageCollection'],
    ['security modules begin with IoT Edge 1.2', { config: { pkcs11: { library: '/m.so' } } }, 'config.pkcs11'],
    ['security modules begin with IoT Edge 1.2', { identity: { pinFrom: 'IOTEDGE_PIN' } }, 'identity.pinFrom'],
    [
      'is a setting of Linux',
      { platform: 'windows', config: { network: { ipv6: true, ipam: [] } } },
      'config.network.ipv6',
    ],
    [
      'is a setting of Linux',
      { platform: 'windows', config: { network: { ipam: [{ subnet: '10.0.0.0/8' }] } } },
      'config.network.ipam',
    ],
    ['is read together with config.edgeCa alone', { config: { trustBundle: '/certs/a.pem' } }, 'config.trustBundle'],
    [
      'is read together with config.edgeCa alone',
      { config: { trustBundle: '/a.pem', edgeCa: { lifetimeDays: 1 } } },
      'config.trustBundle',
    ],
    [
      'is read together with config.trustBundle alone',
      { config: { edgeCa: trio.edgeCa } },
      'config.edgeCa.certificate',
    ],
    [
      'is for a certificate that the runtime makes',
      { version: '1.2', config: { edgeCa: { ...trio.edgeCa, lifetimeDays: 90 } } },
      'config.edgeCa.lifetimeDays',
    ],
  ])('says that %s', (message, wanted, key) => {
    const findings = findingsOf(wanted);
    expect(findings).toMatchObject([{ rule: 'config/unsupported-by-version', place: { column: columnOf(key) } }]);
    expect(findings[0]?.message).toContain(message);
    expect(() => configurationOf(wanted)).toThrow(message);
  });

  it('tells each part of a security module that 1.1 does not know once', () => {
    const findings = findingsOf({ ...module, config: { pkcs11: { library: '/m.so' } } });
    expect(findings.map(({ rule, place }) => [rule, place?.column])).toEqual([
      ['config/unsupported-by-version', columnOf('config.pkcs11')],
      ['config/unsupported-by-version', columnOf('identity.pinFrom')],
      ['config/uri', columnOf('identity.privateKey')],
    ]);
  });

  it.each<[string, Wanted]>([
    ['1.0', { version: '1.0' }],
    ['1.0.10', { version: '1.0.10' }],
    ['1.1.15', { version: '1.1.15' }],
    ['1.6.1', { version: '1.6.1' }],
    ['a trust bundle alone from 1.2 on', { version: '1.2', config: { trustBundle: '/certs/a.pem' } }],
    ['an edge CA alone from 1.2 on', { version: '1.2', config: { edgeCa: trio.edgeCa } }],
    ['an edge CA with its trust bundle in 1.1', { config: trio }],
    [
      'a lifetime beside an edge CA in 1.1, where it is that of the CA below',
      { config: { ...trio, edgeCa: { ...trio.edgeCa, lifetimeDays: 9 } } },
    ],
    [
      'a trust bundle beside a base that may have the rest',
      { config: { base: 'config.yaml', trustBundle: '/certs/a.pem' } },
    ],
    ['an agent of the parent’s version', { version: '1.5', config: { parentHostname: 'gw' }, image: 'a/b:1.10' }],
    ['a network’s name on Windows', { platform: 'windows', config: { network: { name: 'nat', ipam: [] } } }],
  ])('lets %s pass', (_, wanted) => expect(findingsOf(wanted)).toEqual([]));
});

describe('runtime/out-of-support', () => {
  it.each([
    ['1.0', 'since February 2021'],
    ['1.0.10', 'since February 2021'],
    ['1.1', 'since 2022-12-13'],
    ['1.1.15', 'since 2022-12-13'],
    ['1.2', 'since June 2022'],
    ['1.3', 'since August 2022'],
    ['1.4.33', 'since 2024-11-12'],
    ['1.5', 'since 2026-11-10'],
  ])('is noticed of %s, %s, and no obstacle', (version, since) => {
    const { value, findings } = judgeDevice(deviceOf({ version }), now);
    expect(value).toBeDefined();
    expect(findings).toMatchObject([
      { rule: 'runtime/out-of-support', severity: 'notice', place: { column: columnOf('runtime.version') } },
    ]);
    expect(findings[0]?.message).toContain(since);
  });

  it('begins on the day, by the clock of the run', () => {
    const rules = (day: string) =>
      judgeDevice(deviceOf({ version: '1.5' }), new Date(day)).findings.map(({ rule }) => rule);
    expect(rules('2026-11-09T23:59:59Z')).toEqual([]);
    expect(rules('2026-11-10T00:00:00Z')).toEqual(['runtime/out-of-support']);
  });

  it('says nothing of one that is supported', () => {
    expect(judgeDevice(deviceOf({ version: '1.6' }), now).findings).toEqual([]);
  });

  it('says nothing of one that is not rendered', () => {
    const rules = judgeDevice(deviceOf({ version: '1.0.9' }), now).findings.map(({ rule }) => rule);
    expect(rules).toEqual(['config/unsupported-by-version']);
  });
});
