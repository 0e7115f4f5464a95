import { faultRow, faultsOf } from '../model/fault-table.ts';

/** The parts of a connection string that signing in needs. */
export type ConnectionStringPart = 'HostName' | 'SharedAccessKeyName' | 'SharedAccessKey';

const copyConnectionString =
  'Copy the primary connection string of a policy: az iot hub connection-string show --hub-name NAME --policy-name iothubowner. It reads HostName=NAME.azure-devices.net;SharedAccessKeyName=POLICY;SharedAccessKey=KEY, without quotes.';

/**
 * Faults of what the workflow says about hubs. A `line` counts from 1. No row gets the text of a connection string,
 * which holds a key.
 */
export const hubFaults = {
  'only-hub-not-named': faultRow<{ onlyHub: string; named: readonly string[] }>({
    kind: 'usage',
    message: ({ onlyHub, named }) =>
      `only-hub is ${onlyHub}, which is not among the hubs that the workflow names: ${named.join(', ') || 'none'}`,
    remedy: () => 'Correct only-hub, or name that hub in the input hub or by a connection string.',
    example: { onlyHub: 'contoso-test.azure-devices.net', named: ['contoso.azure-devices.net'] },
  }),
  'connection-string-twice': faultRow<{ host: string }>({
    kind: 'usage',
    message: ({ host }) => `two connection strings name the hub ${host}`,
    remedy: () => 'Give one connection string for each hub.',
    example: { host: 'contoso.azure-devices.net' },
  }),
  'connection-string-of-device': faultRow<{ line: number }>({
    kind: 'usage',
    message: ({ line }) =>
      `${connectionString(line)} is that of a device (it has a DeviceId), expected that of a shared access policy`,
    remedy: () => copyConnectionString,
    example: { line: 1 },
  }),
  'connection-string-incomplete': faultRow<{ line: number; missing: readonly ConnectionStringPart[] }>({
    kind: 'usage',
    message: ({ line, missing }) => `${connectionString(line)} lacks ${missing.join(' and ')}`,
    remedy: () => copyConnectionString,
    example: { line: 2, missing: ['SharedAccessKeyName', 'SharedAccessKey'] },
  }),
  'connection-string-host': faultRow<{ line: number }>({
    kind: 'usage',
    message: ({ line }) => `${connectionString(line)} has a HostName that is not a host name`,
    remedy: () => copyConnectionString,
    example: { line: 1 },
  }),
};

export const hubFault = faultsOf(hubFaults);

function connectionString(line: number): string {
  return `the connection string in line ${line}`;
}
