import type { Finding } from '../../model/finding.ts';
import type { Device, RuntimeVersion } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { limitsOfLinuxContainers } from './linux-containers.ts';

/** `iotedge` reads config.yaml (up to 1.1), `aziot` reads config.toml (from 1.2 on). */
export type Generation = 'iotedge' | 'aziot';

export function generationOf(version: RuntimeVersion): Generation {
  return isBefore(version, 2) ? 'iotedge' : 'aziot';
}

/** What the device's version and platform cannot do of what its manifest asks for, and whether Microsoft no longer supports the version. */
export function judgeRuntime(device: Device, now: Date): readonly Finding[] {
  const { version } = device.runtime;
  const refuse = (key: string, what: string, remedy: string) => {
    const subject = { place: device.place(key), device: device.id, hub: device.hub };
    return finding('config/unsupported-by-version', { what, version: version.text, remedy }, subject);
  };
  const obstacle = obstacleOf(version);
  if (obstacle !== undefined)
    return [refuse('runtime.version', obstacle, 'Set runtime.version to the one on the device, from 1.0.10 to 1.6.')];
  const findings = limits.flatMap(({ key, says, only, remedy }) =>
    says(device) && !only(device) ? [refuse(key, remedy.what, remedy.type)] : [],
  );
  const end = endOfSupport.get(`${version.major}.${version.minor}`);
  if (end !== undefined && now >= new Date(end.from)) {
    const subject = { place: device.place('runtime.version'), device: device.id, hub: device.hub };
    findings.push(finding('runtime/out-of-support', { version: version.text, since: end.said ?? end.from }, subject));
  }
  return findings;
}

/** https://learn.microsoft.com/azure/iot-edge/version-history: 1.1 ended with .NET Core 3.1, 1.0.10 when 1.1 came. */
const endOfSupport: ReadonlyMap<string, { readonly from: string; readonly said?: string }> = new Map([
  ['1.0', { from: '2021-02-01', said: 'February 2021' }],
  ['1.1', { from: '2022-12-13' }],
  ['1.2', { from: '2022-06-01', said: 'June 2022' }],
  ['1.3', { from: '2022-08-01', said: 'August 2022' }],
  ['1.4', { from: '2024-11-12' }],
  ['1.5', { from: '2026-11-10' }],
]);

/** Something that not every version or platform knows: `says` whether the device asks for it, `only` where it may. */
interface Limit {
  readonly key: string;
  readonly says: (device: Device) => boolean;
  readonly only: (device: Device) => boolean;
  readonly remedy: { readonly what: string; readonly type: string };
}

const isAziot = ({ runtime }: Device) => generationOf(runtime.version) === 'aziot';
const isIotedge = (device: Device) => !isAziot(device);
const isWindows = ({ runtime }: Device) => runtime.platform === 'windows';
const isLinux = (device: Device) => !isWindows(device);

const hasParent = ({ config }: Device) => config.parentHostname !== undefined;
const hasTrustBundle = ({ config }: Device) => config.trustBundle !== undefined;
const hasEdgeCa = ({ config }: Device) => config.edgeCa?.certificate !== undefined;

const limits: readonly Limit[] = [
  {
    key: 'runtime.platform',
    says: isWindows,
    only: isIotedge,
    remedy: {
      what: 'platform windows ended with IoT Edge 1.1',
      type: 'IoT Edge for Linux on Windows runs the Linux package: write platform: linux.',
    },
  },
  {
    key: 'runtime.containerOs',
    says: ({ runtime }) => runtime.containerOs !== undefined,
    only: isWindows,
    remedy: { what: 'runtime.containerOs is a setting of Windows', type: 'Remove runtime.containerOs.' },
  },
  {
    key: 'runtime.securityDaemonScript',
    says: ({ runtime }) => runtime.securityDaemonScript !== undefined,
    only: isWindows,
    remedy: {
      what: 'runtime.securityDaemonScript is a setting of Windows',
      type: 'Remove runtime.securityDaemonScript.',
    },
  },
  {
    key: 'parent',
    says: ({ parent }) => parent !== undefined && parent !== '',
    only: isAziot,
    remedy: { what: 'parent: nested edge begins with IoT Edge 1.2', type: 'Remove parent.' },
  },
  {
    key: 'config.parentHostname',
    says: hasParent,
    only: isAziot,
    remedy: {
      what: 'config.parentHostname: nested edge begins with IoT Edge 1.2',
      type: 'Remove config.parentHostname.',
    },
  },
  {
    key: 'config.base',
    says: ({ config }) => config.base !== undefined,
    only: isIotedge,
    remedy: {
      what: 'config.base edits a config.yaml, which ended with IoT Edge 1.1',
      type: 'Remove config.base, and say in config what of it is still wanted.',
    },
  },
  {
    key: 'config.dynamicReprovisioning',
    says: ({ config }) => config.dynamicReprovisioning !== undefined,
    only: isIotedge,
    remedy: {
      what: 'config.dynamicReprovisioning ended with IoT Edge 1.1',
      type: 'Write config.autoReprovisioningMode: Dynamic for true, OnErrorOnly for false.',
    },
  },
  {
    key: 'config.autoReprovisioningMode',
    says: ({ config }) => config.autoReprovisioningMode !== undefined,
    only: isAziot,
    remedy: {
      what: 'config.autoReprovisioningMode begins with IoT Edge 1.2',
      type: 'Write config.dynamicReprovisioning: true or false.',
    },
  },
  {
    key: 'config.imageGarbageCollection',
    says: ({ config }) => config.imageGarbageCollection !== undefined,
    only: ({ runtime }) => !isBefore(runtime.version, 4),
    remedy: {
      what: 'config.imageGarbageCollection begins with IoT Edge 1.4',
      type: 'Remove config.imageGarbageCollection.',
    },
  },
  // Up to 1.1 the three are one setting, which the daemon leaves out in silence where a part is missing (DeviceCertificate in
  // edgelet-core/src/settings.rs); config.base may have the rest.
  {
    key: 'config.trustBundle',
    says: (device) => hasTrustBundle(device) && !hasEdgeCa(device) && device.config.base === undefined,
    only: isAziot,
    remedy: {
      what: 'config.trustBundle is read together with config.edgeCa alone up to IoT Edge 1.1',
      type: 'Set config.edgeCa.certificate and config.edgeCa.privateKey too, or remove config.trustBundle.',
    },
  },
  {
    key: 'config.edgeCa.certificate',
    says: (device) => hasEdgeCa(device) && !hasTrustBundle(device) && device.config.base === undefined,
    only: isAziot,
    remedy: {
      what: 'config.edgeCa.certificate is read together with config.trustBundle alone up to IoT Edge 1.1',
      type: 'Set config.trustBundle too: the file has at least the certificate that config.edgeCa.certificate ends in.',
    },
  },
  {
    key: 'config.edgeCa.lifetimeDays',
    says: (device) => hasEdgeCa(device) && device.config.edgeCa?.lifetimeDays !== undefined,
    only: isIotedge,
    remedy: {
      what: 'config.edgeCa.lifetimeDays is for a certificate that the runtime makes, and config.edgeCa.certificate names one',
      type: 'Remove config.edgeCa.lifetimeDays, or config.edgeCa.certificate and config.edgeCa.privateKey.',
    },
  },
  {
    key: 'config.watchdog.maxRetries',
    says: ({ config }) => config.watchdog?.maxRetries === 'infinite' && config.base !== undefined,
    only: isAziot,
    remedy: {
      what: 'config.watchdog.maxRetries: up to IoT Edge 1.1 infinite is said by having no watchdog section, and config.base is edited',
      type: 'Remove config.watchdog.maxRetries, and the watchdog section from the file that config.base names.',
    },
  },
  {
    key: 'config.pkcs11',
    says: ({ config }) => config.pkcs11 !== undefined,
    only: isAziot,
    remedy: { what: 'config.pkcs11: security modules begin with IoT Edge 1.2', type: 'Remove config.pkcs11.' },
  },
  {
    key: 'identity.pinFrom',
    says: ({ identity }) => identity.pinFrom !== undefined,
    only: isAziot,
    remedy: { what: 'identity.pinFrom: security modules begin with IoT Edge 1.2', type: 'Remove identity.pinFrom.' },
  },
  {
    key: 'config.network.ipv6',
    says: ({ config }) => config.network?.ipv6 !== undefined,
    only: isLinux,
    remedy: { what: 'config.network.ipv6 is a setting of Linux', type: 'Remove config.network.ipv6.' },
  },
  {
    key: 'config.network.ipam',
    says: ({ config }) => (config.network?.ipam.length ?? 0) > 0,
    only: isLinux,
    remedy: { what: 'config.network.ipam is a setting of Linux', type: 'Remove config.network.ipam.' },
  },
  {
    key: 'config.agent.image',
    says: (device) => isAziot(device) && hasParent(device) && /:1\.[01]([.-]|$)/.test(device.config.agent.image ?? ''),
    only: () => false,
    remedy: {
      what: 'the agent of a device with a parent is of IoT Edge 1.2 or newer',
      type: "Name an image of the device's own version, or remove config.agent.image.",
    },
  },
  ...limitsOfLinuxContainers,
];

function obstacleOf({ text, major, minor, patch }: RuntimeVersion): string | undefined {
  // Manual X.509 provisioning came with 1.0.10 (same page).
  if (major < 1 || (major === 1 && minor === 0 && patch !== undefined && patch < 10)) {
    return `IoT Edge ${text} has no manual provisioning with X.509 certificates, which began with 1.0.10`;
  }
  return major > 1 || minor > 6 ? `IoT Edge ${text} is not known` : undefined;
}

function isBefore({ major, minor }: RuntimeVersion, minorOfOne: number): boolean {
  return major < 1 || (major === 1 && minor < minorOfOne);
}
