import type { Finding } from '../../model/finding.ts';
import type { Device } from '../../model/fleet.ts';
import type { HostnameProblem, LabelProblem } from '../../rules/hostname.ts';
import { finding } from '../../rules/rules.ts';
import { generationOf } from './runtime.ts';

/** The device's host name: the one in the manifest, else the id in lower case. */
export function hostnameOf(device: Device): string {
  return device.config.hostname ?? device.id.toLowerCase();
}

/**
 * Checks that `iotedge check` accepts the host names of the device and of its parent (RFC 1035; from 1.2 on also an IP
 * address), and that they fit into a certificate's common name. Keys in `skip` are not looked at.
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

/** An address of IPv4 or IPv6. Loading node:net for this takes longer than all the other checks. */
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

/** What `iotedge check` would say against a host name. */
export function problemOf(hostname: string): HostnameProblem | undefined {
  if (hostname === '') return { kind: 'empty' };
  if (hostname.length > 64) return { kind: 'length', length: hostname.length };
  for (const label of hostname.split('.')) {
    if (label === '') return { kind: 'empty-label' };
    const problem = problemOfLabel(label);
    if (problem !== undefined) return { kind: 'label', label, problem };
  }
  return undefined;
}

function problemOfLabel(label: string): LabelProblem | undefined {
  if (label.length > 63) return { kind: 'length', length: label.length };
  const stranger = /[^A-Za-z0-9-]/u.exec(label);
  if (stranger !== null) return { kind: 'character', character: stranger[0] };
  if (!/^[A-Za-z]/.test(label)) return { kind: 'begin' };
  return label.endsWith('-') ? { kind: 'end' } : undefined;
}
