import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeAddresses } from '../../../src/bundle/base/addresses.ts';
import { readBase } from '../../../src/bundle/base/base.ts';
import { hostnameOfBase, judgeBaseHostname } from '../../../src/bundle/base/hostname.ts';
import { judgeBaseKeys } from '../../../src/bundle/base/keys.ts';
import { judgeParts } from '../../../src/bundle/base/needs.ts';
import { aLineOf } from '../../../src/bundle/base/secrets.ts';
import { ownName } from '../../../src/bundle/config/own-name.ts';
import type { Finding } from '../../../src/model/finding.ts';
import type { Platform } from '../../../src/model/fleet.ts';
import type { AddressProblem, BaseProblem } from '../../../src/rules/base.ts';
import type { SecretKind } from '../../../src/rules/config.ts';
import { at, told } from '../../support/finding.ts';
import { describeNeeding } from '../../support/needing.ts';
import { deviceOf } from '../material.ts';
import { baseOf } from './base-material.ts';

/** The findings of a file, which all name its device. */
function findingsIn(text: string): readonly Finding[] {
  return readBase('base.yaml', text, { device: 'edge-001' }).findings;
}

describe('config/base, of a file that cannot be edited', () => {
  it.each<[string, string, number, number | undefined, BaseProblem]>([
    [
      'a space before provisioning',
      'a: 1\n provisioning:\n  source: manual\nb: 1\n',
      2,
      2,
      { kind: 'provisioning-indented' },
    ],
    [
      'one in the first line',
      ' provisioning:\n  source: manual\nagent:\n  x: 1\n',
      1,
      2,
      { kind: 'provisioning-indented' },
    ],
    ['a tab before it', 'a: 1\n\tprovisioning:\n\t\tsource: x\n', 2, 2, { kind: 'provisioning-indented' }],
    ['a file indented as a whole', '  provisioning:\n    source: x\n  a: 1\n', 1, 3, { kind: 'provisioning-indented' }],
    ['any other setting indented', '  agent:\n    x: 1\n  a: 1\n', 1, 3, { kind: 'key-indented', key: 'agent' }],
    ['an anchor before a key', 'agent:\n  x: 1\n&a b: 1\n', 3, 4, { kind: 'key-indented', key: 'b' }],
    ['a tab', 'provisioning:\n\tsource: manual\n', 2, 1, { kind: 'tab' }],
    ['several documents', 'a: 1\n---\nb: 1\n', 2, 1, { kind: 'second-document' }],
    [
      'a section twice',
      'provisioning:\n  a: 1\nx: 1\nprovisioning:\n  a: 1\n',
      4,
      1,
      { kind: 'key-twice', key: 'provisioning' },
    ],
    ['another key twice', 'x:\n  hostname: 1\n  hostname: 2\n', 3, 3, { kind: 'key-twice', key: 'hostname' }],
    ['what is no YAML', 'a: "x\nb: 1\n', 3, 1, { kind: 'syntax', message: 'Missing closing "quote' }],
    // Where the parser gives up depends on its stack.
    ['brackets without end', '['.repeat(20_000), 1, undefined, { kind: 'too-deep' }],
    ['dashes without end', '- '.repeat(20_000), 1, undefined, { kind: 'too-deep' }],
    ['nothing', '', 1, 1, { kind: 'no-settings' }],
    ['comments alone', '# provisioning:\n', 1, 1, { kind: 'no-settings' }],
    ['a list', '- a\n', 1, 1, { kind: 'no-map' }],
    ['JSON', '{"provisioning": {}}', 1, 1, { kind: 'no-map' }],
    ['a carriage return', 'a: 1\rb: 2\n', 1, 5, { kind: 'carriage-return' }],
    [
      'a key of other case',
      'Provisioning:\n  a: 1\n',
      1,
      1,
      { kind: 'key-case', key: 'Provisioning', expected: 'provisioning' },
    ],
    ['no settings in provisioning', 'provisioning:\n# source: manual\n', 1, 1, { kind: 'provisioning-empty' }],
    ['text as provisioning', 'a: 1\nprovisioning: manual\n', 2, 1, { kind: 'provisioning-empty' }],
    ['text as a section', 'agent:\n  config: x\n', 2, 3, { kind: 'no-section', setting: 'agent.config' }],
    ['a list as a section', 'agent:\n  env:\n  - A=1\n', 2, 3, { kind: 'no-section', setting: 'agent.env' }],
    [
      'two ways to authenticate',
      'provisioning:\n  device_connection_string: ""\n  authentication:\n    method: x509\n',
      3,
      3,
      { kind: 'two-authentications' },
    ],
    ['no truth value', 'provisioning:\n  dynamic_reprovisioning: "true"\n', 2, 3, { kind: 'dynamic-reprovisioning' }],
    ['an alias to the section', 'provisioning:\n  a: &x 1\nb: *x\n', 3, 4, { kind: 'alias', name: 'x' }],
    ['an alias elsewhere', 'a: &x 1\nb: {c: *x}\n', 2, 8, { kind: 'alias', name: 'x' }],
    ['a merged map', 'a: &x {}\nb:\n  <<: *x\n', 3, 7, { kind: 'alias', name: 'x' }],
    ['a key alone', 'a: {b, c: 1}\n', 1, 5, { kind: 'key-without-colon' }],
    ['a question', 'a: 1\n? b\n', 2, 3, { kind: 'key-indented', key: 'b' }],
  ])('%s', (_, text, line, column, problem) => {
    const findings = findingsIn(text);
    expect(findings.map(({ device }) => device)).toEqual(findings.map(() => 'edge-001'));
    expect(findings[0]).toMatchObject(told('config/base', { path: 'base.yaml', problem }));
    expect(findings[0]?.place).toEqual(at('base.yaml', line, column ?? expect.any(Number)));
    expect(readBase('base.yaml', text, {}).value).toBeUndefined();
    expect(readBase('base.yaml', `\uFEFF${text}`, {}).findings[0]?.place).toMatchObject({ line });
  });

  it('tells a leading space alone, and every section that stands twice', () => {
    expect(findingsIn('a: 1\n provisioning:\n  source: manual\nb: 1\nb: 1\n')).toHaveLength(1);
    expect(findingsIn('a: 1\na: 1\nb: 1\nb: 1\nc: "\n')).toHaveLength(3);
  });

  it.each([
    ['a comment', 'a: 1\n # provisioning:\n'],
    ['text in lines', 'provisioning:\n  a: 1\nb: |\n  provisioning:\n  x\n'],
    ['a tab in a comment or behind a colon', 'a:\t1 # \t\n\t\n#\t\n'],
    ['markers of a document', '---\na: 1\n...\n'],
    ['sections without anything', 'agent:\nconnect: ~\nmoby_runtime: {}\n'],
  ])('is silent about %s', (_, text) => {
    expect(findingsIn(text)).toEqual([]);
  });
});

describe('config/secret-in-manifest, of a base', () => {
  const secret = 'c2VjcmV0LXZhbHVl';
  const line = aLineOf('base.yaml');
  it.each<{ at: readonly number[]; key: string; what: SecretKind; text: string }>([
    {
      at: [2, 3],
      key: 'provisioning.device_connection_string',
      what: 'shared-access-key',
      text: `provisioning:\n  device_connection_string: "HostName=h;DeviceId=d;SharedAccessKey=${secret}"\n`,
    },
    { at: [2, 1], key: line, what: 'shared-access-key', text: `a: 1\n#   x: "HostName=h;SharedAccessKey=${secret}"\n` },
    { at: [3, 1], key: line, what: 'private-key', text: `a:\n- |\n -----BEGIN PRIVATE KEY-----\n ${secret}\n` },
    {
      at: [3, 5],
      key: 'provisioning.attestation.symmetric_key',
      what: 'symmetric-key',
      text: `provisioning:\n  attestation:\n    symmetric_key: "${secret}"\n`,
    },
    {
      at: [4, 7],
      key: 'agent.config.auth.password',
      what: 'password',
      text: `agent:\n  config:\n    auth:\n      password: "${secret}"\n`,
    },
    {
      at: [3, 5],
      key: 'agent.config.image',
      what: 'password',
      text: `agent:\n  config:\n    image: "me:${secret}@r/a"\n`,
    },
    {
      at: [3, 5],
      key: 'agent.env.DB_PASSWORD',
      what: 'by-name',
      text: `agent:\n  env:\n    DB_PASSWORD: "${secret}"\n`,
    },
    { at: [1, 1], key: line, what: 'shared-access-key', text: `: : "SharedAccessKey=${secret}"\n` },
  ])('at $at: $key', ({ at: [row = 0, column = 0], key, what, text }) => {
    const findings = findingsIn(text).filter(({ rule }) => rule === 'config/secret-in-manifest');
    expect(findings).toMatchObject([
      {
        ...told('config/secret-in-manifest', { key, what }),
        place: at('base.yaml', row, column),
        device: 'edge-001',
      },
    ]);
    expect(JSON.stringify(readBase('base.yaml', text, {}).findings)).not.toContain(secret);
  });

  it.each([
    [
      'the placeholder of the template',
      'provisioning:\n  device_connection_string: "<ADD DEVICE CONNECTION STRING HERE>"\n',
    ],
    [
      'its explanation',
      '#  Eg "HostName=<hub-name>.azure-devices.net;DeviceId=<device-id>;SharedAccessKey=<key>\na: 1\n',
    ],
    ['an example of a password', 'a: 1\n#      password: "password"\n'],
    ['a symmetric key to be filled in', 'provisioning:\n  attestation:\n    symmetric_key: "<SYMMETRIC_KEY>"\n'],
    ['an empty password', 'agent:\n  config:\n    auth:\n      password: ""\n'],
  ])('is silent about %s', (_, text) => {
    expect(findingsIn(text)).toEqual([]);
  });
});

const whole = `hostname: "edge"
connect:
  management_uri: "unix:///m"
  workload_uri: "unix:///w"
listen: {management_uri: "unix:///m", workload_uri: "unix:///w"}
homedir: "/h"
moby_runtime:
  uri: "unix:///d"
`;

const path = 'base/config.yaml';
const complaint = (line: number, column: number, problem: BaseProblem) => ({
  ...told('config/base', { path, problem }),
  place: at(path, line, column),
});

function lacks(text: string, platform: Platform = 'debian', hostnameGiven = false): readonly Finding[] {
  const base = baseOf(text);
  return [...judgeParts(base, platform, {}), ...(hostnameGiven ? [] : judgeBaseHostname(base, {}))];
}

describe('config/base, of a file with which no device could start', () => {
  it.each<[string, Platform, number, string, string, ('nothing' | 'no-text')?]>([
    [
      'connect:\n  management_uri: "unix:///m"\n  workload_uri: "unix:///w"\n',
      'linux',
      1,
      'connect.management_uri',
      'unix:///var/lib/iotedge/mgmt.sock',
    ],
    [
      'listen: {management_uri: "unix:///m", workload_uri: "unix:///w"}\n',
      'debian',
      1,
      'listen.management_uri',
      'fd://iotedge.mgmt.socket',
    ],
    ['homedir: "/h"\n', 'windows', 1, 'homedir', 'C:\\ProgramData\\iotedge'],
    ['  uri: "unix:///d"\n', 'windows', 7, 'moby_runtime.uri', 'npipe://./pipe/iotedge_moby_engine'],
    ['"/h"', 'debian', 6, 'homedir', '/var/lib/iotedge', 'no-text'],
  ])('lacks %j', (part, platform, line, setting, usual, found = 'nothing') => {
    const [first] = lacks(whole.replace(part, ''), platform);
    expect(first).toMatchObject(complaint(line, 1, { kind: 'lacks', setting, found, usual, platform }));
    expect(first?.remedy).toContain(`${setting}: ${JSON.stringify(usual)}`);
  });

  it.each(['12', 'true', '{}', '"a\\tb"'])('has a host name that is no text: %s', (instead) => {
    const text = whole.replace('"edge"', instead);
    expect(lacks(text)).toMatchObject([complaint(1, 1, { kind: 'hostname' })]);
    for (const platform of ['linux', 'windows'] as const) expect(lacks(text, platform)).toEqual(lacks(text));
    expect(lacks(text, 'debian', true)).toEqual([]);
  });

  it.each([
    ['7-edge', { kind: 'label', label: '7-edge', problem: { kind: 'begin' } }],
    ['10.0.0.1', { kind: 'address' }],
  ] as const)('has the host name %j, and is warned as the manifest would be', (hostname, problem) => {
    const details = { key: `hostname in ${path}`, hostname, problem };
    const warning = { ...told('config/hostname', details), place: at(path, 1, 1) };
    expect(lacks(whole.replace('"edge"', `"${hostname}"`))).toMatchObject([warning]);
    expect(hostnameOfBase(baseOf(whole.replace('"edge"', `"${hostname}"`)))).toBe(hostname);
  });

  it.each([
    '',
    'hostname:\n',
    'hostname: ""\n',
    'hostname: ~\n',
    'hostname: "<ADD HOSTNAME HERE>"\n',
    `hostname: ${JSON.stringify(ownName)}\n`,
  ])('has none in %j: then the device keeps its own', (line) => {
    const text = whole.replace('hostname: "edge"\n', line);
    expect(lacks(text)).toEqual([]);
    expect(hostnameOfBase(baseOf(text))).toBeUndefined();
  });

  it('is silent about a whole one', () => expect(lacks(whole)).toEqual([]));
});

describe('config/base, of a file whose modules would find nobody', () => {
  const addresses = (connect: string, listen: string) =>
    baseOf(
      whole.replaceAll(
        /connect:[\s\S]*listen.*\n/g,
        `connect: {management_uri: "${connect}", workload_uri: "unix:///w"}\nlisten: {management_uri: "${listen}", workload_uri: "unix:///w"}\n`,
      ),
    );
  const found = (connect: string, listen: string, platform: Platform = 'debian') =>
    judgeAddresses(addresses(connect, listen), platform, {}).filter(({ message }) => message.includes('management'));
  /** As the packages have them. */
  const usual = {
    debian: { connect: 'unix:///var/run/iotedge/mgmt.sock', listen: 'fd://iotedge.mgmt.socket' },
    linux: { connect: 'unix:///var/lib/iotedge/mgmt.sock', listen: 'unix:///var/lib/iotedge/mgmt.sock' },
    windows: {
      connect: 'unix:///C:/ProgramData/iotedge/mgmt/sock',
      listen: 'unix:///C:/ProgramData/iotedge/mgmt/sock',
    },
  };

  const toModules = ['unix', 'http'];
  it.each<[string, string, string, Platform, 'connect' | 'listen', AddressProblem]>([
    ['another path', 'unix:///m', 'unix:///n', 'debian', 'listen', { kind: 'mismatch', connect: 'unix:///m' }],
    [
      'another port',
      'http://10.0.0.1:80',
      'http://10.0.0.1:15580',
      'linux',
      'listen',
      { kind: 'mismatch', connect: 'http://10.0.0.1:80' },
    ],
    [
      'a port and a path',
      'http://10.0.0.1:15580',
      'unix:///m',
      'debian',
      'listen',
      { kind: 'mismatch', connect: 'http://10.0.0.1:15580' },
    ],
    [
      'a port and a socket of systemd',
      'http://10.0.0.1:15580',
      'fd://iotedge.mgmt.socket',
      'debian',
      'listen',
      { kind: 'mismatch', connect: 'http://10.0.0.1:15580' },
    ],
    [
      'a socket of systemd for modules',
      'fd://iotedge.mgmt.socket',
      'fd://iotedge.mgmt.socket',
      'debian',
      'connect',
      { kind: 'scheme', expected: toModules },
    ],
    [
      'a socket of systemd in the rpm package',
      'unix:///m',
      'fd://iotedge.mgmt.socket',
      'linux',
      'listen',
      { kind: 'systemd-socket' },
    ],
    ['a bare path', '/var/run/m', 'unix:///m', 'debian', 'connect', { kind: 'scheme', expected: toModules }],
    ['a path without its slash', 'unix://var/run/m', 'unix://var/run/m', 'debian', 'connect', { kind: 'relative' }],
    ['a path of Windows', 'unix:///C:/m', 'unix:///C:/m', 'debian', 'connect', { kind: 'windows-path' }],
    ['a path of Linux', 'unix:///m', 'unix:///m', 'windows', 'connect', { kind: 'linux-path' }],
  ])('has %s', (_, connect, listen, platform, side, problem) => {
    const value = { connect, listen }[side];
    const details = { name: 'management_uri', side, value, problem, usual: usual[platform], platform } as const;
    const [line, column] = side === 'connect' ? [2, 11] : [3, 10];
    expect(found(connect, listen, platform)[0]).toMatchObject(complaint(line, column, { kind: 'address', ...details }));
  });

  it.each<[string, string, string, Platform]>([
    ['one path', 'unix:///var/lib/m', 'unix:///var/lib/m', 'linux'],
    ['one path by two names', 'unix:///var/run/m', 'unix:///run/m', 'debian'],
    ['a path that systemd listens at', 'unix:///var/run/iotedge/mgmt.sock', 'fd://iotedge.mgmt.socket', 'debian'],
    ['a port at all addresses', 'http://172.17.0.1:15580', 'http://0.0.0.0:15580', 'linux'],
    ['a path of Windows', 'unix:///C:/ProgramData/m', 'unix:///C:/ProgramData/m', 'windows'],
  ])('is silent about %s', (_, connect, listen, platform) => {
    expect(found(connect, listen, platform)).toEqual([]);
  });
});

describe('a key on top that the runtime does not know', () => {
  const keys = (lines: string, ...versions: readonly string[]) =>
    judgeBaseKeys(
      baseOf(`${whole}${lines}`),
      versions.map((version) => deviceOf({ version })),
      {},
    );
  interface Later {
    readonly since: string;
    readonly instead?: string;
  }
  const refusal = (key: string, later: Later, version = '1.1') => ({
    ...told('config/unsupported-by-version', { version, problem: { kind: 'base-key', path, key, ...later } }),
    place: at(path, 9, 1),
  });

  it.each<[string, string, Later]>([
    ['parent_hostname: "gateway"', 'parent_hostname', { since: '1.2' }],
    ['trust_bundle_cert: "file:///a"', 'trust_bundle_cert', { since: '1.2', instead: 'certificates.trusted_ca_certs' }],
    [
      'auto_reprovisioning_mode: Dynamic',
      'auto_reprovisioning_mode',
      { since: '1.2', instead: 'provisioning.dynamic_reprovisioning' },
    ],
    [
      'edge_ca: {cert: "file:///a"}',
      'edge_ca',
      { since: '1.2', instead: 'certificates.device_ca_cert and certificates.device_ca_pk' },
    ],
    ['image_garbage_collection: {}', 'image_garbage_collection', { since: '1.4' }],
  ])('since it is of a later one is refused: %s', (line, key, later) => {
    const [first, ...others] = keys(`${line}\n`, '1.1');
    expect(others).toEqual([]);
    expect(first).toMatchObject(refusal(key, later));
    expect(first?.message.startsWith('base/config.yaml: ')).toBe(true);
    expect(first?.message).toContain(later.since);
    expect(first?.remedy).toContain(later.instead ?? key);
  });

  it('names the versions of all its devices', () => {
    const [first] = keys('parent_hostname: "a"\n', '1.0', '1.1', '1.1');
    expect(first).toMatchObject(refusal('parent_hostname', { since: '1.2' }, '1.0, 1.1'));
  });

  it('since no version knows it is a warning, with what may be meant', () => {
    const known = ['provisioning', 'agent', 'hostname', 'connect', 'listen', 'homedir', 'moby_runtime'];
    const unknown = (line: number, key: string, suggestion?: string) => ({
      ...told('config/base-unknown-key', {
        path,
        key,
        known: [...known, 'certificates', 'watchdog'],
        ...(suggestion === undefined ? {} : { suggestion }),
      }),
      place: at(path, line, 1),
    });
    expect(keys('watchdogs: {max_retries: 1}\nx-ours: 1\n', '1.1')).toMatchObject([
      unknown(9, 'watchdogs', 'watchdog'),
      unknown(10, 'x-ours'),
    ]);
  });

  it('is none where all are known', () => {
    expect(keys('certificates: {}\nwatchdog: {}\nagent: {}\nprovisioning: {a: 1}\n', '1.1')).toEqual([]);
  });
});

const templates = new URL('../../../../shared/reference/iotedge/config.yaml/', import.meta.url);

describeNeeding(['../shared/reference'], 'the packages’ own templates', () => {
  it.each<[string, Platform]>([
    ['1.0.10/linux-debian', 'debian'],
    ['1.0.10/linux-generic-rpm', 'linux'],
    ['1.0.10/windows', 'windows'],
    ['1.1.15/linux-debian', 'debian'],
    ['1.1.15/linux-generic-rpm', 'linux'],
    ['1.1.15/windows', 'windows'],
  ])('%s lacks nothing, and names no device', (name, platform) => {
    const text = readFileSync(new URL(`${name}.config.yaml`, templates), 'utf8');
    expect(lacks(text, platform, true)).toEqual([]);
    expect(judgeAddresses(baseOf(text), platform, {})).toEqual([]);
    expect(judgeBaseKeys(baseOf(text), [deviceOf({ platform })], {})).toEqual([]);
    expect(lacks(text, platform)).toEqual([]);
    expect(hostnameOfBase(baseOf(text))).toBeUndefined();
  });
});
