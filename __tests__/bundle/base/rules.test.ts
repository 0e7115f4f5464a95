import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { judgeAddresses } from '../../../src/bundle/base/addresses.ts';
import { readBase } from '../../../src/bundle/base/base.ts';
import { judgeBaseKeys } from '../../../src/bundle/base/keys.ts';
import { judgeBaseHostname, judgeParts } from '../../../src/bundle/base/needs.ts';
import type { Platform } from '../../../src/model/fleet.ts';
import { deviceOf } from '../material.ts';
import { baseOf } from './base-material.ts';

/** `line:column rule message` of each finding. */
function said(text: string): readonly string[] {
  return readBase('base.yaml', text, { device: 'edge-001' }).findings.map(({ rule, message, place, device }) => {
    expect(device).toBe('edge-001');
    return `${place?.line}:${place?.column} ${rule} ${message}`;
  });
}

describe('config/base, of a file that cannot be edited', () => {
  it.each([
    [
      'a space before provisioning',
      'a: 1\n provisioning:\n  source: manual\nb: 1\n',
      '2:2',
      '"provisioning:" does not begin',
    ],
    [
      'one in the first line',
      ' provisioning:\n  source: manual\nagent:\n  x: 1\n',
      '1:2',
      '"provisioning:" does not begin',
    ],
    ['a tab before it', 'a: 1\n\tprovisioning:\n\t\tsource: x\n', '2:2', '"provisioning:" does not begin'],
    ['a file indented as a whole', '  provisioning:\n    source: x\n  a: 1\n', '1:3', '"provisioning:" does not begin'],
    ['any other setting indented', '  agent:\n    x: 1\n  a: 1\n', '1:3', '"agent:" does not begin its line'],
    ['an anchor before a key', 'agent:\n  x: 1\n&a b: 1\n', '3:4', '"b:" does not begin its line'],
    ['a tab', 'provisioning:\n\tsource: manual\n', '2:1', 'a tab in the indentation'],
    ['several documents', 'a: 1\n---\nb: 1\n', '2:1', 'a second document begins here ("---")'],
    [
      'a section twice',
      'provisioning:\n  a: 1\nx: 1\nprovisioning:\n  a: 1\n',
      '4:1',
      'provisioning stands here a second',
    ],
    ['another key twice', 'x:\n  hostname: 1\n  hostname: 2\n', '3:3', 'hostname stands here a second time'],
    ['what is no YAML', 'a: "x\nb: 1\n', '3:1', 'it is no YAML: Missing closing "quote'],
    ['brackets without end', '['.repeat(20_000), '1:', 'it is nested too deeply'],
    ['dashes without end', '- '.repeat(20_000), '1:', 'it is nested too deeply'],
    ['nothing', '', '1:1', 'it has no settings'],
    ['comments alone', '# provisioning:\n', '1:1', 'it has no settings'],
    ['a list', '- a\n', '1:1', 'it is no list of settings'],
    ['JSON', '{"provisioning": {}}', '1:1', 'it is no list of settings'],
    ['a carriage return', 'a: 1\rb: 2\n', '1:5', 'a carriage return'],
    ['a key of other case', 'Provisioning:\n  a: 1\n', '1:1', '"Provisioning": expected "provisioning"'],
    [
      'no settings in provisioning',
      'provisioning:\n# source: manual\n',
      '1:1',
      'provisioning: expected settings of its own',
    ],
    ['text as provisioning', 'a: 1\nprovisioning: manual\n', '2:1', 'provisioning: expected settings of its own'],
    ['text as a section', 'agent:\n  config: x\n', '2:3', 'agent.config: expected settings of its own'],
    ['a list as a section', 'agent:\n  env:\n  - A=1\n', '2:3', 'agent.env: expected settings of its own'],
    [
      'two ways to authenticate',
      'provisioning:\n  device_connection_string: ""\n  authentication:\n    method: x509\n',
      '3:3',
      'provisioning has both device_connection_string and authentication',
    ],
    [
      'no truth value',
      'provisioning:\n  dynamic_reprovisioning: "true"\n',
      '2:3',
      'dynamic_reprovisioning: expected true',
    ],
    ['an alias to the section', 'provisioning:\n  a: &x 1\nb: *x\n', '3:4', 'the alias *x repeats a value'],
    ['an alias elsewhere', 'a: &x 1\nb: {c: *x}\n', '2:8', 'the alias *x repeats a value'],
    ['a merged map', 'a: &x {}\nb:\n  <<: *x\n', '3:7', 'the alias *x repeats a value'],
    ['a key alone', 'a: {b, c: 1}\n', '1:5', 'a key without a colon'],
    ['a question', 'a: 1\n? b\n', '2:3', '"b:" does not begin its line'],
  ])('%s', (_, text, place, message) => {
    const findings = said(text);
    expect(findings[0]).toContain(` config/base base.yaml: ${message}`);
    expect(findings[0]?.startsWith(place)).toBe(true);
    expect(readBase('base.yaml', text, {}).value).toBeUndefined();
    expect(readBase('base.yaml', `\uFEFF${text}`, {}).findings[0]?.place).toMatchObject({
      line: Number(place.split(':')[0]),
    });
  });

  it('tells a leading space alone, and every section that stands twice', () => {
    expect(said('a: 1\n provisioning:\n  source: manual\nb: 1\nb: 1\n')).toHaveLength(1);
    expect(said('a: 1\na: 1\nb: 1\nb: 1\nc: "\n')).toHaveLength(3);
  });

  it.each([
    ['a comment', 'a: 1\n # provisioning:\n'],
    ['text in lines', 'provisioning:\n  a: 1\nb: |\n  provisioning:\n  x\n'],
    ['a tab in a comment or behind a colon', 'a:\t1 # \t\n\t\n#\t\n'],
    ['markers of a document', '---\na: 1\n...\n'],
    ['sections without anything', 'agent:\nconnect: ~\nmoby_runtime: {}\n'],
  ])('is silent about %s', (_, text) => {
    expect(said(text)).toEqual([]);
  });
});

describe('config/secret-in-manifest, of a base', () => {
  const secret = 'c2VjcmV0LXZhbHVl';
  it.each([
    [
      '2:3',
      'provisioning.device_connection_string holds a shared access key',
      `provisioning:\n  device_connection_string: "HostName=h;DeviceId=d;SharedAccessKey=${secret}"\n`,
    ],
    ['2:1', 'a line of base.yaml holds a shared access key', `a: 1\n#   x: "HostName=h;SharedAccessKey=${secret}"\n`],
    ['3:1', 'a line of base.yaml holds a private key', `a:\n- |\n -----BEGIN PRIVATE KEY-----\n ${secret}\n`],
    [
      '3:5',
      'provisioning.attestation.symmetric_key holds a symmetric key',
      `provisioning:\n  attestation:\n    symmetric_key: "${secret}"\n`,
    ],
    [
      '4:7',
      'agent.config.auth.password holds a password',
      `agent:\n  config:\n    auth:\n      password: "${secret}"\n`,
    ],
    ['3:5', 'agent.config.image holds a password', `agent:\n  config:\n    image: "me:${secret}@r/a"\n`],
    [
      '3:5',
      'agent.env.DB_PASSWORD holds a value whose name says that it is a secret',
      `agent:\n  env:\n    DB_PASSWORD: "${secret}"\n`,
    ],
    ['1:1', 'a line of base.yaml holds a shared access key', `: : "SharedAccessKey=${secret}"\n`],
  ])('at %s: %s', (place, message, text) => {
    const findings = said(text).filter((one) => one.includes('config/secret-in-manifest'));
    expect(findings).toEqual([`${place} config/secret-in-manifest ${message}`]);
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
    expect(said(text)).toEqual([]);
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

function lacks(text: string, platform: Platform = 'debian', hostnameGiven = false): readonly string[] {
  const base = baseOf(text);
  const findings = [...judgeParts(base, platform, {}), ...(hostnameGiven ? [] : judgeBaseHostname(base, {}))];
  return findings.map(({ rule, place, message, remedy }) => {
    expect(rule).toBe('config/base');
    return `${place?.line}:${place?.column} ${message.replace('base/config.yaml: ', '')} → ${remedy}`;
  });
}

describe('config/base, of a file with which no device could start', () => {
  it.each<[string, Platform, string, string]>([
    [
      'connect:\n  management_uri: "unix:///m"\n  workload_uri: "unix:///w"\n',
      'linux',
      '1:1 connect.management_uri is missing; the runtime would take a value of its own',
      'connect.management_uri: "unix:///var/lib/iotedge/mgmt.sock"',
    ],
    [
      'listen: {management_uri: "unix:///m", workload_uri: "unix:///w"}\n',
      'debian',
      '1:1 listen.management_uri is missing',
      'listen.management_uri: "fd://iotedge.mgmt.socket", as the package for debian',
    ],
    ['homedir: "/h"\n', 'windows', '1:1 homedir is missing', 'homedir: "C:\\\\ProgramData\\\\iotedge"'],
    [
      '  uri: "unix:///d"\n',
      'windows',
      '7:1 moby_runtime.uri is missing',
      'moby_runtime.uri: "npipe://./pipe/iotedge_moby_engine"',
    ],
    ['"/h"', 'debian', '6:1 homedir is no text in quotes', 'homedir: "/var/lib/iotedge"'],
  ])('lacks %j', (part, platform, found, remedy) => {
    const [first] = lacks(whole.replace(part, ''), platform);
    expect(first).toContain(found);
    expect(first).toContain(remedy);
  });

  it.each([
    ['hostname: "edge"\n', '', '1:1 hostname is missing; the runtime would take "localhost"'],
    ['"edge"', '"<ADD HOSTNAME HERE>"', '1:1 hostname is still the placeholder of the template, "<ADD HOSTNAME HERE>"'],
    ['"edge"', '12', '1:1 hostname is no text in quotes'],
    ['"edge"', '"7-edge"', '1:1 hostname, "7-edge", has the label "7-edge", which does not begin with a letter'],
  ])('has, for %s, %j', (part, instead, found) => {
    const text = whole.replace(part, instead);
    expect(lacks(text)).toEqual([
      `${found} → Set config.hostname in the manifest (in defaults, {id} stands for the device), or write the name of the machine here.`,
    ]);
    expect(lacks(text, 'debian', true)).toEqual([]);
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
  const told = (connect: string, listen: string, platform: Platform = 'debian') =>
    judgeAddresses(addresses(connect, listen), platform, {}).filter(({ message }) => message.includes('management'));

  it.each<[string, string, string, Platform, string, string]>([
    [
      'another path',
      'unix:///m',
      'unix:///n',
      'debian',
      '3:10',
      'listen.management_uri, "unix:///n", does not match connect.management_uri, "unix:///m"',
    ],
    ['another port', 'http://10.0.0.1:80', 'http://10.0.0.1:15580', 'linux', '3:10', 'does not match connect'],
    ['a port and a path', 'http://10.0.0.1:15580', 'unix:///m', 'debian', '3:10', 'does not match connect'],
    [
      'a port and a socket of systemd',
      'http://10.0.0.1:15580',
      'fd://iotedge.mgmt.socket',
      'debian',
      '3:10',
      'does not match connect',
    ],
    [
      'a socket of systemd for modules',
      'fd://iotedge.mgmt.socket',
      'fd://iotedge.mgmt.socket',
      'debian',
      '2:11',
      'connect.management_uri, "fd://iotedge.mgmt.socket", is no address that begins with unix://, http://',
    ],
    [
      'a socket of systemd in the rpm package',
      'unix:///m',
      'fd://iotedge.mgmt.socket',
      'linux',
      '3:10',
      'which only the package for debian has',
    ],
    ['a bare path', '/var/run/m', 'unix:///m', 'debian', '2:11', 'is no address that begins with'],
    ['a path without its slash', 'unix://var/run/m', 'unix://var/run/m', 'debian', '2:11', 'has no absolute path'],
    ['a path of Windows', 'unix:///C:/m', 'unix:///C:/m', 'debian', '2:11', 'is a path of Windows, on a Linux device'],
    ['a path of Linux', 'unix:///m', 'unix:///m', 'windows', '2:11', 'is a path of Linux, on a Windows device'],
  ])('has %s', (_, connect, listen, platform, place, message) => {
    const [first] = told(connect, listen, platform);
    expect(first).toMatchObject({ rule: 'config/base', message: expect.stringContaining(message) });
    expect(`${first?.place?.line}:${first?.place?.column}`).toBe(place);
    expect(first?.remedy).toContain(`as the package for ${platform} has it`);
  });

  it.each<[string, string, string, Platform]>([
    ['one path', 'unix:///var/lib/m', 'unix:///var/lib/m', 'linux'],
    ['one path by two names', 'unix:///var/run/m', 'unix:///run/m', 'debian'],
    ['a path that systemd listens at', 'unix:///var/run/iotedge/mgmt.sock', 'fd://iotedge.mgmt.socket', 'debian'],
    ['a port at all addresses', 'http://172.17.0.1:15580', 'http://0.0.0.0:15580', 'linux'],
    ['a path of Windows', 'unix:///C:/ProgramData/m', 'unix:///C:/ProgramData/m', 'windows'],
  ])('is silent about %s', (_, connect, listen, platform) => {
    expect(told(connect, listen, platform)).toEqual([]);
  });
});

describe('a key on top that the runtime does not know', () => {
  const keys = (lines: string, ...versions: readonly string[]) =>
    judgeBaseKeys(
      baseOf(`${whole}${lines}`),
      versions.map((version) => deviceOf({ version })),
      {},
    ).map(({ rule, place, message, remedy }) => `${rule} ${place?.line} ${message} → ${remedy}`);

  it.each([
    ['parent_hostname: "gateway"', 'parent_hostname begins with IoT Edge 1.2 (runtime 1.1)', 'Remove parent_hostname'],
    [
      'trust_bundle_cert: "file:///a"',
      'trust_bundle_cert begins with IoT Edge 1.2',
      'it is certificates.trusted_ca_certs',
    ],
    ['auto_reprovisioning_mode: Dynamic', 'begins with IoT Edge 1.2', 'provisioning.dynamic_reprovisioning'],
    ['edge_ca: {cert: "file:///a"}', 'edge_ca begins with IoT Edge 1.2', 'certificates.device_ca_cert'],
    ['image_garbage_collection: {}', 'image_garbage_collection begins with IoT Edge 1.4', 'Remove'],
  ])('since it is of a later one is refused: %s', (line, message, remedy) => {
    const [first, ...others] = keys(`${line}\n`, '1.1');
    expect(others).toEqual([]);
    expect(first).toMatch(/^config\/unsupported-by-version 9 base\/config.yaml: /);
    expect(first).toContain(message);
    expect(first).toContain(remedy);
  });

  it('names the versions of all its devices', () => {
    expect(keys('parent_hostname: "a"\n', '1.0', '1.1', '1.1')[0]).toContain('(runtime 1.0, 1.1)');
  });

  it('since no version knows it is a warning, with what may be meant', () => {
    expect(keys('watchdogs: {max_retries: 1}\nx-ours: 1\n', '1.1')).toEqual([
      expect.stringMatching(
        /^config\/base-unknown-key 9 .*unknown key "watchdogs"; did you mean "watchdog"\? → .*homedir/,
      ),
      expect.stringMatching(/^config\/base-unknown-key 10 .*unknown key "x-ours" → /),
    ]);
  });

  it('is none where all are known', () => {
    expect(keys('certificates: {}\nwatchdog: {}\nagent: {}\nprovisioning: {a: 1}\n', '1.1')).toEqual([]);
  });
});

const templates = new URL('../../../../shared/reference/iotedge/config.yaml/', import.meta.url);

describe.skipIf(!existsSync(templates))('the packages’ own templates (../shared/reference)', () => {
  it.each<[string, Platform]>([
    ['1.0.10/linux-debian', 'debian'],
    ['1.0.10/linux-generic-rpm', 'linux'],
    ['1.0.10/windows', 'windows'],
    ['1.1.15/linux-debian', 'debian'],
    ['1.1.15/linux-generic-rpm', 'linux'],
    ['1.1.15/windows', 'windows'],
  ])('%s needs a host name and nothing else', (name, platform) => {
    const text = readFileSync(new URL(`${name}.config.yaml`, templates), 'utf8');
    expect(lacks(text, platform, true)).toEqual([]);
    expect(judgeAddresses(baseOf(text), platform, {})).toEqual([]);
    expect(judgeBaseKeys(baseOf(text), [deviceOf({ platform })], {})).toEqual([]);
    expect(lacks(text, platform)).toMatchObject([expect.stringContaining('hostname is still the placeholder')]);
  });
});
