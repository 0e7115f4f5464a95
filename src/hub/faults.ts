import { faultRow, faultsOf } from '../model/fault-table.ts';

/** The parts of a connection string that signing in needs. */
export type ConnectionStringPart = 'HostName' | 'SharedAccessKeyName' | 'SharedAccessKey';

/** What is wrong with the text of `import-container`. */
export type ContainerProblem =
  | 'no-url'
  | 'no-https'
  | 'password'
  | 'no-container'
  | 'more-than-container'
  | 'no-signature';

/** What is done to a blob, and the right that a signature needs for it. */
export type BlobAccess = 'read' | 'write' | 'delete';

const copyConnectionString =
  'Copy the primary connection string of a policy: az iot hub connection-string show --hub-name NAME --policy-name iothubowner. It reads HostName=NAME.azure-devices.net;SharedAccessKeyName=POLICY;SharedAccessKey=KEY, without quotes.';

/**
 * Faults of what the workflow says about hubs and the import container. A `line` counts from 1. No row gets the text of
 * a connection string or of `import-container`, which may hold a key or a signature.
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
  'connection-string-no-domain': faultRow<{ line: number }>({
    kind: 'usage',
    message: ({ line }) => `${connectionString(line)} has a HostName without a domain`,
    remedy: () => copyConnectionString,
    example: { line: 1 },
  }),

  'container-unusable': faultRow<{ problem: ContainerProblem }>({
    kind: 'usage',
    message: ({ problem }) => `import-container ${containerProblems[problem]}`,
    remedy: () =>
      'Give the URL of a container, https://ACCOUNT.blob.core.windows.net/CONTAINER, with a signature (?sv=…&sig=…), or without one where the run signs in by Entra.',
    example: { problem: 'no-container' },
  }),
  'signature-lacks-rights': faultRow<{ rights: readonly BlobAccess[] }>({
    kind: 'usage',
    message: ({ rights }) => `${givenSignature} lacks the right to ${rights.join(' and ')}`,
    remedy: () => newSignature,
    example: { rights: ['write', 'delete'] },
  }),
  'signature-not-for-blobs': faultRow<Record<string, never>>({
    kind: 'usage',
    message: () => `${givenSignature} is not one for the blobs of a container`,
    remedy: () => newSignature,
    example: {},
  }),
  /** `at` in milliseconds since 1970. */
  'signature-expired': faultRow<{ at: number }>({
    kind: 'usage',
    message: ({ at }) => `${givenSignature} expired on ${new Date(at).toISOString()}`,
    remedy: () => newSignature,
    example: { at: Date.UTC(2026, 0, 15) },
  }),
  /** `at` in milliseconds since 1970. */
  'signature-not-yet-valid': faultRow<{ at: number }>({
    kind: 'usage',
    message: ({ at }) => `${givenSignature} does not hold before ${new Date(at).toISOString()}`,
    remedy: () => newSignature,
    example: { at: Date.UTC(2026, 0, 15) },
  }),
};

export const hubFault = faultsOf(hubFaults);

const containerProblems: Readonly<Record<ContainerProblem, string>> = {
  'no-url': 'is not a URL',
  'no-https': 'does not begin with https://',
  password: 'has a user name or a password',
  'no-container': 'names no container',
  'more-than-container': 'names more than a container',
  'no-signature': 'has a query that is not a signature (SAS)',
};

const givenSignature = 'import-container: the signature (SAS)';

/** How to make another signature for the import container. */
export const newSignature =
  'Make another one: az storage container generate-sas --account-name ACCOUNT --name CONTAINER --permissions rwd --https-only --expiry "$(date -u -d tomorrow +%Y-%m-%dT%H:%MZ)" --output tsv; the URL of the container, "?" and that are the input import-container, kept in a secret.';

function connectionString(line: number): string {
  return `the connection string in line ${line}`;
}
