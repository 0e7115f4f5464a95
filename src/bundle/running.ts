import type { Device } from '../model/fleet.ts';
import { nameForDevices } from '../model/hub-name.ts';
import { renderOnBase } from './base/device.ts';
import { type BaseFile, formOf } from './base/file.ts';
import { ownName, ownNameShown } from './config/own-name.ts';
import { pathInToml, renderConfigToml } from './config/toml.ts';
import { configYamlOf, pathInYaml, renderConfigYaml } from './config/yaml.ts';
import { endpointOf } from './endpoint.ts';
import { carriesConfiguration } from './judge/linux-containers.ts';
import { type Places, readPlaces } from './judge/places.ts';
import type { ForEachKey } from './judge/setting.ts';

/** What a device runs with its bundle: the rendered configuration, and the values that its scripts get besides. */
export interface Running {
  readonly form: 'config.yaml' | 'config.toml';
  readonly text: string;
  /** The settings of the text, as a reader gets them. */
  readonly parsed: () => Promise<object>;
  /** By dotted keys of the manifest. */
  readonly beside: Settings;
}

type Settings = ReadonlyMap<string, string>;

/**
 * Renders what a device runs, even if checks refuse it: the head of a pull request may fix what was wrong at its base.
 * Returns nothing if it cannot be rendered.
 * @param base the file of `config.base`, if the device names one that can be edited
 */
export function runningOf(device: Device, base: BaseFile | undefined): Running | undefined {
  const form = formOf(device);
  const { config } = device;
  const hub = endpointOf(device);
  const places = readPlaces(device).value ?? placesAsWritten(device);
  if (config.base !== undefined && base === undefined) return undefined;
  try {
    const beside = besideConfiguration(device);
    if (form === 'config.toml') {
      const text = base === undefined ? renderConfigToml(device, hub, places) : renderOnBase(base, device, hub, places);
      return { form, text, parsed: async () => (await import('smol-toml')).parse(text, wholly), beside };
    }
    if (base !== undefined) {
      const text = renderOnBase(base, device, hub, places);
      return { form, text, parsed: async () => (await import('yaml')).parse(text, quietly), beside };
    }
    // Parsing the text again would take a millisecond for each device.
    const parsed = async () => configYamlOf(device, hub, places);
    return { form, text: renderConfigYaml(device, hub, places), parsed, beside };
  } catch {
    // A value that cannot be written is a finding of the checks.
    return undefined;
  }
}

/** Numbers in the options of a container may be too large for a JavaScript number. */
const wholly = { integersAsBigInt: 'asNeeded' } as const;
const quietly = { stringKeys: true, logLevel: 'silent' } as const;

/** Invalid places are compared as they are written. */
function placesAsWritten({ identity: { certificate = '', privateKey = '' } }: Device): Places {
  return { certificate: { uri: certificate }, privateKey: { uri: privateKey } };
}

/** How a change of a key is described: under which name, and where its value is found. */
type Described =
  /**
   * Its value in config.yaml or config.toml, at the path that `config/yaml.ts` and `config/toml.ts` have for the key.
   */
  | { readonly name: string; readonly alsoAt?: string; readonly inScript: boolean }
  /** A value that the scripts of the bundle get besides the configuration. */
  | { readonly name: string; readonly beside: (device: Device) => unknown }
  /** Its value is part of another setting, whose change is described. */
  | typeof withAnother;

const withAnother = 'with another setting';

/** The rows of the keys below describe it. */
const byItsKeys = 'by its keys';

/** The configuration has it, and no script. */
const inFile = (name: string) => ({ name, inScript: false });

/** `Initialize-IoTEdge` gets it too, if it makes the configuration by itself. */
const inScriptToo = (name: string) => ({ name, inScript: true });

/** How a pull request describes a change of each key. A new key needs a row here. */
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
  // The URI of the private key has it.
  'identity.pinFrom': withAnother,
  // The settings in its file are compared one by one.
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
  // The placeholder of the password has it.
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
  const settings = new Map<string, string>(flat('hub', device.hub && nameForDevices(device.hub, device.hubForm)));
  for (const row of rows) {
    if ('beside' in row) for (const [key, value] of flat(row.name, row.beside(device))) settings.set(key, value);
  }
  return settings;
}

/**
 * Returns every setting of what a device runs, by its dotted key. Settings that the manifest has get the manifest's
 * names.
 * @param form of the other side of the comparison: settings that only one of the two files can have are left out if the
 *   forms differ
 */
export async function settingsOf(device: Device, running: Running, form: Running['form']): Promise<Settings> {
  const settings = new Map<string, string>();
  for (const [key, value] of flat('', await running.parsed())) {
    const called = calledIn(key);
    const runs = called === undefined ? running.form === form : carriesConfiguration(device) || called.inScript;
    if (runs) settings.set(called?.name ?? key, value);
  }
  // config.toml has no line for the device's own name, and config.yaml has a placeholder.
  if (carriesConfiguration(device) && (settings.get('hostname') ?? ownName) === ownName) {
    settings.set('hostname', ownNameShown);
  }
  // The configuration has the hub without its port; `beside` has it whole.
  settings.delete('hub');
  return new Map([...settings, ...running.beside]);
}

/** Lists every text, number and truth value in maps and lists, by its dotted key. */
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

/** The manifest's name for a setting of config.yaml or config.toml; `undefined` if it has none. */
function calledIn(key: string): Called | undefined {
  const called = names.find(({ path }) => key === path || key.startsWith(`${path}.`));
  if (called === undefined) return undefined;
  const { path, name } = called;
  if (key !== path) return { ...called, name: camelCase(name + key.slice(path.length), name) };
  // A network with only a name is a text.
  return name === 'network' ? { ...called, name: 'network.name' } : called;
}

/** The user chooses the names of variables and labels: they stay as they are. */
function camelCase(key: string, name: string): string {
  return /^agent\./.test(name) ? key : key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The manifest's names for the settings of both files. The first match counts, so longer paths come first. */
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
