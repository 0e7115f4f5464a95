import type { Finding } from '../../model/finding.ts';
import type { Device, RuntimeVersion } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import type { Unsupported } from '../../rules/unsupported.ts';
import { agentImageOf } from './agent-image.ts';
import { type KnownBy, type KnownBySectionRow, knownBy } from './known-by.ts';
import { carriesConfiguration, registryOf } from './linux-containers.ts';
import { settingReader } from './setting.ts';

/** `iotedge` reads config.yaml (up to 1.1), `aziot` reads config.toml (from 1.2 on). */
export type Generation = 'iotedge' | 'aziot';

export function generationOf(version: RuntimeVersion): Generation {
  return isBefore(version, 2) ? 'iotedge' : 'aziot';
}

/**
 * Returns a finding for each thing that the device's version or platform cannot do, and a notice if the version is out
 * of support.
 */
export function judgeRuntime(device: Device, now: Date): readonly Finding[] {
  const { version } = device.runtime;
  const refuse = (key: string, problem: Unsupported) => {
    const subject = { place: device.place(key), device: device.id, hub: device.hub };
    return finding('config/unsupported-by-version', { problem, version: version.text }, subject);
  };
  const obstacle = obstacleOf(version);
  if (obstacle !== undefined) return [refuse('runtime.version', { kind: obstacle })];
  const findings = limits
    .filter(({ asked, allowed }) => !allowed(device) && asked(device))
    .map(({ key, problem }) => refuse(key, problem));
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

/**
 * Something that not every device can do. `asked`: whether the manifest asks for it. `allowed`: whether the device can
 * do it.
 */
interface Limit {
  readonly key: string;
  readonly asked: (device: Device) => boolean;
  readonly allowed: (device: Device) => boolean;
  readonly problem: Unsupported;
}

const isAziot = ({ runtime }: Device) => generationOf(runtime.version) === 'aziot';
const isIotedge = (device: Device) => !isAziot(device);
const isWindows = ({ runtime }: Device) => runtime.platform === 'windows';
const isLinux = (device: Device) => !isWindows(device);
const never = () => false;

const hasTrustBundle = ({ config }: Device) => config.trustBundle !== undefined;
const hasEdgeCa = ({ config }: Device) => config.edgeCa?.certificate !== undefined;

/** The limits of one key by version and platform. */
function limitsOf(key: string, row: KnownBySectionRow): readonly Limit[] {
  if (typeof row === 'string') return [];
  const { versions, platforms } = row;
  const asked = askedBy(key, row);
  const limits: Limit[] = [];
  if (versions !== 'all') {
    const problem: Unsupported = 'since' in versions ? begins(key, versions) : { kind: 'ended', key };
    limits.push({ key, asked, allowed: knows(versions), problem });
  }
  if (platforms !== 'all') {
    const allowed = platforms === 'Windows' ? isWindows : isLinux;
    limits.push({ key, asked, allowed, problem: { kind: 'other-platform', key, platform: platforms } });
  }
  return limits;
}

/** The limit of one key with Linux containers on Windows. */
function limitsOfLinuxContainers(key: string, row: KnownBySectionRow): readonly Limit[] {
  if (typeof row === 'string' || row.linuxContainers) return [];
  return [{ key, asked: askedBy(key, row), allowed: carriesConfiguration, problem: { kind: 'linux-containers', key } }];
}

function askedBy(key: string, { asked }: KnownBy): Limit['asked'] {
  const read = settingReader(key);
  return asked ?? ((device) => isSet(read(device)));
}

function knows(versions: Exclude<KnownBy['versions'], 'all'>): (device: Device) => boolean {
  if ('last' in versions) return isIotedge;
  const minor = Number(versions.since.slice('1.'.length));
  return ({ runtime }) => !isBefore(runtime.version, minor);
}

function begins(key: string, { since, feature }: Begun): Unsupported {
  return { kind: 'begins', key, since, ...(feature === undefined ? {} : { feature }) };
}

type Begun = Extract<KnownBy['versions'], { since: unknown }>;

function isSet(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0);
}

/** Values, and combinations of keys, that a device cannot take although it knows the keys. */
const combinations: readonly Limit[] = [
  {
    key: 'runtime.platform',
    asked: isWindows,
    allowed: isIotedge,
    problem: { kind: 'windows-ended' },
  },
  // Up to 1.1 trust bundle, edge CA and its key are one setting. The daemon leaves it out in silence where a part is
  // missing (DeviceCertificate in edgelet-core/src/settings.rs). The file of config.base may have the other parts.
  {
    key: 'config.trustBundle',
    asked: (device) => hasTrustBundle(device) && !hasEdgeCa(device) && device.config.base === undefined,
    allowed: isAziot,
    problem: { kind: 'trust-bundle-alone' },
  },
  {
    key: 'config.edgeCa.certificate',
    asked: (device) => hasEdgeCa(device) && !hasTrustBundle(device) && device.config.base === undefined,
    allowed: isAziot,
    problem: { kind: 'edge-ca-alone' },
  },
  {
    key: 'config.edgeCa.lifetimeDays',
    asked: (device) => hasEdgeCa(device) && device.config.edgeCa?.lifetimeDays !== undefined,
    allowed: isIotedge,
    problem: { kind: 'lifetime-of-named-certificate' },
  },
  {
    key: 'config.watchdog.maxRetries',
    asked: ({ config }) => config.watchdog?.maxRetries === 'infinite' && config.base !== undefined,
    allowed: isAziot,
    problem: { kind: 'infinite-on-base' },
  },
  {
    key: 'config.agent.image',
    asked: (device) => isAziot(device) && hasOldAgent(device) && device.config.parentHostname !== undefined,
    allowed: never,
    problem: { kind: 'agent-without-parents' },
  },
  {
    key: 'config.agent.registry.server',
    asked: (device) => {
      const server = device.config.agent.registry?.server;
      return server !== undefined && server !== registryOf(agentImageOf(device));
    },
    allowed: carriesConfiguration,
    problem: { kind: 'registry-not-of-image' },
  },
  {
    key: 'config.edgeCa',
    asked: ({ config }) =>
      [config.trustBundle, config.edgeCa?.certificate, config.edgeCa?.privateKey].some((path) =>
        /['$[\]`]|%(24|27|5B|5D|60)/i.test(path ?? ''),
      ),
    allowed: carriesConfiguration,
    problem: { kind: 'path-for-powershell' },
  },
];

function hasOldAgent({ config }: Device): boolean {
  return /:1\.[01]([.-]|$)/.test(config.agent.image ?? '');
}

const rows = Object.entries(knownBy);
const limits = [
  ...rows.flatMap(([key, row]) => limitsOf(key, row)),
  ...combinations,
  ...rows.flatMap(([key, row]) => limitsOfLinuxContainers(key, row)),
];

function obstacleOf({ major, minor, patch }: RuntimeVersion): 'no-manual-x509' | 'unknown-version' | undefined {
  // Manual X.509 provisioning came with 1.0.10 (see the page of `endOfSupport`).
  if (major < 1 || (major === 1 && minor === 0 && patch !== undefined && patch < 10)) return 'no-manual-x509';
  return major > 1 || minor > 6 ? 'unknown-version' : undefined;
}

function isBefore({ major, minor }: RuntimeVersion, minorOfOne: number): boolean {
  return major < 1 || (major === 1 && minor < minorOfOne);
}
