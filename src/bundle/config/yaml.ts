import type { ContainerNetwork, Device, HubHost } from '../../model/fleet.ts';
import { hostnameOf } from '../judge/hostname.ts';
import type { Places } from '../judge/places.ts';
import { agentOf } from './agent.ts';
import { yamlLines } from './yaml-lines.ts';

/**
 * config.yaml of IoT Edge 1.0.10 to 1.1, complete: what is left out there falls back to compiled-in values, not to the
 * package's (sockets under /var/run/iotedge, host name localhost).
 */
export function renderConfigYaml(device: Device, hub: HubHost, places: Places): string {
  return `${header(device, places)}\n${yamlLines(configYamlOf(device, hub, places)).join('\n')}\n`;
}

/** What a reader of the file gets. */
export function configYamlOf(device: Device, hub: HubHost, places: Places): object {
  const { config } = device;
  const platform = platforms[device.runtime.platform];
  const network = networkOf(config.network);
  return {
    provisioning: provisioningOf(device, hub, places),
    ...certificatesSection(device, places),
    agent: agentSection(device),
    hostname: hostnameOf(device),
    ...(config.watchdog === undefined ? {} : watchdogOf(config.watchdog.maxRetries)),
    connect: platform.connect,
    listen: platform.listen,
    homedir: platform.homedir,
    moby_runtime: { uri: platform.engine, ...(network === undefined ? {} : { network }) },
  };
}

/** The section that makes a device this device; `dynamic_reprovisioning` has to be a truth value. */
function provisioningOf(device: Device, hub: HubHost, places: Places): object {
  return {
    source: 'manual',
    authentication: {
      method: 'x509',
      iothub_hostname: hub.replace(/:\d+$/, ''),
      device_id: device.id,
      identity_cert: places.certificate.uri,
      identity_pk: places.privateKey.uri,
    },
    dynamic_reprovisioning: device.config.dynamicReprovisioning ?? false,
  };
}

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

/** Where each package listens. */
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

function certificatesSection(device: Device, places: Places): object {
  const certificates = certificatesOf(device, places);
  return Object.keys(certificates).length === 0 ? {} : { certificates };
}

/** What the manifest says of the section `certificates`. */
export function certificatesOf({ config }: Device, { trustBundle, edgeCa }: Places): object {
  return {
    ...(edgeCa === undefined ? {} : { device_ca_cert: edgeCa.certificate.uri, device_ca_pk: edgeCa.privateKey.uri }),
    ...(trustBundle === undefined ? {} : { trusted_ca_certs: trustBundle.uri }),
    ...(config.edgeCa?.lifetimeDays === undefined
      ? {}
      : { auto_generated_ca_lifetime_days: config.edgeCa.lifetimeDays }),
  };
}

function agentSection(device: Device): object {
  const { image, env, createOptions, auth } = agentOf(device);
  return {
    name: 'edgeAgent',
    type: 'docker',
    env,
    config: {
      image,
      ...(Object.keys(createOptions).length === 0 ? {} : { createOptions }),
      auth: auth ?? {},
    },
  };
}

/** 1.1 knows a number alone: without the key it retries without end. */
function watchdogOf(maxRetries: number | 'infinite'): object {
  return maxRetries === 'infinite' ? {} : { watchdog: { max_retries: maxRetries } };
}

/** A name alone, or a map where there is more to say. */
export function networkOf(network: ContainerNetwork | undefined): object | string | undefined {
  if (network === undefined) return undefined;
  const { name, ipv6, ipam } = network;
  if (ipv6 === undefined && ipam.length === 0) return name;
  return {
    // The map has to name it.
    name: name ?? 'azure-iot-edge',
    ...(ipv6 === undefined ? {} : { ipv6 }),
    ...(ipam.length === 0
      ? {}
      : {
          ipam: {
            config: ipam.map(({ gateway, subnet, ipRange }) => ({
              ...(gateway === undefined ? {} : { gateway }),
              ...(subnet === undefined ? {} : { subnet }),
              ...(ipRange === undefined ? {} : { ip_range: ipRange }),
            })),
          },
        }),
  };
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
