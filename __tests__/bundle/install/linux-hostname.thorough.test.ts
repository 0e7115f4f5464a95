import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseToml } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { nameLineIn, ownName } from '../../../src/bundle/config/own-name.ts';
import { describeNeeding } from '../../support/needing.ts';
import { configurationOf } from '../material.ts';
import {
  install,
  makePair,
  order,
  type Pair,
  put,
  runContainers,
  type Scratch,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

const configPath = { 1: '/etc/iotedge/config.yaml', 5: '/etc/aziot/config.toml' } as const;
const applied = '/etc/aziot/identityd/config.d/00-super.toml';
const versions = ['1.1', '1.3', '1.5'] as const;
type Version = (typeof versions)[number] | '1.2';
const formOf = (version: Version) => (version === '1.1' ? 1 : 5);

describeNeeding(['openssl'], 'the host name on the device', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** The bundle as it is rendered for a device with this name in the manifest, or with none. */
  const bundleOf = (version: Version, hostname?: string): Scratch => {
    const config = configurationOf({ version, ...(hostname === undefined ? {} : { hostname }) });
    const minor = Number(version.slice(2));
    const settings = { version: { text: version, major: 1, minor }, hostname, nameLine: nameLineIn(config) };
    return { ...usual(pair, formOf(version), settings), config };
  };
  /** The bundle that the version before this one rendered for a device without a name in the manifest. */
  const bundleOfBefore = (version: Version): Scratch => bundleOf(version, 'edge-001');
  const called = (machine: string, bundle: Scratch): ScratchDevice => {
    const device = scratchDevice(bundle);
    put(device.root, '/etc/hostname', `${machine}\n`);
    return device;
  };
  const nameOn = (device: ScratchDevice, version: Version): unknown => {
    const text = readFileSync(join(device.root, configPath[formOf(version)]), 'utf8');
    return version === '1.1' ? parseYaml(text).hostname : parseToml(text).hostname;
  };
  const appliedOn = (device: ScratchDevice): unknown =>
    parseToml(readFileSync(join(device.root, applied), 'utf8')).hostname;

  it('was the id in lower case in the bundles of before', () => {
    expect(configurationOf({ version: '1.1', hostname: 'edge-001' })).toBe(before['1.1']);
    expect(configurationOf({ version: '1.3', hostname: 'edge-001' })).toBe(before['1.5'].replaceAll('1.5', '1.3'));
    expect(configurationOf({ version: '1.5', hostname: 'edge-001' })).toBe(before['1.5']);
  });

  describe.each(versions)('of IoT Edge %s', (version) => {
    it('stays, byte for byte, where a bundle of before is replaced by one of now', () => {
      const device = called('raspberrypi', bundleOfBefore(version));
      expect(install(device).status).toBe(0);
      runContainers(device);
      const all = tree(device);
      device.update(bundleOf(version));
      expect(install(device)).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing to do'), calls: [] });
      expect(tree(device)).toEqual(all);
    });

    it('is the machine’s on a new device, and stays it when the machine gets another one', () => {
      const device = called('Raspberry-Pi', bundleOf(version));
      expect(install(device)).toMatchObject({ status: 0, stderr: '' });
      expect(nameOn(device, version)).toBe(version === '1.1' ? 'Raspberry-Pi' : undefined);
      expect(install(device).stdout).toContain('nothing to do');
      runContainers(device);
      put(device.root, '/etc/hostname', 'renamed\n');
      const { status, stderr } = install(device);
      expect(status).toBe(0);
      expect(stderr).toMatch(
        /calls this machine Raspberry-Pi and its name is renamed, .*set-hostname 'Raspberry-Pi'\.\n$/,
      );
      expect(nameOn(device, version)).toBe('Raspberry-Pi');
      if (version !== '1.1') expect(appliedOn(device)).toBe('Raspberry-Pi');
    });
  });

  it.each(
    (['1.1', '1.5'] as const).flatMap((version) =>
      ['Edge-001.PLANT.example', 'a"b\\c\'d größe', '10.0.0.4'].map((hostname) => [version, hostname] as const),
    ),
  )('%s: stays %s, byte for byte, where the manifest no longer says it', (version, hostname) => {
    const device = called('raspberrypi', bundleOf(version, hostname));
    expect(install(device).status).toBe(0);
    runContainers(device);
    device.update(bundleOf(version));
    const { stdout, stderr } = install(device);
    expect(stdout).toContain('nothing to do');
    expect(nameOn(device, version)).toBe(hostname);
    // From 1.2 on iotedge check has nothing against an address.
    expect(stderr === '').toBe(version === '1.5' && hostname === '10.0.0.4');
  });

  it.each(['1.2', '1.3', '1.5'] as const)(
    '%s: is left out where it is the machine’s own, without a change of it',
    (version) => {
      const device = called('edge-001', bundleOfBefore(version));
      expect(install(device).status).toBe(0);
      runContainers(device);
      device.update(bundleOf(version));
      expect(install(device)).toMatchObject({ status: 0, stderr: '' });
      expect([nameOn(device, version), appliedOn(device)]).toEqual([undefined, 'edge-001']);
      expect(install(device).stdout).toContain('nothing to do');
    },
  );

  it('stays where a device of 1.1 gets a later runtime', () => {
    const device = called('raspberrypi', bundleOf('1.5'));
    put(device.root, configPath[1], before['1.1']);
    expect(install(device).status).toBe(0);
    expect([nameOn(device, '1.5'), appliedOn(device)]).toEqual(['edge-001', 'edge-001']);
    device.update(bundleOf('1.5', 'edge-001'));
    expect(install(device).stdout).toContain('nothing to do');
    // Of the name that was not applied by "iotedge config apply", the runtime knows nothing.
    const other = called('press-2', bundleOf('1.5', 'press-2'));
    put(other.root, configPath[1], before['1.1']);
    runContainers(other);
    expect(install(other)).toMatchObject({ status: 0, stderr: '' });
  });

  it('is no line of the bundle where the manifest has the text that stands for it', () => {
    expect(nameLineIn(configurationOf({ version: '1.1', hostname: ownName }))).toBeUndefined();
    expect(nameLineIn(configurationOf({ version: '1.5', hostname: ownName }))).toBeUndefined();
  });

  it('is that of before where a power cut left the files of another bundle', () => {
    const device = called('raspberrypi', bundleOfBefore('1.1'));
    expect(install(device).status).toBe(0);
    device.update(bundleOf('1.1', 'other'));
    order(device, 'systemctl restart', 'cut');
    expect(install(device).status).toBe(null);
    expect(nameOn(device, '1.1')).toBe('other');
    device.update(bundleOf('1.1'));
    expect(install(device).status).toBe(0);
    expect(nameOn(device, '1.1')).toBe('edge-001');
  });

  it('is refused where it cannot be read, unless the manifest says it', () => {
    const yaml = called('raspberrypi', bundleOf('1.1'));
    put(yaml.root, configPath[1], 'hostname: >-\n  edge-7\n');
    const toml = called('raspberrypi', bundleOf('1.5'));
    put(toml.root, applied, 'hostname = """edge-7"""\n');
    for (const device of [yaml, toml]) {
      const all = tree(device);
      const { status, stderr, calls } = install(device);
      expect({ status, calls }).toEqual({ status: 1, calls: [] });
      expect(stderr).toMatch(/host name of edge-001 in .*cannot be read.*config\.hostname of edge-001/);
      expect(tree(device)).toEqual(all);
    }
    yaml.update(bundleOf('1.1', 'edge-7'));
    expect(install(yaml).status).toBe(0);
  });

  describe('of an image', () => {
    const intoImage = (device: ScratchDevice) => install(device, { args: ['--root', device.root] });

    it('is the image’s, and 1.1 is refused where it has none', () => {
      const device = scratchDevice(bundleOf('1.1'));
      const { status, stderr } = intoImage(device);
      expect(status).toBe(1);
      expect(stderr).toContain(
        `image has no host name, and IoT Edge 1.1 needs one. Write it into ${device.root}/etc/hostname`,
      );
      put(device.root, '/etc/hostname', '# ours\n\n  Image-7 \n');
      expect(intoImage(device)).toMatchObject({ status: 0, stderr: '' });
      expect(nameOn(device, '1.1')).toBe('Image-7');
    });

    it('is left to the first start from 1.2 on', () => {
      const device = scratchDevice(bundleOf('1.5'));
      expect(intoImage(device)).toMatchObject({ status: 0, stderr: '' });
      expect(nameOn(device, '1.5')).toBeUndefined();
    });
  });

  describe('that the manifest changes', () => {
    const renamed = (version: Version, hostname = 'press-2', was = 'edge-001') => {
      const device = called('raspberrypi', bundleOf(version, was));
      expect(install(device).status).toBe(0);
      runContainers(device);
      device.update(bundleOf(version, hostname));
      return device;
    };

    it.each(['1.3', '1.5'] as const)('%s: is refused before anything stops, by the dry run too', (version) => {
      const device = renamed(version);
      const all = tree(device, true);
      for (const args of [
        ['--root', device.root, '--restart', '--dry-run'],
        ['--root', device.root, '--restart'],
      ]) {
        const { status, stderr, calls } = install(device, { args });
        expect(status).toBe(1);
        expect(calls).toEqual([expect.stringMatching(/^docker ps .*label=net\.azure-devices\.edge\.owner=/)]);
        const words = [
          "calls edge-001 'press-2', and it was set up as 'edge-001'",
          'hostname: "{id}"',
          'WARNING: all modules and their data are lost',
          'sudo iotedge system stop; sudo docker rm -f $(sudo docker ps -aq -f label=net.azure-devices.edge.owner=Microsoft.Azure.Devices.Edge.Agent); sudo sh install.sh',
          'Nothing was changed',
        ];
        const places = words.map((text) => stderr.indexOf(text));
        expect(places, stderr).toEqual(places.toSorted((a, b) => a - b));
        expect(places).not.toContain(-1);
      }
      expect(tree(device, true)).toEqual(all);
    });

    it('is installed by what the refusal says', () => {
      const device = renamed('1.5');
      expect(install(device).status).toBe(1);
      install(device, { first: 'iotedge system stop; docker rm -f a1b2c3 d4e5f6' });
      expect(appliedOn(device)).toBe('press-2');
    });

    it('is kept by the line that the refusal says, quoted as YAML', () => {
      const device = renamed('1.5', 'press-2', 'Edge "7"');
      const line = /hostname: ".*?[^\\]";/.exec(install(device).stderr)?.[0] ?? '';
      expect(parseYaml(line.replace(/;$/, '')).hostname).toBe('Edge "7"');
    });

    it('is the runtime’s to refuse where docker cannot be asked; the advice comes at the end once more', () => {
      const device = renamed('1.5');
      order(device, 'docker ps', 'fail');
      const all = tree(device);
      const { status, stderr, calls } = install(device);
      expect(status).toBe(1);
      expect(calls.at(-1)).toContain('iotedge system restart');
      expect(stderr.slice(stderr.indexOf('edge-001 is not installed'))).toContain('hostname: "{id}"');
      expect(tree(device)).toEqual(all);
    });

    it.each(['1.1', '1.2'] as const)('%s: is installed', (version) => {
      const device = called('press-2', bundleOf(version, 'edge-001'));
      expect(install(device).status).toBe(0);
      device.update(bundleOf(version, 'press-2'));
      const { status, calls } = install(device);
      expect(status).toBe(0);
      expect(calls.join('\n')).not.toContain('docker ps -aq -f');
      expect(nameOn(device, version)).toBe('press-2');
    });

    it('is installed where IoT Edge has no containers, and told nothing else', () => {
      const device = called('press-2', bundleOf('1.5', 'edge-001'));
      expect(install(device).status).toBe(0);
      device.update(bundleOf('1.5', 'press-2'));
      expect(install(device)).toMatchObject({ status: 0, stderr: '' });
      expect(appliedOn(device)).toBe('press-2');
    });
  });
});

const header = (
  version: string,
  place: string,
  readers: string,
  paths: readonly string[],
) => `# Azure IoT Edge ${version}: device edge-001
# Place: ${place}; install.sh beside it puts it there
# The certificate (primary) and its private key must lie, ${readers}, at
#   file://${paths[0]}
#   file://${paths[1]}
`;

/** What was rendered for a device without a host name before the device kept its own. */
const before = {
  '1.1': `${header('1.1', '/etc/iotedge/config.yaml, owner iotedge, mode 0400', 'readable by iotedge', [
    '/var/lib/iotedge/identity/edge-001.pem',
    '/var/lib/iotedge/identity/edge-001.key.pem',
  ])}
provisioning:
  source: "manual"
  authentication:
    method: "x509"
    iothub_hostname: "contoso.azure-devices.net"
    device_id: "edge-001"
    identity_cert: "file:///var/lib/iotedge/identity/edge-001.pem"
    identity_pk: "file:///var/lib/iotedge/identity/edge-001.key.pem"
  dynamic_reprovisioning: false
agent:
  name: "edgeAgent"
  type: "docker"
  env: {}
  config:
    image: "mcr.microsoft.com/azureiotedge-agent:1.1"
    auth: {}
hostname: "edge-001"
connect:
  management_uri: "unix:///var/run/iotedge/mgmt.sock"
  workload_uri: "unix:///var/run/iotedge/workload.sock"
listen:
  management_uri: "fd://iotedge.mgmt.socket"
  workload_uri: "fd://iotedge.socket"
homedir: "/var/lib/iotedge"
moby_runtime:
  uri: "unix:///var/run/docker.sock"
`,
  '1.5': `${header('1.5', '/etc/aziot/config.toml, owner root, mode 0600', 'before it is applied', [
    '/var/aziot/certs/edge-001.pem',
    '/var/aziot/secrets/edge-001.key.pem',
  ])}
hostname = "edge-001"

[provisioning]
source = "manual"
iothub_hostname = "contoso.azure-devices.net"
device_id = "edge-001"

[provisioning.authentication]
method = "x509"
identity_cert = "file:///var/aziot/certs/edge-001.pem"
identity_pk = "file:///var/aziot/secrets/edge-001.key.pem"

[agent]
name = "edgeAgent"
type = "docker"

[agent.config]
image = "mcr.microsoft.com/azureiotedge-agent:1.5"

[agent.env]
`,
};
