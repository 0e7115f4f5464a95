import type { ContainerNetwork, Device } from '../../model/fleet.ts';
import type { DeviceEndpoint } from '../../model/hub-name.ts';
import type { ForEachName } from '../../model/setting-key.ts';
import type { Places } from '../judge/places.ts';
import { agentSettings, renamed } from './agent.ts';
import { byItsKeys, fileSettings, notInFile, withItsSection } from './file-settings.ts';
import { explainedInYaml, ownName } from './own-name.ts';
import { yamlLines } from './yaml-lines.ts';

/**
 * Renders a complete config.yaml of IoT Edge 1.0.10 to 1.1. For a missing setting the runtime takes a compiled-in
 * value, which is not the one of the package (sockets under /var/run/iotedge, host name localhost).
 */
export function renderConfigYaml(device: Device, hub: DeviceEndpoint, places: Places): string {
  const lines = yamlLines(configYamlOf(device, hub, places)).join('\n');
  return `${header(device, places)}\n${device.config.hostname === undefined ? explainedInYaml(lines) : lines}\n`;
}

/** The settings of the file, as a reader gets them. */
export function configYamlOf(device: Device, hub: DeviceEndpoint, places: Places): object {
  const { connect, listen, homedir, engine } = platforms[device.runtime.platform];
  return yamlSettings.whole(
    { device, places },
    {
      provisioning: {
        source: 'manual',
        authentication: { method: 'x509', iothub_hostname: hub, device_id: device.id },
      },
      certificates: undefined,
      agent: { name: 'edgeAgent', type: 'docker', env: {}, config: {} },
      hostname: undefined,
      watchdog: undefined,
      connect,
      listen,
      homedir,
      moby_runtime: { uri: engine },
    },
  );
}

/** The settings outside `provisioning` that the manifest gives, to be set in an existing config.yaml. */
export function saidInYaml(device: Device, places: Places) {
  return yamlSettings.said({ device, places }).filter(({ path: [section] }) => section !== 'provisioning');
}

/** Where config.yaml of 1.0.10 to 1.1 has each key of the manifest. A new key needs a row here. */
const yamlSettings = fileSettings({
  // These two choose the sockets of a complete file and the default image of the agent.
  'runtime.version': notInFile,
  'runtime.platform': notInFile,
  'runtime.containerOs': notInFile,
  'runtime.securityDaemonScript': notInFile,
  'identity.slot': notInFile,
  'identity.certificate': {
    at: 'provisioning.authentication.identity_cert',
    says: ({ places }) => places.certificate.uri,
  },
  'identity.privateKey': {
    at: 'provisioning.authentication.identity_pk',
    says: ({ places }) => places.privateKey.uri,
  },
  'identity.pinFrom': notInFile,
  'config.dynamicReprovisioning': {
    at: 'provisioning.dynamic_reprovisioning',
    // The runtime needs true or false here.
    whole: ({ device }) => device.config.dynamicReprovisioning ?? false,
  },
  'config.autoReprovisioningMode': notInFile,
  'config.edgeCa': byItsKeys,
  'config.edgeCa.certificate': {
    at: 'certificates.device_ca_cert',
    says: ({ places }) => places.edgeCa?.certificate.uri,
  },
  'config.edgeCa.privateKey': { at: 'certificates.device_ca_pk', says: ({ places }) => places.edgeCa?.privateKey.uri },
  'config.trustBundle': { at: 'certificates.trusted_ca_certs', says: ({ places }) => places.trustBundle?.uri },
  'config.edgeCa.lifetimeDays': { at: 'certificates.auto_generated_ca_lifetime_days' },
  'config.base': notInFile,
  'config.hostname': { at: 'hostname', whole: ({ device }) => device.config.hostname ?? ownName },
  'config.parentHostname': notInFile,
  'config.agent': byItsKeys,
  'config.proxy': byItsKeys,
  ...agentSettings,
  'config.agent.registry': {
    ...agentSettings['config.agent.registry'],
    whole: (source) => agentSettings['config.agent.registry'].says(source) ?? {},
  },
  'config.agent.registry.server': withItsSection,
  'config.agent.registry.username': withItsSection,
  'config.agent.registry.passwordFrom': withItsSection,
  'config.watchdog': byItsKeys,
  'config.watchdog.maxRetries': {
    at: 'watchdog.max_retries',
    // 1.1 knows only numbers. Without the key it retries forever.
    whole: ({ device: { config } }) =>
      config.watchdog?.maxRetries === 'infinite' ? undefined : config.watchdog?.maxRetries,
  },
  'config.network': { at: 'moby_runtime.network', says: ({ device }) => networkOf(device.config.network) },
  'config.network.name': withItsSection,
  'config.network.ipv6': withItsSection,
  'config.network.ipam': withItsSection,
  'config.network.ipam.gateway': withItsSection,
  'config.network.ipam.subnet': withItsSection,
  'config.network.ipam.ipRange': withItsSection,
  'config.imageGarbageCollection': notInFile,
  'config.imageGarbageCollection.enabled': notInFile,
  'config.imageGarbageCollection.cleanupRecurrence': notInFile,
  'config.imageGarbageCollection.imageAgeCleanupThreshold': notInFile,
  'config.imageGarbageCollection.cleanupTime': notInFile,
  'config.pkcs11': notInFile,
  'config.pkcs11.library': notInFile,
  'config.pkcs11.baseSlot': notInFile,
});

/** The path in config.yaml of a key of the manifest. */
export const pathInYaml = yamlSettings.pathOf;

const onLinux = {
  homedir: '/var/lib/iotedge',
  engine: 'unix:///var/run/docker.sock',
};

const rpmSockets = {
  management_uri: 'unix:///var/lib/iotedge/mgmt.sock',
  workload_uri: 'unix:///var/lib/iotedge/workload.sock',
};

const windowsSockets = {
  management_uri: 'unix:///C:/ProgramData/iotedge/mgmt/sock',
  workload_uri: 'unix:///C:/ProgramData/iotedge/workload/sock',
};

/** The settings that depend on the package: sockets, home directory, container engine. */
export const platforms = {
  debian: {
    ...onLinux,
    connect: {
      management_uri: 'unix:///var/run/iotedge/mgmt.sock',
      workload_uri: 'unix:///var/run/iotedge/workload.sock',
    },
    // The names of the package's systemd sockets.
    listen: { management_uri: 'fd://iotedge.mgmt.socket', workload_uri: 'fd://iotedge.socket' },
  },
  linux: { ...onLinux, connect: rpmSockets, listen: rpmSockets },
  windows: {
    connect: windowsSockets,
    listen: windowsSockets,
    homedir: 'C:\\ProgramData\\iotedge',
    engine: 'npipe://./pipe/iotedge_moby_engine',
  },
} as const;

/** The name, or a map if the manifest says more about the network. */
export function networkOf(network: ContainerNetwork | undefined): object | string | undefined {
  if (network === undefined) return undefined;
  const { ipv6, ipam } = network;
  // The runtime takes an empty name for none (MobyNetwork::name in edgelet-settings/src/docker/network.rs).
  const name = network.name || undefined;
  if (ipv6 === undefined && ipam.length === 0) return name;
  const ranges = ipam.map((range) =>
    renamed(range, { gateway: 'gateway', subnet: 'subnet', ipRange: 'ip_range' } satisfies ForEachName<
      'config.network.ipam',
      string
    >),
  );
  return renamed(
    // A map must have the name.
    { name: name ?? 'azure-iot-edge', ipv6, ipam: ranges.length === 0 ? undefined : { config: ranges } },
    { name: 'name', ipv6: 'ipv6', ipam: 'ipam' } satisfies ForEachName<'config.network', string>,
  );
}

function header(device: Device, places: Places): string {
  const windows = device.runtime.platform === 'windows';
  const lines = [
    `Azure IoT Edge ${device.runtime.version.text}: device ${device.id}`,
    windows
      ? 'Place: C:\\ProgramData\\iotedge\\config.yaml; Initialize-IoTEdge.ps1 beside it puts it there'
      : 'Place: /etc/iotedge/config.yaml, owner iotedge, mode 0400; install.sh beside it puts it there',
    `The certificate (${device.identity.slot}) and its private key must lie, readable by iotedge, at`,
    `  ${places.certificate.uri}`,
    `  ${places.privateKey.uri}`,
  ];
  return lines.map((line) => `# ${line}\n`).join('');
}
