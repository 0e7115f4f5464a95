import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import { withFunctions } from './installer-functions.ts';
import {
  install,
  makePair,
  order,
  original,
  type Pair,
  put,
  runContainers,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

/** In the form that `iotedge config apply` writes. */
const agent = (environment = '') => `hostname = "edge-001"
trust_bundle_cert = "aziot-edged-trust-bundle"

[agent]
name = "edgeAgent"
type = "docker"
imagePullPolicy = "on-create"

[agent.config]
image = "mcr.microsoft.com/azureiotedge-agent:1.5"

[agent.config.createOptions.HostConfig]
Binds = ["/data:/data"]

[[agent.config.createOptions.HostConfig.PortBindings."443/tcp"]]
HostPort = "443"

[agent.config.auth]
username = "edge"
password = "QWNy"

[agent.env]
${environment}
[connect]
management_uri = "unix:///var/run/iotedge/mgmt.sock"

[edge_ca.auto_renew]
retry = "4%"

[moby_runtime]
network = "azure-iot-edge"

[moby_runtime.content_trust.ca_certs]
"registry.example" = "content-trust-registry.example"
`;

describeNeeding(['openssl'], 'an edgeAgent that exists', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const running = original((minor, place) => {
    const device = scratchDevice({ ...usual(pair, minor), config: agent() }, place);
    expect(install(device).status).toBe(0);
    runContainers(device);
    return device;
  });
  const rotate = (device: ScratchDevice, config: string) => {
    device.update({ ...usual(pair, 5), config });
    return install(device);
  };
  const hint = 'type: sudo docker rm -f edgeAgent.';
  const behindProxy = agent('https_proxy = "http://proxy:3128"\n');

  it('keeps its environment, which is told with the command that makes it anew', () => {
    const { status, stderr } = rotate(running(5), behindProxy);
    expect(status).toBe(0);
    expect(stderr).toContain(hint);
    expect(stderr).toContain('The deployment in the hub must give edgeAgent the same environment');
  });

  it.each([
    [
      'nothing of it changed',
      behindProxy.replace('https_proxy', '# https_proxy').replace('retry = "4%"', 'retry = "9%"'),
    ],
    ["only the registry's password changed", agent().replace('QWNy', 'other')],
  ])('is not spoken of where %s', (_, config) => {
    expect(rotate(running(5), config.replace('# https_proxy = "http://proxy:3128"\n', ''))).toMatchObject({
      status: 0,
      stderr: '',
    });
  });

  it('is not spoken of where there is none, nor where edged made another one', () => {
    const none = running(5);
    rmSync(join(none.folder, 'control/containers'));
    expect(rotate(none, behindProxy).stderr).toBe('');
    const another = running(5);
    // The first answer is that of before.
    order(another, 'docker ps', 'replace');
    expect(rotate(another, behindProxy).stderr).toBe('');
  });

  it('is spoken of where docker does not answer', () => {
    const device = running(5);
    order(device, 'docker ps', 'fail always');
    expect(rotate(device, behindProxy).stderr).toContain(hint);
  });

  it('is not spoken of on a device that was never applied, nor by 1.1', () => {
    const fresh = scratchDevice({ ...usual(pair, 5), config: behindProxy });
    runContainers(fresh);
    expect(install(fresh)).toMatchObject({ status: 0, stderr: '' });
    const one = running(1);
    one.update({ ...usual(pair, 1), config: behindProxy });
    expect(install(one)).toMatchObject({ status: 0, stderr: '' });
  });

  describe('the version', () => {
    const dryRun = (device: ScratchDevice) =>
      install(device, { args: ['--root', device.root, '--restart', '--dry-run'] });

    it('is asked before anything changes', () => {
      const device = running(1);
      put(device.folder, '/control/version', 'iotedge 1.5.21\n');
      const { status, stderr, calls } = install(device);
      expect({ status, calls }).toEqual({ status: 1, calls: [] });
      expect(stderr).toContain('the device has IoT Edge 1.5, and this bundle is for 1.1, which reads another file.');
      expect(stderr).toContain('Set runtime.version of edge-001 in the manifest to 1.5, and get the bundle again.');
    });

    const faults = (minor: 1 | 5, version: string) =>
      withFunctions(
        { version: { text: `1.${minor}.9`, major: 1, minor } },
        `FAULTS=0; iotedge() { echo '${version}'; }; { check_version; echo "faults: $FAULTS"; } 2>&1`,
      );

    it.each([
      [1, 'iotedge 1.5.21', '1.5'],
      [1, 'iotedge 1.10.1', '1.10'],
      [5, 'iotedge 1.1.15 (abc)', '1.1'],
      [5, 'iotedge 1.0.10', '1.0'],
    ] as const)('a bundle of 1.%i is refused on %s', (minor, version, told) => {
      expect(faults(minor, version)).toMatch(new RegExp(`has IoT Edge ${told}, .* another file\\..*\nfaults: 1\n`));
    });

    it.each([
      [1, 'iotedge 1.0.10', '1.0'],
      [5, 'iotedge 1.2.10', '1.2'],
      [5, 'iotedge 1.10.0', '1.10'],
      [5, 'iotedge 2.0.0~rc.1', '2.0'],
    ] as const)('a bundle of 1.%i is installed on %s, which is told', (minor, version, told) => {
      expect(faults(minor, version)).toMatch(new RegExp(`has IoT Edge ${told}, .*\nfaults: 0\n`));
    });

    it.each([
      [1, 'iotedge 1.1.15'],
      [5, 'iotedge 1.5.21 (55353a6)'],
      [5, 'something else'],
    ] as const)('nothing is said of 1.%i on %s', (minor, version) => {
      expect(faults(minor, version)).toBe('faults: 0\n');
    });

    it.each([
      [1, '/usr/lib/systemd/system/aziot-edged.service', 'whose service is iotedge, and the device has aziot-edged.'],
      [1, '/lib/systemd/system/aziot-edged.service', 'whose service is iotedge, and the device has aziot-edged.'],
      [5, '/usr/lib/systemd/system/iotedge.service', 'whose service is aziot-edged, and the device has iotedge.'],
    ] as const)('a bundle of 1.%i is refused where the image has only %s', (minor, unit, says) => {
      const device = running(minor);
      put(device.root, unit, '[Service]\n');
      const before = tree(device, true);
      const { status, stderr } = install(device, { args: ['--root', device.root] });
      expect(status).toBe(1);
      expect(stderr).toContain(says);
      expect(tree(device, true)).toEqual(before);
    });

    it('is not doubted where both services are there', () => {
      const device = running(1);
      put(device.root, '/etc/systemd/system/aziot-edged.service', '[Service]\n');
      put(device.root, '/usr/lib/systemd/system/iotedge.service', '[Service]\n');
      expect(dryRun(device)).toMatchObject({ status: 0, stderr: '' });
    });
  });
});

describe('what edgeAgent is made of', () => {
  const folder = mkdtempSync(join(tmpdir(), 'provision-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const digest = (config: string) => {
    put(folder, '/00-super.toml', config);
    return withFunctions({}, `APPLIED='${folder}/00-super.toml'; agent_parts`);
  };
  const usually = digest(agent());

  it.each([
    ['image', 'agent:1.5', 'agent:1.6'],
    ['options', '/data:/data', '/data:/more'],
    ['options in an array of tables', 'HostPort = "443"', 'HostPort = "444"'],
    ['environment', '[agent.env]', '[agent.env]\nx = "1"'],
    ['host name', 'hostname = "edge-001"', 'hostname = "edge-002"'],
    ['address of the daemon', 'iotedge/mgmt.sock', 'other/mgmt.sock'],
    ['network', '"azure-iot-edge"', '"other"'],
  ])('its %s', (_, from, to) => {
    expect(agent()).toContain(from);
    expect(digest(agent().replace(from, to))).not.toBe(usually);
  });

  it.each([
    ['password', 'QWNy', 'other'],
    ["certificate of another registry's trust", 'content-trust-registry', 'another'],
    ['edge CA', '"4%"', '"5%"'],
    ['trust bundle', 'aziot-edged-trust-bundle', 'other'],
  ])('not the %s', (_, from, to) => {
    expect(agent()).toContain(from);
    expect(digest(agent().replace(from, to))).toBe(usually);
  });
});
