import { ConnectionString } from 'azure-iothub/dist/common-core/connection_string.js';
import { Fault } from '../model/fault.ts';
import { type HubHost, isHubHost } from '../model/fleet.ts';
import type { SasCredential } from './credential.ts';

/**
 * Reads connection strings of shared access policies, one a line; blank lines count for nothing.
 * Throws a usage `Fault` that names the line and what is wrong with it, never what stands in it.
 */
export function readConnectionStrings(text: string): readonly SasCredential[] {
  const credentials = text
    .split(/\r?\n/)
    .flatMap((line, index) => (line.trim() === '' ? [] : [readOne(line.trim(), index + 1)]));
  const hosts = new Set<HubHost>();
  for (const { host } of credentials) {
    if (hosts.has(host)) {
      throw usage(`two connection strings name the hub ${host}`, 'Give one connection string for each hub.');
    }
    hosts.add(host);
  }
  return credentials;
}

const remedy =
  'Copy the primary connection string of a policy: az iot hub connection-string show --hub-name NAME --policy-name iothubowner. It reads HostName=NAME.azure-devices.net;SharedAccessKeyName=POLICY;SharedAccessKey=KEY, without quotes.';

function readOne(line: string, number: number): SasCredential {
  const parts = ConnectionString.parse(line);
  const where = `the connection string in line ${number}`;
  if (parts.DeviceId !== undefined) {
    throw usage(`${where} is that of a device (it has a DeviceId), expected that of a shared access policy`, remedy);
  }
  const { HostName: hostName, SharedAccessKeyName: keyName, SharedAccessKey: key } = parts;
  if (hostName === undefined || keyName === undefined || key === undefined) {
    const missing = Object.entries({ HostName: hostName, SharedAccessKeyName: keyName, SharedAccessKey: key })
      .filter(([, value]) => value === undefined)
      .map(([name]) => name);
    throw usage(`${where} lacks ${missing.join(' and ')}`, remedy);
  }
  const host = hostName.trim().toLowerCase();
  if (!isHubHost(host)) throw usage(`${where} has a HostName that is not a host name`, remedy);
  return { kind: 'sas', host, keyName, key };
}

function usage(message: string, howTo: string): Fault {
  return new Fault(message, howTo, { kind: 'usage' });
}
