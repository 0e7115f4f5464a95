import { stringify } from 'smol-toml';
import type { Device, HubHost, ImageGarbageCollection } from '../../model/fleet.ts';
import { hostnameOf } from '../judge/hostname.ts';
import { isModuleUri } from '../judge/module.ts';
import type { Places } from '../judge/places.ts';
import { agentOf } from './agent.ts';
import { placeholderOf } from './placeholders.ts';
import { networkOf } from './yaml.ts';

/**
 * config.toml of IoT Edge 1.2 to 1.6. The writer puts top-level keys before the first table: behind one they would be
 * that table's, in silence.
 */
export function renderConfigToml(device: Device, hub: HubHost, places: Places): string {
  return `${header(device, places)}\n${stringify(settingsOf(device, hub, places))}`;
}

function settingsOf(device: Device, hub: HubHost, places: Places): Readonly<Record<string, unknown>> {
  const { config, identity } = device;
  const network = networkOf(config.network);
  return withoutAbsent({
    hostname: hostnameOf(device),
    parent_hostname: config.parentHostname,
    trust_bundle_cert: places.trustBundle?.uri,
    auto_reprovisioning_mode: config.autoReprovisioningMode,
    provisioning: {
      source: 'manual',
      iothub_hostname: hub.replace(/:\d+$/, ''),
      device_id: device.id,
      authentication: {
        method: 'x509',
        identity_cert: places.certificate.uri,
        identity_pk: withPin(places.privateKey.uri, identity.pinFrom),
      },
    },
    aziot_keys:
      config.pkcs11 &&
      withoutAbsent({
        pkcs11_lib_path: config.pkcs11.library,
        pkcs11_base_slot: config.pkcs11.baseSlot && withPin(config.pkcs11.baseSlot, identity.pinFrom),
      }),
    agent: agentTable(device),
    watchdog: config.watchdog && { max_retries: config.watchdog.maxRetries },
    edge_ca: edgeCaTable(device, places),
    image_garbage_collection:
      config.imageGarbageCollection && imageGarbageCollectionTable(config.imageGarbageCollection),
    // The table needs both of its keys.
    moby_runtime: network === undefined ? undefined : { uri: 'unix:///var/run/docker.sock', network },
  });
}

function agentTable(device: Device): object {
  const { image, env, createOptions, auth } = agentOf(device);
  const options = Object.keys(createOptions).length === 0 ? undefined : createOptions;
  return { name: 'edgeAgent', type: 'docker', config: withoutAbsent({ image, createOptions: options, auth }), env };
}

function edgeCaTable({ config, identity }: Device, { edgeCa }: Places): object | undefined {
  if (edgeCa !== undefined)
    return { cert: edgeCa.certificate.uri, pk: withPin(edgeCa.privateKey.uri, identity.pinFrom) };
  const days = config.edgeCa?.lifetimeDays;
  return days === undefined ? undefined : { auto_generated_edge_ca_expiry_days: days };
}

/** Whole: the first 1.4 had no default for a key that is left out. */
function imageGarbageCollectionTable(wanted: ImageGarbageCollection): object {
  return {
    enabled: wanted.enabled ?? true,
    cleanup_recurrence: wanted.cleanupRecurrence ?? '1d',
    image_age_cleanup_threshold: wanted.imageAgeCleanupThreshold ?? '7d',
    cleanup_time: wanted.cleanupTime ?? '00:00',
  };
}

/** RFC 7512: the PIN stands in the query of the URI. */
function withPin(uri: string, variable: string | undefined): string {
  if (variable === undefined || !isModuleUri(uri)) return uri;
  return `${uri}${uri.includes('?') ? '&' : '?'}pin-value=${placeholderOf(variable)}`;
}

function withoutAbsent(table: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(table).filter(([, value]) => value !== undefined));
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
