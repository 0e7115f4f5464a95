import { type Device, isHubHost } from '../model/fleet.ts';
import type { Base } from './base/base.ts';
import { renderOnBase } from './base/device.ts';
import { pathInToml, renderConfigToml } from './config/toml.ts';
import { configYamlOf, pathInYaml, renderConfigYaml } from './config/yaml.ts';
import { carriesConfiguration } from './judge/linux-containers.ts';
import { type Places, readPlaces } from './judge/places.ts';
import { generationOf } from './judge/runtime.ts';
import type { ForEachKey } from './judge/setting.ts';

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

/** How a change of a key is described, by which name and where its value is found. */
type Described =
  /** By its value in config.yaml or config.toml, at the path that `config/yaml.ts` and `config/toml.ts` have for the key. */
  | { readonly name: string; readonly alsoAt?: string; readonly inScript: boolean }
  /** By what the scripts of the bundle are told beside the configuration. */
  | { readonly name: string; readonly beside: (device: Device) => unknown }
  /** By the change of another setting, which holds it. */
  | typeof withAnother;

const withAnother = 'with another setting';

/** Its keys have rows of their own. */
const byItsKeys = 'by its keys';

/** In the configuration alone. */
const inFile = (name: string) => ({ name, inScript: false });

/** `Initialize-IoTEdge` is told it too, where that makes the configuration by itself. */
const inScriptToo = (name: string) => ({ name, inScript: true });

/** How a change of each key is described in a pull request. A new key has its row here. */
const described: ForEachKey<Described, Described | typeof byItsKeys> = {
  'runtime.version': { name: 'runtime.version', beside: ({ runtime }) => runtime.version.text },
  'runtime.platform': { name: 'runtime.platform', beside: ({ runtime }) => runtime.platform },
  'runtime.containerOs': { name: 'runtime.containerOs', beside: ({ runtime }) => runtime.containerOs },
  'runtime.securityDaemonScript': {
    name: 'runtime.securityDaemonScript',
    beside: ({ runtime }) => runtime.securityDaemonScript,
  },
  'identity.slot': { name: 'identity.slot', beside: ({ identity }) => identity.slot },
  'identity.certificate': inScriptToo('identity.certificate'),
  'identity.privateKey': inScriptToo('identity.privateKey'),
  // It stands in the URI of the key.
  'identity.pinFrom': withAnother,
  // Its settings are compared one by one.
  'config.base': withAnother,
  'config.hostname': inFile('hostname'),
  'config.parentHostname': inFile('parentHostname'),
  'config.agent': byItsKeys,
  'config.agent.image': inScriptToo('agent.image'),
  'config.agent.env': inFile('agent.env'),
  'config.agent.createOptions': inFile('agent.createOptions'),
  'config.agent.registry': inScriptToo('agent.registry'),
  'config.agent.registry.server': {
    ...inScriptToo('agent.registry.server'),
    alsoAt: 'agent.config.auth.serveraddress',
  },
  'config.agent.registry.username': withAnother,
  // As the placeholder of the password.
  'config.agent.registry.passwordFrom': withAnother,
  'config.proxy': byItsKeys,
  'config.proxy.https': { name: 'proxy.https', beside: ({ config }) => config.proxy?.https },
  'config.proxy.noProxy': { name: 'proxy.noProxy', beside: ({ config }) => config.proxy?.noProxy },
  'config.trustBundle': inScriptToo('trustBundle'),
  'config.edgeCa': byItsKeys,
  'config.edgeCa.certificate': inScriptToo('edgeCa.certificate'),
  'config.edgeCa.privateKey': inScriptToo('edgeCa.privateKey'),
  'config.edgeCa.lifetimeDays': inScriptToo('edgeCa.lifetimeDays'),
  'config.dynamicReprovisioning': inScriptToo('dynamicReprovisioning'),
  'config.autoReprovisioningMode': inFile('autoReprovisioningMode'),
  'config.network': inFile('network'),
  'config.network.name': withAnother,
  'config.network.ipv6': withAnother,
  'config.network.ipam': withAnother,
  'config.network.ipam.gateway': withAnother,
  'config.network.ipam.subnet': withAnother,
  'config.network.ipam.ipRange': withAnother,
  'config.watchdog': byItsKeys,
  'config.watchdog.maxRetries': inFile('watchdog.maxRetries'),
  'config.imageGarbageCollection': inFile('imageGarbageCollection'),
  'config.imageGarbageCollection.enabled': withAnother,
  'config.imageGarbageCollection.cleanupRecurrence': withAnother,
  'config.imageGarbageCollection.imageAgeCleanupThreshold': withAnother,
  'config.imageGarbageCollection.cleanupTime': withAnother,
  'config.pkcs11': byItsKeys,
  'config.pkcs11.library': inFile('pkcs11.library'),
  'config.pkcs11.baseSlot': inFile('pkcs11.baseSlot'),
};

const rows = Object.entries(described).flatMap(([key, row]) => (typeof row === 'string' ? [] : [{ key, ...row }]));

function besideConfiguration(device: Device): Settings {
  const settings = new Map<string, string>(flat('hub', device.hub));
  for (const row of rows) {
    if ('beside' in row) for (const [key, value] of flat(row.name, row.beside(device))) settings.set(key, value);
  }
  return settings;
}

/**
 * Every setting of what a device runs, by its dotted key; those that the manifest has by the manifest's names.
 * @param form of what it is compared with: what config.yaml and config.toml have of their own is left out between them
 */
export async function settingsOf(device: Device, running: Running, form: Running['form']): Promise<Settings> {
  const settings = new Map<string, string>();
  for (const [key, value] of flat('', await running.parsed())) {
    const called = calledIn(key);
    const runs = called === undefined ? running.form === form : carriesConfiguration(device) || called.inScript;
    if (runs) settings.set(called?.name ?? key, value);
  }
  // The address of a hub is there without its port.
  settings.delete('hub');
  return new Map([...settings, ...running.beside]);
}

/** Every text, number and truth value in maps and lists, by its dotted key. */
function* flat(key: string, value: unknown): Generator<readonly [key: string, value: string]> {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null || value instanceof Date) yield [key, String(value)];
  else for (const [name, inner] of Object.entries(value)) yield* flat(key === '' ? name : `${key}.${name}`, inner);
}

interface Called {
  /** The path in the file. */
  readonly path: string;
  /** The name in the manifest, without `config.` before it. */
  readonly name: string;
  readonly inScript: boolean;
}

/** What the manifest calls a setting of config.yaml or config.toml; `undefined` where it has no name for it. */
function calledIn(key: string): Called | undefined {
  const called = names.find(({ path }) => key === path || key.startsWith(`${path}.`));
  if (called === undefined) return undefined;
  const { path, name } = called;
  if (key !== path) return { ...called, name: camelCase(name + key.slice(path.length), name) };
  // A network that has nothing but a name.
  return name === 'network' ? { ...called, name: 'network.name' } : called;
}

/** Names of variables and labels are the user's own. */
function camelCase(key: string, name: string): string {
  return /^agent\./.test(name) ? key : key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The names of both files' settings. A longer path comes before those that it begins with. */
const names: readonly Called[] = [
  { path: 'provisioning.iothub_hostname', name: 'hub', inScript: false },
  { path: 'provisioning.authentication.iothub_hostname', name: 'hub', inScript: false },
  ...rows.flatMap((row) => {
    if ('beside' in row) return [];
    const { name, inScript, alsoAt } = row;
    const paths = [alsoAt, pathInYaml(row.key), pathInToml(row.key)].filter((path) => path !== undefined);
    return [...new Set(paths)].map((path) => ({ path, name, inScript }));
  }),
].sort((a, b) => b.path.length - a.path.length);
