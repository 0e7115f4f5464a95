import { type FaultRow, faultRow, faultsOf } from '../model/fault-table.ts';

/** A setting whose text is wrong. */
interface Wrong {
  /** The name of the setting. */
  readonly name: string;
  readonly given: string;
}

/** A row for a setting that is not what is expected. Message and remedy use the same words for it. */
function wrong<Details extends Wrong>(expected: (details: Details) => string, example: Details): FaultRow<Details> {
  return faultRow<Details>({
    kind: 'usage',
    message: (details) => `${details.name}: ${JSON.stringify(details.given)} is not ${expected(details)}`,
    remedy: (details) => `Give ${details.name} ${expected(details)}.`,
    example,
  });
}

const planFileRemedy = () =>
  'Give plan-file the file that the command plan of this version has written; or leave it out to apply without approval.';

/** A row for an approved plan that cannot be used. */
function unusable<Details extends { readonly path: string }>(
  what: (details: Details) => string,
  example: Details,
): FaultRow<Details> {
  return faultRow<Details>({
    kind: 'usage',
    message: (details) => `the plan file ${details.path} ${what(details)}`,
    remedy: planFileRemedy,
    example,
  });
}

/** The ids of the sign-in by GitHub's OIDC. */
export type IdName = 'client-id' | 'tenant-id';

const howToFind: Readonly<Record<IdName, string>> = {
  'client-id': 'Give both: az ad app list --display-name NAME --query "[].appId" --output tsv.',
  'tenant-id': 'Give both: az account show --query tenantId --output tsv.',
};

export const runFaults = {
  // Settings
  'not-one-of': wrong<Wrong & { words: readonly string[] }>(({ words }) => `one of ${words.join(', ')}`, {
    name: 'fail-on',
    given: 'notice',
    words: ['error', 'warning'],
  }),
  'not-devices': wrong<Wrong>(() => 'only true, only false, or device ids, one per line', {
    name: 'allow-lockout',
    given: 'yes',
  }),
  'not-days': wrong<Wrong & { most: number }>(({ most }) => `a whole number of days, 0 to ${most}`, {
    name: 'retention-days',
    given: 'forever',
    most: 3650,
  }),
  'not-minutes': wrong<Wrong & { most: number }>(({ most }) => `a whole number of minutes, 1 to ${most}`, {
    name: 'time-limit',
    given: '6 h',
    most: 10_080,
  }),
  'not-a-hub': wrong<Wrong>(() => "a hub's host name, such as contoso.azure-devices.net", {
    name: 'hub',
    given: 'https://contoso.azure-devices.net',
  }),
  // Not of the kind `usage`: a manifest that says the same ends the run with exit code 1, and often both say it.
  'hub-without-domain': faultRow<Wrong & { meant: string }>({
    message: ({ name, given }) => `${name}: ${JSON.stringify(given)} is a hub's name without its domain`,
    remedy: ({ name, meant }) => `Give ${name} the whole host name: ${meant} (in other clouds it ends otherwise).`,
    example: { name: 'hub', given: 'contoso', meant: 'contoso.azure-devices.net' },
  }),
  'not-a-limit': wrong<Wrong>(() => 'a whole number or a share, such as 50 or 30%', {
    name: 'max-changes',
    given: 'many',
  }),

  'not-a-runtime': faultRow<{ given: string }>({
    kind: 'usage',
    message: ({ given }) => `runtime: ${JSON.stringify(given)} is not a version of IoT Edge, such as 1.5`,
    remedy: () => 'Give runtime the IoT Edge of the devices: 1.1, 1.4, 1.5 or 1.6, or with its patch.',
    example: { given: 'latest' },
  }),
  'no-deployments': faultRow<{ name: string }>({
    kind: 'usage',
    message: ({ name }) => `${name} is for deployments, and the run has none`,
    remedy: ({ name }) => `Give deployments the paths of the files, or leave ${name} out.`,
    example: { name: 'deployments-applied' },
  }),
  'deployments-only-validated': faultRow<{ command: string }>({
    kind: 'usage',
    message: ({ command }) => `deployments are checked by the command validate, and not by ${command}`,
    remedy: () => 'Give deployments to a step of its own with command: validate.',
    example: { command: 'plan' },
  }),

  'not-a-rule-change': faultRow<{ given: string }>({
    kind: 'usage',
    message: ({ given }) => `rules: ${JSON.stringify(given)} is not a rule and what becomes of it`,
    remedy: () => 'Give one rule per line, such as certificate/is-ca: off.',
    example: { given: 'certificate/is-ca' },
  }),
  'no-such-rule': faultRow<{ given: string; suggestion?: string }>({
    kind: 'usage',
    message: ({ given, suggestion }) =>
      `rules: there is no rule ${JSON.stringify(given)}${suggestion === undefined ? '' : `; did you mean "${suggestion}"?`}`,
    remedy: () => 'Give the name of a rule as findings show it; docs/rules.md lists them.',
    example: { given: 'certificate/is_ca', suggestion: 'certificate/is-ca' },
  }),
  'rule-twice': faultRow<{ rule: string }>({
    kind: 'usage',
    message: ({ rule }) => `rules: ${rule} is there twice`,
    remedy: () => 'Keep one of its lines.',
    example: { rule: 'certificate/is-ca' },
  }),
  'not-a-weight': faultRow<{ rule: string; given: string; weights: readonly string[] }>({
    kind: 'usage',
    message: ({ rule, given, weights }) =>
      `rules: ${rule}: ${JSON.stringify(given)} is not one of ${weights.join(', ')}`,
    remedy: ({ rule, weights }) => `Write ${rule}: and one of ${weights.join(', ')} behind it.`,
    example: { rule: 'certificate/is-ca', given: 'ignore', weights: ['error', 'warning', 'notice', 'off'] },
  }),
  'rule-not-lowered': faultRow<{ rule: string; given: string; least: string }>({
    kind: 'usage',
    message: ({ rule, given, least }) => `rules: ${rule} may not be ${given}; ${least} is the least it can be`,
    remedy: ({ rule }) => `Remove ${rule} and fix what it finds. docs/rules.md says who refuses it.`,
    example: { rule: 'certificate/expired', given: 'off', least: 'warning' },
  }),

  'not-an-owner': faultRow<{ given: string }>({
    kind: 'usage',
    message: ({ given }) => `owner: ${JSON.stringify(given)} is not a repository, such as github.com/contoso/fleet`,
    remedy: () => 'Give the host of the server, the owner and the name: --owner github.com/contoso/fleet.',
    example: { given: 'https://github.com/contoso/fleet' },
  }),
  'owner-of-workflow': faultRow<Record<never, never>>({
    kind: 'usage',
    message: () => 'owner names another repository than that of this workflow',
    remedy: () => 'Remove --owner. In a workflow, devices always belong to its own repository.',
    example: {},
  }),
  'owner-unknown': faultRow<{ setting: 'prune' | 'adopt' }>({
    kind: 'usage',
    message: ({ setting }) =>
      `${setting}: it is not known which repository this is, so no device in the hub is known to be its own`,
    remedy: ({ setting }) =>
      `Name it: --owner github.com/contoso/fleet, or give the clone a remote origin that names it; or leave ${setting} out.`,
    example: { setting: 'prune' },
  }),
  'twins-unread': faultRow<{ host: string }>({
    kind: 'usage',
    message: ({ host }) =>
      `prune: this run may not read the twins of ${host}, so it does not know which devices belong to this repository`,
    remedy: () =>
      'Give the policy the right Service Connect, or the Entra application the role IoT Hub Twin Contributor; or leave prune out.',
    example: { host: 'contoso.azure-devices.net' },
  }),
  'twins-unwritten': faultRow<{ host: string }>({
    kind: 'usage',
    message: ({ host }) =>
      `prune: this run may not write the twins of ${host}, so it cannot mark the devices of this repository`,
    remedy: () => 'Give the Entra application the role IoT Hub Twin Contributor; or leave prune out.',
    example: { host: 'contoso.azure-devices.net' },
  }),

  // Sign-in. Ids are never quoted, because a secret may stand in their place by mistake.
  'two-ways-to-sign-in': faultRow<Record<never, never>>({
    kind: 'usage',
    message: () => 'there are two ways to sign in: connection-string, and client-id with tenant-id',
    remedy: () => 'Keep one of them for all hubs. Hubs that differ in it want jobs of their own.',
    example: {},
  }),
  'id-missing': faultRow<{ missing: IdName }>({
    kind: 'usage',
    message: ({ missing }) => `${missing === 'client-id' ? 'tenant-id' : 'client-id'} is given without ${missing}`,
    remedy: ({ missing }) => `${howToFind[missing]} If it comes from a secret or a variable, is that set?`,
    example: { missing: 'tenant-id' },
  }),
  'client-id-malformed': faultRow<Record<never, never>>({
    kind: 'usage',
    message: () => 'client-id is not the id of an application, such as 11111111-2222-3333-4444-555555555555',
    remedy: () =>
      'Give the application (client) id: az ad app list --display-name NAME --query "[].appId" --output tsv.',
    example: {},
  }),
  'tenant-id-malformed': faultRow<Record<never, never>>({
    kind: 'usage',
    message: () => 'tenant-id is neither the id of a tenant nor its domain',
    remedy: () => 'Give the directory (tenant) id: az account show --query tenantId --output tsv.',
    example: {},
  }),
  'no-id-token-here': faultRow<Record<never, never>>({
    kind: 'usage',
    message: () => 'client-id signs in with an ID token of GitHub Actions, and this is none',
    remedy: () => 'Sign in by az login.',
    example: {},
  }),
  'no-connection-string': faultRow<{ hub: string }>({
    kind: 'usage',
    message: ({ hub }) => `there is no connection string for ${hub}`,
    remedy: ({ hub }) =>
      `One way of signing in serves all hubs of a run: give a connection string whose HostName is ${hub} too (the input connection-string, or IOTHUB_CONNECTION_STRING on the command line), or none at all.`,
    example: { hub: 'contoso.azure-devices.net' },
  }),
  'no-hub': faultRow<Record<never, never>>({
    kind: 'usage',
    message: () => 'there is no hub to ask: none is named, and no connection string is given',
    remedy: () =>
      'Name it in the input hub (--hub on the command line), or give its connection string: the input connection-string, or IOTHUB_CONNECTION_STRING. validate needs none.',
    example: {},
  }),

  // The world of a run
  'ca-file-unreadable': faultRow<{ why: string }>({
    kind: 'usage',
    message: ({ why }) => `ca-file cannot be read: ${why}`,
    remedy: () => 'Give ca-file the path of a PEM file with a certificate authority.',
    example: { why: 'it does not exist' },
  }),
  'no-history': faultRow<Record<never, never>>({
    kind: 'usage',
    message: () => 'the history of the repository is not known here',
    remedy: () => 'Leave prune out.',
    example: {},
  }),
  'root-unreadable': faultRow<{ root: string; why: string }>({
    message: ({ root, why }) => `${root} cannot be opened: ${why}`,
    remedy: () => 'Name a folder that exists.',
    example: { root: '/srv/repository', why: 'ENOENT: no such file or directory' },
  }),
  'root-not-a-folder': faultRow<{ root: string }>({
    kind: 'usage',
    message: ({ root }) => `${root} is not a folder`,
    remedy: () => 'Name the folder that holds the manifest.',
    example: { root: '/srv/repository/devices.yaml' },
  }),
  'folder-unlistable': faultRow<{ folder: string; why: string }>({
    message: ({ folder, why }) => `${folder} cannot be listed: ${why}`,
    remedy: () => "Check the disk and the folder's permissions.",
    example: { folder: '/srv/repository/certs', why: 'EIO: i/o error' },
  }),

  // The plan file
  'plan-not-written': faultRow<{ path: string; why: string }>({
    message: ({ path, why }) => `the plan cannot be written to ${path}: ${why}`,
    remedy: () => 'Give plan-file the path of a file that can be written.',
    example: { path: '/srv/plan.json', why: 'EACCES: permission denied' },
  }),
  'plan-unreadable': unusable<{ path: string; why: string }>(({ why }) => `cannot be read: ${why}`, {
    path: 'plan.json',
    why: 'it does not exist',
  }),
  'plan-refused': faultRow<{ path: string; why: string }>({
    kind: 'usage',
    message: ({ path, why }) => `the plan is not written to ${path}: ${why}`,
    remedy: () => 'Remove the link from the repository, or give plan-file another path.',
    example: { path: '/srv/repository/plan.json', why: 'it lies outside the workspace' },
  }),
  'page-not-written': faultRow<{ path: string; why: string }>({
    message: ({ path, why }) => `report.html cannot be written to ${path}: ${why}`,
    remedy: () => 'Give report-html the path of a file that can be written.',
    example: { path: '/srv/report.html', why: 'EACCES: permission denied' },
  }),
  'page-refused': faultRow<{ path: string; why: string }>({
    kind: 'usage',
    message: ({ path, why }) => `report.html is not written to ${path}: ${why}`,
    remedy: () => 'Remove the link from the repository, or give report-html another path.',
    example: { path: '/srv/repository/report.html', why: 'it lies outside the workspace' },
  }),
  'plan-not-json': unusable<{ path: string }>(() => 'is not JSON', { path: 'plan.json' }),
  'plan-not-an-object': unusable<{ path: string }>(() => 'is not a plan: expected a JSON object', {
    path: 'plan.json',
  }),
  'plan-version': unusable<{ path: string; version?: number; expected: number }>(
    ({ version, expected }) =>
      version === undefined
        ? `is not a plan: expected a number as its version`
        : `has the version ${version}, expected ${expected}`,
    { path: 'plan.json', version: 2, expected: 1 },
  ),
  'plan-hubs-not-a-list': unusable<{ path: string }>(() => 'is not a plan: hubs is not a list', { path: 'plan.json' }),
  'plan-hub-malformed': unusable<{ path: string; index: number }>(
    ({ index }) => `is not a plan: hubs[${index}] is not a hub with its changes`,
    { path: 'plan.json', index: 0 },
  ),

  // Work after the hub was written. `said` is the message of what failed.
  'files-not-written': faultRow<{ said: string }>({
    message: ({ said }) => said,
    remedy: () => 'The hub is as reported. Fix the cause and run it again: only the files are left.',
    example: { said: 'ENOSPC: no space left on device' },
  }),
  'artifact-not-uploaded': faultRow<{ said: string }>({
    message: ({ said }) => said,
    remedy: () => 'The hub is as reported. Run the job again: it uploads, and writes nothing that is already there.',
    example: { said: 'artifact iot-edge-edge-001 (device "edge-001") was not uploaded: Failed to CreateArtifact' },
  }),
};

export const runFault = faultsOf(runFaults);
