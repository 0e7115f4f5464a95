import type { Finding } from '../model/finding.ts';
import {
  type AgentConfig,
  autoReprovisioningModes,
  type ContainerNetwork,
  type DeviceConfig,
  type ImageGarbageCollection,
  type RegistryCredentials,
} from '../model/fleet.ts';
import { finding } from '../rules/rules.ts';
import { oneOf, optional, type ValueReader } from './values.ts';

/**
 * The `config` of a device, and the same whatever its runtime: what its version does not know is judged where it is rendered.
 * @param folder the manifest's folder, relative to the workspace: the path of `config.base` starts there
 */
export function readConfig(read: ValueReader, folder: string): DeviceConfig {
  if (!read.has('config')) return nothing;
  return {
    ...optional('base', read.path('config.base', folder)),
    ...optional('hostname', read.text('config.hostname')),
    ...optional('parentHostname', read.text('config.parentHostname')),
    agent: readAgent(read),
    ...optional('proxy', readProxy(read)),
    ...optional('trustBundle', read.text('config.trustBundle')),
    ...optional('edgeCa', readEdgeCa(read)),
    ...optional('dynamicReprovisioning', read.truth('config.dynamicReprovisioning')),
    ...optional('autoReprovisioningMode', oneOf(read.text('config.autoReprovisioningMode'), autoReprovisioningModes)),
    ...optional('network', readNetwork(read)),
    ...optional('watchdog', readWatchdog(read)),
    ...optional('imageGarbageCollection', readCollection(read)),
    ...optional('pkcs11', readPkcs11(read)),
  };
}

/** Most devices of a long fleet have none: they share this one. */
const nothing: DeviceConfig = { agent: { env: {} } };

/** A finding for each key that has some of what it needs: after merging, since a device may complete what the defaults begin. */
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
  return {
    ...optional('image', read.text('config.agent.image')),
    env: read.texts('config.agent.env'),
    ...optional('createOptions', read.json('config.agent.createOptions')),
    ...optional('registry', readRegistry(read)),
  };
}

function readRegistry(read: ValueReader): RegistryCredentials | undefined {
  const server = read.text('config.agent.registry.server');
  const username = read.text('config.agent.registry.username');
  const passwordFrom = read.text('config.agent.registry.passwordFrom');
  if (server === undefined || username === undefined || passwordFrom === undefined) return undefined;
  return { server, username, passwordFrom };
}

function readProxy(read: ValueReader): DeviceConfig['proxy'] {
  const https = read.text('config.proxy.https');
  return https === undefined ? undefined : { https, ...optional('noProxy', read.text('config.proxy.noProxy')) };
}

function readEdgeCa(read: ValueReader): DeviceConfig['edgeCa'] {
  if (!read.has('config.edgeCa')) return undefined;
  return {
    ...optional('certificate', read.text('config.edgeCa.certificate')),
    ...optional('privateKey', read.text('config.edgeCa.privateKey')),
    ...optional('lifetimeDays', read.number('config.edgeCa.lifetimeDays')),
  };
}

function readNetwork(read: ValueReader): ContainerNetwork | undefined {
  if (!read.has('config.network')) return undefined;
  return {
    ...optional('name', read.text('config.network.name')),
    ...optional('ipv6', read.truth('config.network.ipv6')),
    ipam: read.items('config.network.ipam').map((range) => ({
      ...optional('gateway', range.text('gateway')),
      ...optional('subnet', range.text('subnet')),
      ...optional('ipRange', range.text('ipRange')),
    })),
  };
}

function readWatchdog(read: ValueReader): DeviceConfig['watchdog'] {
  const retries = read.number('config.watchdog.maxRetries') ?? oneOf(read.text('config.watchdog.maxRetries'), words);
  return retries === undefined ? undefined : { maxRetries: retries };
}

const words = ['infinite'] as const;

function readCollection(read: ValueReader): ImageGarbageCollection | undefined {
  if (!read.has('config.imageGarbageCollection')) return undefined;
  return {
    ...optional('enabled', read.truth('config.imageGarbageCollection.enabled')),
    ...optional('cleanupRecurrence', read.text('config.imageGarbageCollection.cleanupRecurrence')),
    ...optional('imageAgeCleanupThreshold', read.text('config.imageGarbageCollection.imageAgeCleanupThreshold')),
    ...optional('cleanupTime', read.text('config.imageGarbageCollection.cleanupTime')),
  };
}

function readPkcs11(read: ValueReader): DeviceConfig['pkcs11'] {
  const library = read.text('config.pkcs11.library');
  return library === undefined ? undefined : { library, ...optional('baseSlot', read.text('config.pkcs11.baseSlot')) };
}
