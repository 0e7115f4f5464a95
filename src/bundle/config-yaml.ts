import { Document, Scalar, YAMLMap } from 'yaml';
import type { Device, HubHost } from '../model/fleet.ts';
import { hostnameOf } from './hostname.ts';
import type { PairPlaces } from './places.ts';

/**
 * config.yaml of IoT Edge 1.0.10 to 1.1 for the Debian package, complete: what is left out there falls back to compiled-in
 * values, not to the package's (sockets under /var/run/iotedge, host name localhost).
 */
export function renderConfigYaml(device: Device, hub: HubHost, places: PairPlaces): string {
  const document = new Document({
    provisioning: {
      source: 'manual',
      authentication: {
        method: 'x509',
        iothub_hostname: hub.replace(/:\d+$/, ''),
        device_id: device.id,
        identity_cert: places.certificate,
        identity_pk: places.privateKey,
      },
      dynamic_reprovisioning: false,
    },
    agent: {
      name: 'edgeAgent',
      type: 'docker',
      env: environment(device.config.agent.env),
      config: { image: device.config.agent.image ?? defaultImage(device), auth: {} },
    },
    hostname: hostnameOf(device),
    connect: {
      management_uri: 'unix:///var/run/iotedge/mgmt.sock',
      workload_uri: 'unix:///var/run/iotedge/workload.sock',
    },
    // The names of the package's systemd sockets.
    listen: { management_uri: 'fd://iotedge.mgmt.socket', workload_uri: 'fd://iotedge.socket' },
    homedir: '/var/lib/iotedge',
    moby_runtime: { uri: 'unix:///var/run/docker.sock' },
  });
  document.commentBefore = header(device, places);
  return document.toString(style);
}

// Every string quoted, as JSON does it (its escapes are YAML's too), on one line: an unquoted `no` or `1.10` would be
// no string to the runtime, and folded lines would differ between parsers.
const style = {
  defaultStringType: Scalar.QUOTE_DOUBLE,
  defaultKeyType: Scalar.PLAIN,
  doubleQuotedAsJSON: true,
  lineWidth: 0,
  indent: 2,
} as const;

function header(device: Device, places: PairPlaces): string {
  const lines = [
    `Azure IoT Edge ${device.runtime.version.text}: device ${device.id}`,
    'Place: /etc/iotedge/config.yaml, owner iotedge, mode 0400; then: sudo systemctl restart iotedge',
    `The certificate (${device.identity.slot}) and its private key must lie, readable by iotedge, at`,
    `  ${places.certificate}`,
    `  ${places.privateKey}`,
  ];
  return lines.map((line) => ` ${line}`).join('\n');
}

/** The tag that the package's own file has. */
function defaultImage({ runtime: { version } }: Device): string {
  return `mcr.microsoft.com/azureiotedge-agent:${version.major}.${version.minor}`;
}

/** Names are the user's, so they are quoted too: `no`, `1` and `a: b` stay strings. */
function environment(variables: Readonly<Record<string, string>>): YAMLMap {
  const map = new YAMLMap();
  for (const [name, value] of Object.entries(variables)) {
    const key = new Scalar(name);
    key.type = Scalar.QUOTE_DOUBLE;
    map.set(key, value);
  }
  return map;
}
