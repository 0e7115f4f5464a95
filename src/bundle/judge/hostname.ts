import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import { finding } from '../../rules/rules.ts';
import { generationOf } from './runtime.ts';

/** The device's host name: as the manifest says, else its id in lower case. */
export function hostnameOf(device: Device): string {
  return device.config.hostname ?? device.id.toLowerCase();
}

/**
 * Whether `iotedge check` would take the device's host name and that of its parent (RFC 1035; from 1.2 on also an IP address),
 * and whether they fit into a certificate's common name; keys in `skip` are not looked at.
 */
export function judgeHostname(device: Device, skip: ReadonlySet<string> = new Set()): readonly Finding[] {
  const { parentHostname } = device.config;
  if (generationOf(device.runtime.version) === 'iotedge') return judge(device, ownKey, hostnameOf(device), skip);
  const names = [
    [ownKey, hostnameOf(device)],
    ['config.parentHostname', parentHostname],
  ] as const;
  return names.flatMap(([key, name]) => (name === undefined || isAddress(name) ? [] : judge(device, key, name, skip)));
}

/** An address of IPv4 or IPv6. To load node:net for that would take longer than all the other checks. */
function isAddress(name: string): boolean {
  const isV4 = /^(25[0-5]|2[0-4]\d|1?\d?\d)(\.(25[0-5]|2[0-4]\d|1?\d?\d)){3}$/.test(name);
  return isV4 || (/^[0-9a-f:.]+$/i.test(name) && name.includes(':') && URL.canParse(`http://[${name}]/`));
}

const ownKey = 'config.hostname';

function judge(device: Device, key: string, hostname: string, skip: ReadonlySet<string>): readonly Finding[] {
  const problem = skip.has(key) ? undefined : problemOf(hostname);
  if (problem === undefined) return [];
  const implied = key === ownKey && device.config.hostname === undefined;
  const subject = { place: device.place(key), device: device.id, hub: device.hub };
  return [finding('config/hostname', { key, hostname, problem, implied }, subject)];
}

/** What stands against a name in `iotedge check`: `is empty`. */
export function problemOf(hostname: string): string | undefined {
  if (hostname === '') return 'is empty';
  if (hostname.length > 64) return `has ${hostname.length} characters, expected at most 64`;
  for (const label of hostname.split('.')) {
    const problem = problemOfLabel(label);
    if (problem !== undefined) return label === '' ? problem : `has the label "${label}", ${problem}`;
  }
  return undefined;
}

function problemOfLabel(label: string): string | undefined {
  if (label === '') return 'has an empty label (two dots, or one at an end)';
  if (label.length > 63) return `which has ${label.length} characters, expected at most 63`;
  const stranger = /[^A-Za-z0-9-]/u.exec(label);
  if (stranger !== null)
    return `which has the character ${JSON.stringify(stranger[0])}, expected letters, digits and -`;
  if (!/^[A-Za-z]/.test(label)) return 'which does not begin with a letter';
  if (label.endsWith('-')) return 'which does not end with a letter or a digit';
  return undefined;
}
