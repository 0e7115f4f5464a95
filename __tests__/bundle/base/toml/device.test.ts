import { readFileSync } from 'node:fs';
import { parse } from 'smol-toml';
import { describe, expect, it } from 'vitest';
import { readBases } from '../../../../src/bundle/base/read.ts';
import { configurationChanges } from '../../../../src/bundle/difference.ts';
import { renderBundles } from '../../../../src/bundle/render.ts';
import type { Device } from '../../../../src/model/fleet.ts';
import { openWorkspace } from '../../../../src/run/workspace.ts';
import { folderWith } from '../../../support/folder.ts';
import { deviceOf, identityOf, now, type Wanted } from '../../material.ts';

const base = `# ours
hostname = "press-1"
local_gateway_hostname = "gateway"

[edge_ca] # by our EST server
method = "est"
common_name = "press CA"

[edge_ca.auto_renew]
rotate_key = true
threshold = "80%"
retry = "4%"
`;

function withBase(wanted: Wanted, path = 'base.toml'): Device {
  const device = deviceOf({ version: '1.6', ...wanted });
  return { ...device, config: { ...device.config, base: path } };
}

async function render(wanted: Wanted, text = base) {
  const device = withBase(wanted);
  const bases = await readBases([device], openWorkspace(folderWith({ 'base.toml': text })));
  const { value, findings } = await renderBundles([{ ...identityOf(wanted), device }], { now, bases: bases.value });
  const file = (name: string) => value[0]?.files.find((one) => one.name === name)?.text ?? '';
  return { text: file('config.toml'), script: file('install.sh'), findings: [...bases.findings, ...findings] };
}

describe('a device with a config.toml as its base', () => {
  it('has it with its provisioning, and what stands in it otherwise', async () => {
    const { text, script, findings } = await render({});
    expect(findings).toEqual([]);
    expect(text.startsWith(base)).toBe(true);
    expect(parse(text)).toEqual({
      ...parse(base),
      provisioning: {
        source: 'manual',
        iothub_hostname: 'contoso.azure-devices.net',
        device_id: 'edge-001',
        authentication: {
          method: 'x509',
          identity_cert: 'file:///var/aziot/certs/edge-001.pem',
          identity_pk: 'file:///var/aziot/secrets/edge-001.key.pem',
        },
      },
    });
    expect(script).toContain("HOST_NAME='press-1'\n");
  });

  it('gets the keys of its manifest, and with a new section what the runtime needs there', async () => {
    const env = { A: 'b' };
    const { text, findings } = await render({
      hostname: 'press-2',
      config: {
        agent: { env },
        parentHostname: 'gateway-2',
        network: { name: 'plant', ipam: [] },
        watchdog: { maxRetries: 'infinite' },
      },
    });
    expect(findings).toEqual([]);
    expect(parse(text)).toMatchObject({
      hostname: 'press-2',
      local_gateway_hostname: 'gateway-2',
      agent: { name: 'edgeAgent', type: 'docker', config: { image: 'mcr.microsoft.com/azureiotedge-agent:1.6' }, env },
      moby_runtime: { uri: 'unix:///var/run/docker.sock', network: 'plant' },
      watchdog: { max_retries: 'infinite' },
    });
    expect(parse(text)).not.toHaveProperty('parent_hostname');
  });

  it('has the placeholders of its secrets filled in on the device', async () => {
    const registry = { server: 'contoso.azurecr.io', username: 'me', passwordFrom: 'IOTEDGE_P' };
    const { script } = await render({ config: { agent: { registry } } }, `${base}\r\n`);
    expect(script).toContain("SECRET_NAMES='IOTEDGE_P'\n");
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the placeholder
    expect(script).toContain('password = "${IOTEDGE_P}"');
  });

  it('gets no bundle where its file is refused', async () => {
    const { text, findings } = await render({}, 'hostname = 5\n');
    expect(findings.map(({ rule }) => rule)).toEqual(['config/base-value']);
    expect(text).not.toContain('[provisioning]\nhostname');
  });

  it('is compared setting by setting in a pull request', async () => {
    const at = (text: string) => ({
      devices: [withBase({})],
      workspace: openWorkspace(folderWith({ 'base.toml': text })),
    });
    const { value: changes } = await configurationChanges(
      at(base),
      at(base.replace('"80%"', '"70%"').replace('# ours', '# of us')),
    );
    expect(changes).toEqual([
      { key: 'edge_ca.auto_renew.threshold', before: '80%', after: '70%', devices: ['edge-001'] },
    ]);
  });

  it('is compared with a config.yaml of before', async () => {
    const before = {
      devices: [deviceOf({ version: '1.1', hostname: 'press-1' })],
      workspace: openWorkspace(folderWith({})),
    };
    const after = {
      devices: [withBase({ hostname: 'press-2' })],
      workspace: openWorkspace(folderWith({ 'base.toml': base })),
    };
    const { value: changes } = await configurationChanges(before, after);
    expect(changes).toContainEqual({ key: 'hostname', before: 'press-1', after: 'press-2', devices: ['edge-001'] });
  });

  it('is edited in little time, also for many devices', async () => {
    const devices = Array.from({ length: 200 }, (_, n) => withBase({ id: `edge-${n}`, line: n + 1 }));
    const workspace = openWorkspace(folderWith({ 'base.toml': `${'# a comment\n'.repeat(500)}${base}` }));
    const start = performance.now();
    expect((await readBases(devices, workspace)).findings).toEqual([]);
    // About 1 ms a device on a machine that is not busy.
    expect(performance.now() - start).toBeLessThan(20_000);
  });
});

/** The example of docs/on-the-device.md. */
function documented(): string {
  const page = readFileSync(new URL('../../../../docs/on-the-device.md', import.meta.url), 'utf8');
  return /^```toml\n# base\/config\.toml\n([\s\S]*?)^```$/m.exec(page)?.[1] ?? '';
}

describe('the base that docs/on-the-device.md shows', () => {
  it('is taken as it is, and says what it says', async () => {
    const { text, findings } = await render({}, documented());
    expect(findings).toEqual([]);
    expect(parse(text)).toMatchObject({
      edge_ca: { method: 'est', auto_renew: { rotate_key: true, threshold: '80%', retry: '4%' } },
      cert_issuance: { est: { urls: { default: 'https://est.plant.example/.well-known/est' } } },
      provisioning: { device_id: 'edge-001' },
    });
  });
});
