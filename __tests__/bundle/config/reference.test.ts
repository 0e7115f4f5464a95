import { readFileSync } from 'node:fs';
import { parse as parseToml } from '@iarna/toml';
import { expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { Platform } from '../../../src/model/fleet.ts';
import { describeNeeding } from '../../support/needing.ts';
import { configurationOf, type Wanted } from '../material.ts';
import { knownBy, type Target, together } from './options.ts';

const reference = new URL('../../../../shared/reference/iotedge/', import.meta.url);
const read = (path: string) => readFileSync(new URL(path, reference), 'utf8');
const toml = (text: string) => JSON.parse(JSON.stringify(parseToml(text)));

const templates: readonly (Target & { readonly folder: string; readonly file: string; readonly compiled: string })[] = [
  ['debian', 'linux-debian', 'unix'] as const,
  ['linux', 'linux-generic-rpm', 'unix'] as const,
  ['windows', 'windows', 'windows'] as const,
].flatMap(([platform, name, system]) =>
  ['1.0.10', '1.1.15'].map((version) => ({
    version,
    minor: Number(version[2]),
    platform: platform satisfies Platform,
    folder: `config.yaml/${version}/`,
    file: `${name}.config.yaml`,
    compiled: `compiled-default.${system}.yaml`,
  })),
);

const newer = ['1.2.10', '1.6.1'].flatMap((version) =>
  (['debian', 'linux'] as const).map((platform) => ({ version, minor: Number(version[2]), platform })),
);

/**
 * The runtime reads these although the templates lack them: createOptions since 1.0, and the network as a map in 1.2 as
 * before.
 */
const elsewhere = ['createOptions', 'name', 'ipv6', 'ipam', 'config', 'gateway', 'subnet', 'ip_range'];

describeNeeding(['../shared/reference'], 'the templates of the packages', () => {
  it.each(templates)('of $version on $platform set what we set, to the same values', (target) => {
    const template = parseYaml(read(target.folder + target.file));
    const ours = parseYaml(configurationOf({ version: target.version, platform: target.platform }));
    expect(Object.keys(ours)).toEqual(Object.keys(template));
    expect(ours).toEqual({ ...template, provisioning: ours.provisioning, hostname: ours.hostname });
    expect(template.provisioning.dynamic_reprovisioning).toBe(ours.provisioning.dynamic_reprovisioning);
    expect(template.hostname).not.toBe(ours.hostname);
  });

  it.each(templates)('of $version on $platform know every key that we write, in use or in a comment', (target) => {
    const known = read(target.folder + target.file) + read(target.folder + target.compiled);
    const keys = keysIn(target, parseYaml);
    expect(keys).toContain('auto_generated_ca_lifetime_days');
    for (const key of keys) {
      if (key === 'createOptions') expect(read('README.md')).toContain(`config.{image, ${key}, auth`);
      else expect(known, key).toMatch(new RegExp(`^[# ]*${key}:`, 'm'));
    }
  });

  it.each(newer)('of $version on $platform know every key that we write, in use or in a comment', (target) => {
    const known = read(`config.toml/${target.version}/template.toml`);
    const keys = keysIn(target, toml);
    expect(keys).toContain('pkcs11_base_slot');
    expect(keys.includes('image_garbage_collection')).toBe(target.minor >= 4);
    for (const key of keys.filter((key) => !elsewhere.includes(key)))
      expect(known, key).toMatch(new RegExp(`^[# ]*(${key} =|\\[([a-z_]+\\.)*${key}(\\]|\\.))`, 'm'));
  });
});

/** The names of all settings with every option set, without names that the user chooses. */
function keysIn(target: Target, parse: (text: string) => unknown): readonly string[] {
  const keys = new Set<string>();
  const walk = (value: unknown) => {
    if (Array.isArray(value)) value.forEach(walk);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    for (const [key, inner] of Object.entries(value)) {
      keys.add(key);
      if (key !== 'env' && key !== 'createOptions') walk(inner);
    }
  };
  for (const which of ['first', 'last'] as const)
    walk(parse(configurationOf(together(target, knownBy(target, which)))));
  // An option that excludes another one.
  if (target.minor < 2) walk(parse(configurationOf({ ...target, config: { edgeCa: { lifetimeDays: 1 } } })));
  return [...keys];
}

describeNeeding(['../shared/reference'], 'the runtime’s own pair of manual X.509', () => {
  const pair: Wanted = {
    id: 'my-device',
    hostname: 'my-device',
    hub: 'example.azure-devices.net',
    certificate: '/var/secrets/device-id.pem',
    privateKey: '/var/secrets/device-id.key.pem',
    image: 'mcr.microsoft.com/azureiotedge-agent:1.0',
  };

  it('is rendered alike for 1.1', () => {
    const theirs = parseYaml(read('config.toml/manual-x509/old-config.yaml'));
    const ours = parseYaml(configurationOf({ ...pair, config: { dynamicReprovisioning: true } }));
    // The file leaves these out. They are empty by default.
    const agent = { ...theirs.agent, env: {}, config: { ...theirs.agent.config, auth: {} } };
    expect(ours).toEqual({ ...theirs, agent });
  });

  it.each(['1.2', '1.3', '1.4', '1.5', '1.6'])('is rendered alike for %s', (version) => {
    const theirs = toml(read('config.toml/manual-x509/super-config.toml'));
    const ours = toml(configurationOf({ ...pair, version, config: { autoReprovisioningMode: 'Dynamic' } }));
    /** `iotedge config import` writes these, although they are defaults of the runtime. */
    const defaults = {
      prefer_module_identity_cache: false,
      aziot_keys: {},
      preloaded_keys: {},
      cert_issuance: {},
      preloaded_certs: {},
      tpm: {},
      watchdog: { max_retries: 'infinite' },
      edge_ca: { auto_generated_edge_ca_expiry_days: 90 },
      moby_runtime: { uri: 'unix:///var/run/docker.sock', network: 'azure-iot-edge' },
      // `connect` has the sockets of 1.1, `listen` those of the package of 1.2.
      connect: {
        workload_uri: 'unix:///var/run/iotedge/workload.sock',
        management_uri: 'unix:///var/run/iotedge/mgmt.sock',
      },
      listen: {
        workload_uri: 'fd://aziot-edged.workload.socket',
        management_uri: 'fd://aziot-edged.mgmt.socket',
      },
    };
    const agent = {
      ...ours.agent,
      imagePullPolicy: 'on-create',
      config: { ...ours.agent.config, createOptions: {}, auth: {} },
    };
    expect({ ...defaults, ...ours, agent }).toEqual(theirs);
  });

  it('can be said whole, defaults and all', () => {
    const config = {
      autoReprovisioningMode: 'Dynamic',
      watchdog: { maxRetries: 'infinite' },
      edgeCa: { lifetimeDays: 90 },
      network: { name: 'azure-iot-edge', ipam: [] },
    } as const;
    const ours = toml(configurationOf({ ...pair, version: '1.5', config }));
    expect(toml(read('config.toml/manual-x509/super-config.toml'))).toMatchObject(ours);
  });
});
