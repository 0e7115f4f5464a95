import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readBases } from '../../../src/bundle/base/read.ts';
import { ownName } from '../../../src/bundle/config/own-name.ts';
import { renderBundles } from '../../../src/bundle/render.ts';
import type { Device } from '../../../src/model/fleet.ts';
import { openWorkspace } from '../../../src/run/workspace.ts';
import { told } from '../../support/finding.ts';
import { folderWith } from '../../support/folder.ts';
import { identityOf, now, type Wanted } from '../material.ts';

const base = `# ours
provisioning:
  source: "manual"
  device_connection_string: "<ADD DEVICE CONNECTION STRING HERE>"
  dynamic_reprovisioning: true
agent:
  name: "edgeAgent"
  type: "docker"
  env:
    KEPT: "yes" # and why
  config:
    image: "registry.example/agent:1"
    auth: {}
hostname: "press-1.plant.example"
connect: { management_uri: "unix:///var/run/iotedge/mgmt.sock", workload_uri: "unix:///var/run/iotedge/workload.sock" }
listen: { management_uri: "fd://iotedge.mgmt.socket", workload_uri: "fd://iotedge.socket" }
homedir: "/var/lib/iotedge"
moby_runtime:
  uri: "unix:///var/run/docker.sock"
`;

async function render(wanted: Wanted, files: Readonly<Record<string, string>> = { 'base.yaml': base }) {
  const identity = identityOf(wanted);
  const device: Device = { ...identity.device, config: { ...identity.device.config, base: 'base.yaml' } };
  const bases = await readBases([device], openWorkspace(folderWith(files)));
  const bundles = await renderBundles([{ ...identity, device }], { now, bases: bases.value });
  const text = bundles.value[0]?.files.find(({ name }) => name === 'config.yaml')?.text;
  return {
    text,
    findings: [...bases.findings, ...bundles.findings].map(({ rule }) => rule),
    files: bundles.value[0]?.files,
  };
}

describe('a device with a config.base', () => {
  it('keeps what the file says and the manifest does not', async () => {
    const { text, findings, files } = await render({ id: '7-edge' });
    expect(findings).toEqual(['runtime/out-of-support']);
    expect(parse(text ?? '')).toEqual({
      ...parse(base),
      provisioning: {
        source: 'manual',
        authentication: {
          method: 'x509',
          iothub_hostname: 'contoso.azure-devices.net',
          device_id: '7-edge',
          identity_cert: 'file:///var/lib/iotedge/identity/7-edge.pem',
          identity_pk: 'file:///var/lib/iotedge/identity/7-edge.key.pem',
        },
        dynamic_reprovisioning: true,
      },
    });
    expect(text).toContain('KEPT: "yes" # and why');
    expect(files?.map(({ name }) => name)).toEqual(['config.yaml', 'install.sh']);
  });

  it.each([
    ['', ' # Placed by hand'],
    ['hostname: "<ADD HOSTNAME HERE>" # mine\n', ' # mine # Placed by hand'],
  ])('keeps its own name where the file has %j', async (line, comment) => {
    const text = base.replace('hostname: "press-1.plant.example"\n', line);
    const rendered = await render({ id: '7-edge' }, { 'base.yaml': text });
    expect(rendered.findings).toEqual(['runtime/out-of-support']);
    expect(parse(rendered.text ?? '').hostname).toBe(ownName);
    expect(rendered.text).toContain(`hostname: "${ownName}"${comment}`);
    const windows = await render({ platform: 'windows' }, { 'base.yaml': text.replaceAll('\n', '\r\n') });
    expect(windows.text).toMatch(/ # Placed by hand\?.*\r\n/);
  });

  it('takes from the manifest all that it says, and keeps the rest of each section', async () => {
    const { text, findings } = await render({
      hostname: 'other.example',
      image: 'registry.example/agent:2',
      env: { A: 'b' },
      config: {
        watchdog: { maxRetries: 3 },
        network: { name: 'net', ipam: [] },
        proxy: { https: 'http://proxy:3128', noProxy: 'localhost' },
        dynamicReprovisioning: false,
      },
    });
    expect(findings).toEqual(['runtime/out-of-support']);
    const settings = parse(text ?? '');
    expect(settings.hostname).toBe('other.example');
    expect(settings.agent.config.image).toBe('registry.example/agent:2');
    expect(settings.agent.env).toEqual({
      KEPT: 'yes',
      A: 'b',
      https_proxy: 'http://proxy:3128',
      no_proxy: 'localhost',
    });
    expect(settings.watchdog).toEqual({ max_retries: 3 });
    expect(settings.moby_runtime).toEqual({ uri: 'unix:///var/run/docker.sock', network: 'net' });
    expect(settings.provisioning.dynamic_reprovisioning).toBe(false);
  });

  it('gets no bundle where its file cannot be edited', async () => {
    const { files, findings } = await render({}, { 'base.yaml': 'a: b\n---\nc: d\n' });
    expect(files).toBeUndefined();
    expect(findings).toContain('config/base');
  });

  it.each([
    ['1.6', base, 'config.toml'],
    ['1.1', 'hostname = "a"\n', 'config.yaml'],
  ] as const)('is refused where IoT Edge %s reads the other form', async (version, text, expected) => {
    const identity = identityOf({ version });
    const device: Device = { ...identity.device, config: { ...identity.device.config, base: 'base.file' } };
    const { value, findings } = await readBases([device], openWorkspace(folderWith({ 'base.file': text })));
    expect(value.size).toBe(0);
    const problem = { kind: 'other-form', expected, version } as const;
    expect(findings).toMatchObject([
      { ...told('config/base', { path: 'base.file', problem }), place: { file: 'devices.yaml' } },
    ]);
  });

  it('is refused in the one form and taken in the other, where devices of both name it', async () => {
    const devices = ['1.1', '1.6'].map((version) => {
      const { device } = identityOf({ version, id: `edge-${version}` });
      return { ...device, config: { ...device.config, base: 'base.yaml' } };
    });
    const { value, findings } = await readBases(devices, openWorkspace(folderWith({ 'base.yaml': base })));
    expect(value.get('base.yaml')?.form).toBe('config.yaml');
    expect(findings.map(({ rule, device }) => [rule, device])).toEqual([['config/base', 'edge-1.6']]);
    const identities = devices.map((device) => ({ ...identityOf({ version: device.runtime.version.text }), device }));
    const bundles = await renderBundles(identities, { now, bases: value });
    expect(bundles.value.map(({ device }) => device)).toEqual(['edge-1.1']);
  });
});
