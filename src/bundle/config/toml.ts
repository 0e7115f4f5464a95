import { stringify } from 'smol-toml';
import type { Device, ImageGarbageCollection } from '../../model/fleet.ts';
import type { DeviceEndpoint } from '../../model/hub-name.ts';
import type { ForEachName } from '../../model/setting-key.ts';
import { isModuleUri } from '../judge/module.ts';
import type { Places } from '../judge/places.ts';
import { agentSettings, renamed } from './agent.ts';
import { byItsKeys, type FileMap, fileSettings, isMap, notInFile, withItsSection } from './file-settings.ts';
import { explainedInToml, ownName } from './own-name.ts';
import { placeholderOf } from './placeholders.ts';
import { networkOf } from './yaml.ts';

/**
 * Renders config.toml of IoT Edge 1.2 to 1.6. The writer puts top-level keys before the first table. Behind a table
 * they would belong to it without an error.
 */
export function renderConfigToml(device: Device, hub: DeviceEndpoint, places: Places): string {
  const settings = stringify(settingsOf(device, hub, places));
  return `${header(device, places)}\n${device.config.hostname === undefined ? explainedInToml(settings) : settings}`;
}

function settingsOf(device: Device, hub: DeviceEndpoint, places: Places): FileMap {
  const { moby_runtime: engine, ...settings } = tomlSettings.whole(
    { device, places },
    {
      provisioning: {
        source: 'manual',
        iothub_hostname: hub,
        device_id: device.id,
        authentication: { method: 'x509' },
      },
      aziot_keys: undefined,
      agent: { name: 'edgeAgent', type: 'docker', config: {}, env: {} },
      watchdog: undefined,
      edge_ca: undefined,
    },
  );
  if (!isMap(engine)) return settings;
  // The runtime needs both keys of this table.
  return { ...settings, moby_runtime: { uri: 'unix:///var/run/docker.sock', ...engine } };
}

/** Where config.toml of 1.2 to 1.6 has each key of the manifest. A new key needs a row here. */
const tomlSettings = fileSettings({
  // The version chooses the default image of the agent.
  'runtime.version': notInFile,
  'runtime.platform': notInFile,
  'runtime.containerOs': notInFile,
  'runtime.securityDaemonScript': notInFile,
  'config.hostname': { at: 'hostname', whole: ({ device }) => device.config.hostname ?? ownName },
  'config.parentHostname': { at: 'parent_hostname' },
  'config.trustBundle': { at: 'trust_bundle_cert', says: ({ places }) => places.trustBundle?.uri },
  'config.dynamicReprovisioning': notInFile,
  'config.autoReprovisioningMode': { at: 'auto_reprovisioning_mode' },
  'identity.slot': notInFile,
  'identity.certificate': {
    at: 'provisioning.authentication.identity_cert',
    says: ({ places }) => places.certificate.uri,
  },
  'identity.privateKey': {
    at: 'provisioning.authentication.identity_pk',
    says: ({ device, places }) => withPin(places.privateKey.uri, device),
  },
  // The URIs of private keys have it.
  'identity.pinFrom': notInFile,
  'config.pkcs11': byItsKeys,
  'config.pkcs11.library': { at: 'aziot_keys.pkcs11_lib_path' },
  'config.pkcs11.baseSlot': {
    at: 'aziot_keys.pkcs11_base_slot',
    says: ({ device }) => device.config.pkcs11?.baseSlot && withPin(device.config.pkcs11.baseSlot, device),
  },
  'config.base': notInFile,
  'config.agent': byItsKeys,
  'config.proxy': byItsKeys,
  ...agentSettings,
  'config.agent.registry.server': withItsSection,
  'config.agent.registry.username': withItsSection,
  'config.agent.registry.passwordFrom': withItsSection,
  'config.watchdog': byItsKeys,
  'config.watchdog.maxRetries': { at: 'watchdog.max_retries' },
  'config.edgeCa': byItsKeys,
  'config.edgeCa.certificate': { at: 'edge_ca.cert', says: ({ places }) => places.edgeCa?.certificate.uri },
  'config.edgeCa.privateKey': {
    at: 'edge_ca.pk',
    says: ({ device, places }) => places.edgeCa && withPin(places.edgeCa.privateKey.uri, device),
  },
  'config.edgeCa.lifetimeDays': {
    at: 'edge_ca.auto_generated_edge_ca_expiry_days',
    says: ({ device, places }) => (places.edgeCa === undefined ? device.config.edgeCa?.lifetimeDays : undefined),
  },
  'config.imageGarbageCollection': {
    at: 'image_garbage_collection',
    says: ({ device }) => device.config.imageGarbageCollection && collectionOf(device.config.imageGarbageCollection),
  },
  'config.imageGarbageCollection.enabled': withItsSection,
  'config.imageGarbageCollection.cleanupRecurrence': withItsSection,
  'config.imageGarbageCollection.imageAgeCleanupThreshold': withItsSection,
  'config.imageGarbageCollection.cleanupTime': withItsSection,
  'config.network': { at: 'moby_runtime.network', says: ({ device }) => networkOf(device.config.network) },
  'config.network.name': withItsSection,
  'config.network.ipv6': withItsSection,
  'config.network.ipam': withItsSection,
  'config.network.ipam.gateway': withItsSection,
  'config.network.ipam.subnet': withItsSection,
  'config.network.ipam.ipRange': withItsSection,
});

/** What the manifest says of a device, without defaults, for an edited file. */
export function saidInToml(device: Device, places: Places): ReturnType<typeof tomlSettings.said> {
  return tomlSettings.said({ device, places });
}

/** The path in config.toml of a key of the manifest. */
export const pathInToml = tomlSettings.pathOf;

/** The table always has all keys: the first 1.4 has no defaults for missing ones. */
function collectionOf(wanted: ImageGarbageCollection): FileMap {
  return renamed(
    { enabled: true, cleanupRecurrence: '1d', imageAgeCleanupThreshold: '7d', cleanupTime: '00:00', ...wanted },
    {
      enabled: 'enabled',
      cleanupRecurrence: 'cleanup_recurrence',
      imageAgeCleanupThreshold: 'image_age_cleanup_threshold',
      cleanupTime: 'cleanup_time',
    } satisfies ForEachName<'config.imageGarbageCollection', string>,
  );
}

/** Adds the PIN to the query of a URI (RFC 7512). */
function withPin(uri: string, { identity: { pinFrom } }: Device): string {
  if (pinFrom === undefined || !isModuleUri(uri)) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}pin-value=${placeholderOf(pinFrom)}`;
}

function header(device: Device, places: Places): string {
  const lines = [
    `Azure IoT Edge ${device.runtime.version.text}: device ${device.id}`,
    'Place: /etc/aziot/config.toml, owner root, mode 0600; install.sh beside it puts it there',
    `The certificate (${device.identity.slot}) and its private key must lie, before it is applied, at`,
    `  ${places.certificate.uri}`,
    `  ${places.privateKey.uri}`,
  ];
  return lines.map((line) => `# ${line}\n`).join('');
}
