import { ConnectionString } from 'azure-iothub/dist/common-core/connection_string.js';
import type { HubHost } from '../model/fleet.ts';
import { hubOf, readHubName } from '../model/hub-name.ts';
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
  const hubs = new Set<HubHost>();
  for (const { host } of credentials) {
    const hub = hubOf(host);
    if (hubs.has(hub)) throw hubFault('connection-string-twice', { host: hub });
    hubs.add(hub);
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
  const read = readHubName(hostName.trim());
  if (read.kind === 'not-a-host') throw hubFault('connection-string-host', { line });
  if (read.kind === 'no-domain') throw hubFault('connection-string-no-domain', { line });
  return { kind: 'sas', host: read.endpoint, keyName, key };
}

const neededParts = ['HostName', 'SharedAccessKeyName', 'SharedAccessKey'] as const;
