import { describe, expect, it } from 'vitest';
import { judgeDevice } from '../../../src/bundle/judge/judge.ts';
import type { Unsupported } from '../../../src/rules/unsupported.ts';
import { told } from '../../support/finding.ts';
import { columnOf, configurationOf, deviceOf, findingsOf, now, type Wanted } from '../material.ts';

const trio = { trustBundle: '/certs/a.pem', edgeCa: { certificate: '/certs/b.pem', privateKey: '/keys/b.pem' } };
const garbage = { imageGarbageCollection: { enabled: false } };
const module: Wanted = {
  privateKey: 'pkcs11:object=a',
  identity: { pinFrom: 'IOTEDGE_PIN' },
};

const linuxContainers: Wanted = { platform: 'windows', runtime: { containerOs: 'linux' } };
const registry = { server: 'b.azurecr.io', username: 'me', passwordFrom: 'IOTEDGE_PW' };
const edgeCaOfWindows = { certificate: 'C:\\b.pem', privateKey: 'C:\\b.key.pem' };

function withLinuxContainers(key: string): Wanted {
  const config: NonNullable<Wanted['config']> = {
    ...(key === 'config.base' ? { base: 'config.yaml' } : {}),
    ...(key === 'config.proxy' ? { proxy: { https: 'http://proxy' } } : {}),
  };
  return { ...linuxContainers, config, ...(key === 'config.agent.env' ? { env: { A: 'b' } } : {}) };
}

describe('config/unsupported-by-version', () => {
  const nested = (key: string): Unsupported => ({ kind: 'begins', key, since: '1.2', feature: 'nested-edge' });
  const inModule = (key: string): Unsupported => ({ kind: 'begins', key, since: '1.2', feature: 'security-modules' });
  it.each<[Unsupported, Wanted, string]>([
    [{ kind: 'no-manual-x509' }, { version: '1.0.9' }, 'runtime.version'],
    [{ kind: 'no-manual-x509' }, { version: '0.9' }, 'runtime.version'],
    [{ kind: 'unknown-version' }, { version: '1.7' }, 'runtime.version'],
    [{ kind: 'unknown-version' }, { version: '2.0' }, 'runtime.version'],
    [{ kind: 'windows-ended' }, { platform: 'windows', version: '1.2' }, 'runtime.platform'],
    [
      { kind: 'other-platform', key: 'runtime.containerOs', platform: 'Windows' },
      { runtime: { containerOs: 'windows' } },
      'runtime.containerOs',
    ],
    [
      { kind: 'other-platform', key: 'runtime.securityDaemonScript', platform: 'Windows' },
      { runtime: { securityDaemonScript: 'C:\\a.ps1' } },
      'runtime.securityDaemonScript',
    ],
    [nested('parent'), { parent: 'gateway' }, 'parent'],
    [nested('parent'), { parent: 'gateway', version: '1.0' }, 'parent'],
    [nested('config.parentHostname'), { config: { parentHostname: 'gateway' } }, 'config.parentHostname'],
    [
      nested('config.parentHostname'),
      { config: { parentHostname: 'gateway' }, image: 'agent:1.1' },
      'config.parentHostname',
    ],
    [
      { kind: 'agent-without-parents' },
      { version: '1.5', config: { parentHostname: 'gw' }, image: 'a/b:1.1.15' },
      'config.agent.image',
    ],
    [
      { kind: 'ended', key: 'config.dynamicReprovisioning' },
      { version: '1.2', config: { dynamicReprovisioning: true } },
      'config.dynamicReprovisioning',
    ],
    [
      { kind: 'begins', key: 'config.autoReprovisioningMode', since: '1.2' },
      { config: { autoReprovisioningMode: 'Dynamic' } },
      'config.autoReprovisioningMode',
    ],
    [
      { kind: 'begins', key: 'config.imageGarbageCollection', since: '1.4' },
      { version: '1.3', config: garbage },
      'config.imageGarbageCollection',
    ],
    [
      { kind: 'begins', key: 'config.imageGarbageCollection', since: '1.4' },
      { version: '1.1', config: garbage },
      'config.imageGarbageCollection',
    ],
    [inModule('config.pkcs11'), { config: { pkcs11: { library: '/m.so' } } }, 'config.pkcs11'],
    [inModule('identity.pinFrom'), { identity: { pinFrom: 'IOTEDGE_PIN' } }, 'identity.pinFrom'],
    [
      { kind: 'other-platform', key: 'config.network.ipv6', platform: 'Linux' },
      { platform: 'windows', config: { network: { ipv6: true, ipam: [] } } },
      'config.network.ipv6',
    ],
    [
      { kind: 'other-platform', key: 'config.network.ipam', platform: 'Linux' },
      { platform: 'windows', config: { network: { ipam: [{ subnet: '10.0.0.0/8' }] } } },
      'config.network.ipam',
    ],
    [{ kind: 'trust-bundle-alone' }, { config: { trustBundle: '/certs/a.pem' } }, 'config.trustBundle'],
    [
      { kind: 'trust-bundle-alone' },
      { config: { trustBundle: '/a.pem', edgeCa: { lifetimeDays: 1 } } },
      'config.trustBundle',
    ],
    [{ kind: 'edge-ca-alone' }, { config: { edgeCa: trio.edgeCa } }, 'config.edgeCa.certificate'],
    [
      { kind: 'lifetime-of-named-certificate' },
      { version: '1.2', config: { edgeCa: { ...trio.edgeCa, lifetimeDays: 90 } } },
      'config.edgeCa.lifetimeDays',
    ],
    [
      { kind: 'infinite-on-base' },
      { config: { base: 'config.yaml', watchdog: { maxRetries: 'infinite' } } },
      'config.watchdog.maxRetries',
    ],
    ...['config.base', 'config.agent.env', 'config.proxy'].map((key): [Unsupported, Wanted, string] => [
      { kind: 'linux-containers', key },
      withLinuxContainers(key),
      key,
    ]),
    [
      { kind: 'registry-not-of-image' },
      { ...linuxContainers, image: 'a.azurecr.io/agent:1.1', config: { agent: { registry } } },
      'config.agent.registry.server',
    ],
    [
      { kind: 'path-for-powershell' },
      { ...linuxContainers, config: { trustBundle: "C:\\it's.pem", edgeCa: edgeCaOfWindows } },
      'config.edgeCa',
    ],
  ])('says so: %j', (problem, wanted, key) => {
    const findings = findingsOf(wanted);
    expect(findings).toMatchObject([{ rule: 'config/unsupported-by-version', place: { column: columnOf(key) } }]);
    const finding = told('config/unsupported-by-version', { problem, version: wanted.version ?? '1.1' });
    expect(findings[0]).toMatchObject(finding);
    expect(() => configurationOf(wanted)).toThrow(finding.message);
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
    ['1.0', 'February 2021'],
    ['1.0.10', 'February 2021'],
    ['1.1', '2022-12-13'],
    ['1.1.15', '2022-12-13'],
    ['1.2', 'June 2022'],
    ['1.3', 'August 2022'],
    ['1.4.33', '2024-11-12'],
    ['1.5', '2026-11-10'],
  ])('is noticed of %s, since %s, and no obstacle', (version, since) => {
    const { value, findings } = judgeDevice(deviceOf({ version }), now);
    expect(value).toBeDefined();
    expect(findings).toMatchObject([
      { rule: 'runtime/out-of-support', severity: 'notice', place: { column: columnOf('runtime.version') } },
    ]);
    expect(findings[0]).toMatchObject(told('runtime/out-of-support', { version, since }));
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
