import type { Finding } from '../model/finding.ts';
import {
  type AgentConfig,
  autoReprovisioningModes,
  type ContainerNetwork,
  type DeviceConfig,
  type ImageGarbageCollection,
  type RegistryCredentials,
} from '../model/fleet.ts';
import type { ForEachName } from '../model/setting-key.ts';
import { finding } from '../rules/rules.ts';
import { oneOf, present, type ValueReader } from './values.ts';

/**
 * Reads `config` of a device, whatever its runtime. The stage that renders judges what the version does not know.
 *
 * `satisfies ForEachName<…>` demands each name that the schema has, so that a new key does not compile until it is read
 * here.
 * @param folder the manifest's folder, relative to the workspace: the path of `config.base` starts there
 */
export function readConfig(read: ValueReader, folder: string): DeviceConfig {
  if (!read.has('config')) return nothing;
  return present({
    base: read.path('config.base', folder),
    hostname: read.text('config.hostname'),
    parentHostname: read.text('config.parentHostname'),
    agent: readAgent(read),
    proxy: readProxy(read),
    trustBundle: read.text('config.trustBundle'),
    edgeCa: readEdgeCa(read),
    dynamicReprovisioning: read.truth('config.dynamicReprovisioning'),
    autoReprovisioningMode: oneOf(read.text('config.autoReprovisioningMode'), autoReprovisioningModes),
    network: readNetwork(read),
    watchdog: readWatchdog(read),
    imageGarbageCollection: readCollection(read),
    pkcs11: readPkcs11(read),
  } satisfies ForEachName<'config'>);
}

/** Most devices of a large fleet have no `config`. They share this one to save memory. */
const nothing: DeviceConfig = { agent: { env: {} } };

/**
 * Returns a finding for each key that has only a part of what it needs. Defaults are merged before: a device may
 * complete them.
 */
export function incompleteConfig(read: ValueReader): readonly Finding[] {
  if (!read.has('config')) return [];
  return together.flatMap(({ key, parts }) => {
    const absent = parts.filter((part) => !read.has(`${key}.${part}`));
    if (absent.length === 0 || !read.has(key) || (key === edgeCa && absent.length === parts.length)) return [];
    const details = {
      key: absent.map((part) => `${key}.${part}`).join(' and '),
      expected: 'a value',
      found: 'nothing',
    };
    return [finding('manifest/type', details, { place: read.place(key), device: read.id })];
  });
}

const edgeCa = 'config.edgeCa';
const together: readonly { readonly key: string; readonly parts: readonly string[] }[] = [
  { key: 'config.agent.registry', parts: ['server', 'username', 'passwordFrom'] },
  { key: 'config.proxy', parts: ['https'] },
  { key: edgeCa, parts: ['certificate', 'privateKey'] },
  { key: 'config.pkcs11', parts: ['library'] },
];

function readAgent(read: ValueReader): AgentConfig {
  return present({
    image: read.text('config.agent.image'),
    env: read.texts('config.agent.env'),
    createOptions: read.json('config.agent.createOptions'),
    registry: readRegistry(read),
  } satisfies ForEachName<'config.agent'>);
}

function readRegistry(read: ValueReader): RegistryCredentials | undefined {
  const server = read.text('config.agent.registry.server');
  const username = read.text('config.agent.registry.username');
  const passwordFrom = read.text('config.agent.registry.passwordFrom');
  if (server === undefined || username === undefined || passwordFrom === undefined) return undefined;
  return { server, username, passwordFrom } satisfies ForEachName<'config.agent.registry'>;
}

function readProxy(read: ValueReader): DeviceConfig['proxy'] {
  const https = read.text('config.proxy.https');
  if (https === undefined) return undefined;
  return present({ https, noProxy: read.text('config.proxy.noProxy') } satisfies ForEachName<'config.proxy'>);
}

function readEdgeCa(read: ValueReader): DeviceConfig['edgeCa'] {
  if (!read.has('config.edgeCa')) return undefined;
  return present({
    certificate: read.text('config.edgeCa.certificate'),
    privateKey: read.text('config.edgeCa.privateKey'),
    lifetimeDays: read.number('config.edgeCa.lifetimeDays'),
  } satisfies ForEachName<'config.edgeCa'>);
}

function readNetwork(read: ValueReader): ContainerNetwork | undefined {
  if (!read.has('config.network')) return undefined;
  return present({
    name: read.text('config.network.name'),
    ipv6: read.truth('config.network.ipv6'),
    ipam: read.items('config.network.ipam').map((range) =>
      present({
        gateway: range.text('gateway'),
        subnet: range.text('subnet'),
        ipRange: range.text('ipRange'),
      } satisfies ForEachName<'config.network.ipam'>),
    ),
  } satisfies ForEachName<'config.network'>);
}

function readWatchdog(read: ValueReader): DeviceConfig['watchdog'] {
  const retries =
    read.number('config.watchdog.maxRetries') ?? oneOf(read.text('config.watchdog.maxRetries')?.toLowerCase(), words);
  return retries === undefined ? undefined : ({ maxRetries: retries } satisfies ForEachName<'config.watchdog'>);
}

const words = ['infinite'] as const;

function readCollection(read: ValueReader): ImageGarbageCollection | undefined {
  if (!read.has('config.imageGarbageCollection')) return undefined;
  return present({
    enabled: read.truth('config.imageGarbageCollection.enabled'),
    cleanupRecurrence: read.text('config.imageGarbageCollection.cleanupRecurrence'),
    imageAgeCleanupThreshold: read.text('config.imageGarbageCollection.imageAgeCleanupThreshold'),
    cleanupTime: read.text('config.imageGarbageCollection.cleanupTime'),
  } satisfies ForEachName<'config.imageGarbageCollection'>);
}

function readPkcs11(read: ValueReader): DeviceConfig['pkcs11'] {
  const library = read.text('config.pkcs11.library');
  if (library === undefined) return undefined;
  return present({ library, baseSlot: read.text('config.pkcs11.baseSlot') } satisfies ForEachName<'config.pkcs11'>);
}
