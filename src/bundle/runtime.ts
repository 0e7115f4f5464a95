import type { Finding } from '../model/finding.ts';
import type { Device, RuntimeVersion } from '../model/fleet.ts';
import { finding } from '../rules/rules.ts';

const rendered = 'this release renders config.yaml for the Debian package of 1.0.10 to 1.1';

/** What stands against rendering for the device's version and platform, and whether Microsoft still supports it. */
export function judgeRuntime(device: Device): readonly Finding[] {
  const { version, platform } = device.runtime;
  const findings: Finding[] = [];
  const refuse = (key: string, what: string, remedy: string) => {
    const subject = { place: device.place(key), device: device.id, hub: device.hub };
    findings.push(finding('config/unsupported-by-version', { what, version: version.text, remedy }, subject));
  };

  const obstacle = obstacleOf(version);
  if (obstacle !== undefined) refuse('runtime.version', `${obstacle}; ${rendered}`, 'Set runtime.version to "1.1".');
  if (platform !== 'debian') {
    refuse('runtime.platform', `platform ${platform}; ${rendered}`, 'Set runtime.platform to debian.');
  }
  if (device.parent !== undefined && isBefore12(version)) {
    refuse('parent', 'parent: nested edge begins with IoT Edge 1.2', 'Remove parent.');
  }
  const since = endOfSupport.get(`${version.major}.${version.minor}`);
  if (since !== undefined && obstacle === undefined) {
    const subject = { place: device.place('runtime.version'), device: device.id, hub: device.hub };
    findings.push(finding('runtime/out-of-support', { version: version.text, since }, subject));
  }
  return findings;
}

/** https://learn.microsoft.com/azure/iot-edge/version-history: 1.1 ended with .NET Core 3.1, 1.0.10 when 1.1 came. */
const endOfSupport: ReadonlyMap<string, string> = new Map([
  ['1.0', 'February 2021'],
  ['1.1', '2022-12-13'],
]);

function obstacleOf({ text, major, minor, patch }: RuntimeVersion): string | undefined {
  // Manual X.509 provisioning came with 1.0.10 (same page).
  if (major < 1 || (major === 1 && minor === 0 && patch !== undefined && patch < 10)) {
    return `IoT Edge ${text} has no manual provisioning with X.509 certificates, which began with 1.0.10`;
  }
  if (major > 1 || minor > 6) return `IoT Edge ${text} is not known`;
  if (minor > 1) return `IoT Edge ${text} reads config.toml`;
  return undefined;
}

function isBefore12({ major, minor }: RuntimeVersion): boolean {
  return major < 1 || (major === 1 && minor < 2);
}
