import type { Finding } from '../model/finding.ts';
import type { Device } from '../model/fleet.ts';
import { finding } from '../rules/rules.ts';

/** The device's host name: as the manifest says, else its id in lower case. */
export function hostnameOf(device: Device): string {
  return device.config.hostname ?? device.id.toLowerCase();
}

/** Whether `iotedge check` would take the host name (RFC 1035), and whether it fits into a certificate's common name; keys in `skip` are not looked at. */
export function judgeHostname(device: Device, skip: ReadonlySet<string> = new Set()): readonly Finding[] {
  if (skip.has('config.hostname')) return [];
  const hostname = hostnameOf(device);
  const problem = problemOf(hostname);
  if (problem === undefined) return [];
  const implied = device.config.hostname === undefined;
  const subject = { place: device.place('config.hostname'), device: device.id, hub: device.hub };
  return [finding('config/hostname', { hostname, problem, implied }, subject)];
}

function problemOf(hostname: string): string | undefined {
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
