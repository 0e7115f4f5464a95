import { ConnectionString } from 'azure-iothub/dist/common-core/connection_string.js';
import { type HubHost, isHubHost } from '../model/fleet.ts';
import type { SasCredential } from './credential.ts';
import { hubFault } from './faults.ts';

/**
 * Reads connection strings of shared access policies, one per line. Skips blank lines.
 * Throws a usage `Fault` that names the line and what is wrong with it. The fault never quotes the line.
 */
export function readConnectionStrings(text: string): readonly SasCredential[] {
  const credentials = text
    .split(/\r?\n/)
    .flatMap((line, index) => (line.trim() === '' ? [] : [readOne(line.trim(), index + 1)]));
  const hosts = new Set<HubHost>();
  for (const { host } of credentials) {
    if (hosts.has(host)) throw hubFault('connection-string-twice', { host });
    hosts.add(host);
  }
  return credentials;
}

function readOne(text: string, line: number): SasCredential {
  const parts = ConnectionString.parse(text);
  if (parts.DeviceId !== undefined) throw hubFault('connection-string-of-device', { line });
  const { HostName: hostName, SharedAccessKeyName: keyName, SharedAccessKey: key } = parts;
  if (hostName === undefined || keyName === undefined || key === undefined) {
    const missing = neededParts.filter((name) => parts[name] === undefined);
    throw hubFault('connection-string-incomplete', { line, missing });
  }
  const host = hostName.trim().toLowerCase();
  if (!isHubHost(host)) throw hubFault('connection-string-host', { line });
  return { kind: 'sas', host, keyName, key };
}

const neededParts = ['HostName', 'SharedAccessKeyName', 'SharedAccessKey'] as const;
