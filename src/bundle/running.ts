import { type Device, isHubHost } from '../model/fleet.ts';
import type { Base } from './base/base.ts';
import { renderOnBase } from './base/device.ts';
import { renderConfigToml } from './config/toml.ts';
import { configYamlOf, renderConfigYaml } from './config/yaml.ts';
import { carriesConfiguration } from './judge/linux-containers.ts';
import { type Places, readPlaces } from './judge/places.ts';
import { generationOf } from './judge/runtime.ts';

/** What a device runs by its bundle: its configuration as it is rendered, and what else its scripts are told. */
export interface Running {
  readonly form: 'config.yaml' | 'config.toml';
  readonly text: string;
  /** What a reader of the text gets. */
  readonly parsed: () => Promise<object>;
  /** By dotted keys of the manifest. */
  readonly beside: Settings;
}

type Settings = ReadonlyMap<string, string>;

/**
 * Renders what a device runs, whatever its checks say of it: the base of a pull request may have had what its head mends. Nothing
 * where it cannot be rendered.
 * @param base the file of `config.base`, where the device names one and it can be edited
 */
export function runningOf(device: Device, base: Base | undefined): Running | undefined {
  const form = generationOf(device.runtime.version) === 'aziot' ? 'config.toml' : 'config.yaml';
  const { config } = device;
  // `validate` asks no hub, and knows none where the manifest names none.
  const hub = device.hub ?? ['localhost'].find(isHubHost);
  const places = readPlaces(device).value ?? placesAsWritten(device);
  if (hub === undefined || (config.base !== undefined && form === 'config.yaml' && base === undefined))
    return undefined;
  try {
    const beside = besideConfiguration(device);
    if (form === 'config.toml') {
      const text = renderConfigToml(device, hub, places);
      return { form, text, parsed: async () => (await import('smol-toml')).parse(text, wholly), beside };
    }
    if (base !== undefined) {
      const text = renderOnBase(base, device, hub, places);
      return { form, text, parsed: async () => (await import('yaml')).parse(text, quietly), beside };
    }
    // To parse what we have just written would take a millisecond a device.
    const parsed = async () => configYamlOf(device, hub, places);
    return { form, text: renderConfigYaml(device, hub, places), parsed, beside };
  } catch {
    // What no writer takes is a finding where it stands.
    return undefined;
  }
}

/** Numbers of options of a container may be larger than JavaScript's. */
const wholly = { integersAsBigInt: 'asNeeded' } as const;
const quietly = { stringKeys: true, logLevel: 'silent' } as const;

/** Places that no device could have are as good as others to be compared. */
function placesAsWritten({ identity: { certificate = '', privateKey = '' } }: Device): Places {
  return { certificate: { uri: certificate }, privateKey: { uri: privateKey } };
}

function besideConfiguration({ hub, runtime, identity, config }: Device): Settings {
  const settings = { hub, runtime: { ...runtime, version: runtime.version.text }, proxy: config.proxy };
  return new Map(flat('', { ...settings, identity: { slot: identity.slot } }));
}

/**
 * Every setting of what a device runs, by its dotted key; those that the manifest has by the manifest's names.
 * @param form of what it is compared with: what config.yaml and config.toml have of their own is left out between them
 */
export async function settingsOf(device: Device, running: Running, form: Running['form']): Promise<Settings> {
  const settings = new Map<string, string>();
  for (const [key, value] of flat('', await running.parsed())) {
    const known = manifestKey(key);
    const told = known === undefined ? running.form === form : carriesConfiguration(device) || scriptKeys.test(known);
    if (told) settings.set(known ?? key, value);
  }
  // The address of a hub is there without its port.
  settings.delete('hub');
  return new Map([...settings, ...running.beside]);
}

/** What `Initialize-IoTEdge` is told where it makes the configuration by itself. */
const scriptKeys = /^(identity|edgeCa|agent\.(image|registry))\.?|^(trustBundle|dynamicReprovisioning)$/;

/** Every text, number and truth value in maps and lists, by its dotted key. */
function* flat(key: string, value: unknown): Generator<readonly [key: string, value: string]> {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null || value instanceof Date) yield [key, String(value)];
  else for (const [name, inner] of Object.entries(value)) yield* flat(key === '' ? name : `${key}.${name}`, inner);
}

/** How the manifest calls a key of config.yaml or config.toml; `undefined` for what it does not have. */
function manifestKey(key: string): string | undefined {
  for (const [file, manifest] of names) {
    if (key === file) return manifest === 'network' ? 'network.name' : manifest;
    if (key.startsWith(`${file}.`)) return camelCase(manifest + key.slice(file.length), manifest);
  }
  return undefined;
}

/** Names of variables and labels are the user's own. */
function camelCase(key: string, manifest: string): string {
  return /^agent\./.test(manifest) ? key : key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Longer keys before those that they begin with. */
const names: readonly (readonly [file: string, manifest: string])[] = [
  ['hostname', 'hostname'],
  ['parent_hostname', 'parentHostname'],
  ['trust_bundle_cert', 'trustBundle'],
  ['auto_reprovisioning_mode', 'autoReprovisioningMode'],
  ['provisioning.dynamic_reprovisioning', 'dynamicReprovisioning'],
  ['provisioning.iothub_hostname', 'hub'],
  ['provisioning.authentication.iothub_hostname', 'hub'],
  ['provisioning.authentication.identity_cert', 'identity.certificate'],
  ['provisioning.authentication.identity_pk', 'identity.privateKey'],
  ['agent.config.image', 'agent.image'],
  ['agent.config.createOptions', 'agent.createOptions'],
  ['agent.config.auth.serveraddress', 'agent.registry.server'],
  ['agent.config.auth', 'agent.registry'],
  ['agent.env', 'agent.env'],
  ['certificates.device_ca_cert', 'edgeCa.certificate'],
  ['certificates.device_ca_pk', 'edgeCa.privateKey'],
  ['certificates.trusted_ca_certs', 'trustBundle'],
  ['certificates.auto_generated_ca_lifetime_days', 'edgeCa.lifetimeDays'],
  ['edge_ca.cert', 'edgeCa.certificate'],
  ['edge_ca.pk', 'edgeCa.privateKey'],
  ['edge_ca.auto_generated_edge_ca_expiry_days', 'edgeCa.lifetimeDays'],
  ['watchdog.max_retries', 'watchdog.maxRetries'],
  ['image_garbage_collection', 'imageGarbageCollection'],
  ['aziot_keys.pkcs11_lib_path', 'pkcs11.library'],
  ['aziot_keys.pkcs11_base_slot', 'pkcs11.baseSlot'],
  ['moby_runtime.network', 'network'],
];
