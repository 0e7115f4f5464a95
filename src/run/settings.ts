import { resolve } from 'node:path';
import type { DeploymentsRequest } from '../deployment/judge.ts';
import { type ImportContainer, readImportContainer } from '../hub/import/import-container.ts';
import { parseCapacity } from '../model/capacity.ts';
import type { Fault } from '../model/fault.ts';
import { classicName, type HubEndpoint, type HubHost, hubOf } from '../model/hub-name.ts';
import type { Owner } from '../model/owner.ts';
import { type Command, commands } from '../model/report.ts';
import { type ChangeLimit, readChangeLimit } from '../plan/limit.ts';
import type { Adopt } from '../plan/ownership.ts';
import { runFault } from './faults.ts';
import { type OwnerSources, readOwner } from './owner.ts';
import type { Request } from './request.ts';
import { SettingReader, type Settings, WrongSettings } from './setting-reader.ts';
import { secretsIn } from './setting-secrets.ts';
import { hostsOf, type SignIn } from './sign-in.ts';

export type { Settings } from './setting-reader.ts';

/** Everything that the settings of a run say. After `readSettings` no code reads a setting as text. */
export interface RunSettings {
  /** Its findings are empty. The door adds its own. */
  readonly request: Request;
  readonly signIn: SignIn;
  /** The host name to call for each hub of the request, in the same order. A connection string goes before the setting `hub`. */
  readonly endpoints: readonly HubEndpoint[];
  /** The absolute path of one more certificate authority, PEM. */
  readonly caFile?: string;
  /** The container for import jobs, if there is one. */
  readonly importContainer?: ImportContainer;
  /** How bundles are uploaded: one artifact a device, one for all, or none. */
  readonly artifacts: 'device' | 'fleet' | 'none';
  /** If absent, the repository decides how long artifacts are kept. */
  readonly retentionDays?: number;
  /** Whether pull requests get a comment. */
  readonly comment: 'auto' | 'never';
  /** The title of the issue to keep, if one is wanted. */
  readonly issue?: string;
  /** A secret. Empty if there is none. */
  readonly githubToken: string;
  /** The secrets in the settings, also in wrong ones. Files and comments must not show them. */
  readonly secrets: readonly string[];
  /**
   * The texts by which later runs recognize the comment and the issue of this run: command, manifest, only hub, and the hosts of the
   * hubs. A wrong setting counts as it is written, because the comment about it must be found again too.
   */
  readonly recognizedBy: readonly string[];
}

/** What `readSettings` needs beside the settings. */
export interface SettingsContext {
  /** Absolute. The paths `output-directory`, `plan-file`, `report-html` and `ca-file` start there. */
  readonly directory: string;
  /** Gives the manifests, relative to the workspace, in place of the setting `manifest`. Throws a usage `Fault`. */
  readonly manifests?: () => readonly string[];
  /** Turns the setting `deployments` into paths relative to the workspace. If absent, they are. Throws a usage `Fault`. */
  readonly deployments?: (patterns: readonly string[]) => readonly string[];
  /** Whether the run asks a hub. If it does not, the ids of the sign-in are not judged. If absent, the command decides. */
  readonly asksHub?: (command: Command, signIn: SignIn) => boolean;
  /** Gets the key of each connection string, even if another setting is wrong, so that no log shows it. */
  readonly mask?: (key: string) => void;
  /** Milliseconds since 1970. */
  readonly now?: number;
  /** If absent, only the setting `owner` names the owner. */
  readonly owner?: OwnerSources;
}

/** Whether a command asks a hub. */
export function asksHub(command: Command): boolean {
  return command !== 'validate' && command !== 'render';
}

/** The settings of a run, and the faults of those that are wrong. A wrong setting has its default. */
export interface ReadSettings {
  readonly settings: RunSettings;
  /** If there are any, the run must not begin. */
  readonly faults: readonly Fault[];
}

/** Reads the settings of a run. Throws `WrongSettings` with the faults of all settings. A fault never quotes a secret. */
export async function readSettings(settings: Settings, context: SettingsContext): Promise<RunSettings> {
  const read = await judgeSettings(settings, context);
  if (read.faults.length > 0) throw new WrongSettings(read.faults);
  return read.settings;
}

/** Reads the settings of a run that reports in the same way whether they are right or wrong. */
export async function judgeSettings(settings: Settings, context: SettingsContext): Promise<ReadSettings> {
  const reader = new SettingReader(settings);
  const { directory, manifests = () => reader.lines('manifest', 'devices.yaml'), now = Date.now() } = context;
  const command = reader.word('command', commands, 'plan');
  const signIn = await readSignIn(reader, command, context);
  const onlyHub =
    reader.text('only-hub') === '' ? undefined : reader.hub('only-hub', reader.raw('only-hub') ?? '')?.hub;
  const endpoints = endpointsOf(reader, signIn);
  const planFile = reader.text('plan-file');
  const reportHtml = reader.text('report-html');
  const capacity = reader.text('hub-capacity');
  const timeLimit = reader.minutes('time-limit');
  const caFile = reader.text('ca-file');
  const importContainer = reader.attempt(() => readImportContainer(reader.raw('import-container'), now));
  const hubCapacity = capacity === '' ? undefined : reader.attempt(() => parseCapacity(capacity, 'hub-capacity'));
  const retentionDays = reader.days('retention-days', 0);
  const issue = reader.text('issue');
  const rules = await ruleChanges(reader);
  const deployments = readDeployments(reader, command, context);
  const unowned: Request = {
    command,
    manifests: reader.attempt(manifests) ?? [],
    ...(deployments === undefined ? {} : { deployments }),
    hubs: endpoints.map(hubOf),
    ...(onlyHub === undefined ? {} : { onlyHub }),
    outputDirectory: resolve(directory, reader.text('output-directory', 'device-bundles')),
    failOn: reader.word('fail-on', ['error', 'warning']),
    expiryWarningDays: reader.days('expiry-warning-days', 30),
    ...rules,
    plan: {
      ...rules,
      adopt: readAdopt(reader),
      allowLockout: reader.devices('allow-lockout'),
      maxChanges: readMaxChanges(reader),
      prune: reader.word('prune', ['none', 'disable', 'delete']),
    },
    ...(reader.flag('unowned') ? { unowned: true } : {}),
    ...(planFile === '' ? {} : { planFile: resolve(directory, planFile) }),
    ...(reportHtml === '' ? {} : { reportHtml: resolve(directory, reportHtml) }),
    ...(hubCapacity === undefined ? {} : { hubCapacity }),
    ...(timeLimit === undefined ? {} : { timeLimit }),
    findings: [],
  };
  const owner = await ownerFor(unowned, reader, context);
  const request = owner === undefined ? unowned : { ...unowned, plan: { ...unowned.plan, owner } };
  const read: RunSettings = {
    request,
    signIn,
    endpoints,
    ...(caFile === '' ? {} : { caFile: resolve(directory, caFile) }),
    ...(importContainer === undefined ? {} : { importContainer }),
    artifacts: reader.word('artifacts', ['device', 'fleet', 'none']),
    ...(retentionDays === 0 ? {} : { retentionDays }),
    comment: reader.word('comment', ['auto', 'never']),
    ...(issue === '' ? {} : { issue }),
    githubToken: reader.text('github-token'),
    secrets: secretsIn(settings),
    recognizedBy: [
      ...['command', 'manifest'].map((name) => reader.text(name)),
      ...(deployments === undefined ? [] : [reader.text('deployments')]),
      classicName(reader.text('only-hub')),
      ...hostsIn(settings),
    ],
  };
  return { settings: read, faults: reader.faults };
}

/**
 * The hubs that the settings name, by their classic names, sorted. A workflow that calls a hub by another of its names finds its comment
 * again.
 */
function hostsIn({ hub = '', 'connection-string': strings = '' }: Settings): readonly string[] {
  const named = [...strings.matchAll(/\bHostName\s*=\s*([^\s;]+)/gi)].map(([, host = '']) => host);
  const hosts = [...hub.split(/\s+/), ...named].filter((host) => host !== '');
  return [...new Set(hosts.map(classicName))].sort();
}

/** The table of rules is loaded only if the setting is given: `list` and the command line's help need none. */
async function ruleChanges(reader: SettingReader): Promise<Pick<Request, 'rules'>> {
  if (reader.text('rules') === '') return {};
  const { readRuleChanges } = await import('./rule-changes.ts');
  const rules = await readRuleChanges(reader);
  return rules.size === 0 ? {} : { rules };
}

/** Deployments are judged by `validate` alone. Another command would read the setting and ignore it. */
function readDeployments(
  reader: SettingReader,
  command: Command,
  { deployments: spelled = (patterns) => patterns }: SettingsContext,
): DeploymentsRequest | undefined {
  const given = reader.lines('deployments');
  const runtime = reader.text('runtime');
  const applied = reader.flag('deployments-applied');
  if (runtime !== '' && !isDeploymentRuntime(runtime)) reader.refuse(runFault('not-a-runtime', { given: runtime }));
  if (given.length === 0) {
    if (applied) reader.refuse(runFault('no-deployments', { name: 'deployments-applied' }));
    if (runtime !== '') reader.refuse(runFault('no-deployments', { name: 'runtime' }));
    return undefined;
  }
  if (command !== 'validate') reader.refuse(runFault('deployments-only-validated', { command }));
  const patterns = reader.attempt(() => spelled(given)) ?? [];
  return { patterns, applied, ...(runtime === '' ? {} : { runtime }) };
}

/** `1.5`, or with a patch. */
function isDeploymentRuntime(text: string): boolean {
  return /^1\.[0-6](\.\d{1,3})?$/.test(text);
}

function readAdopt(reader: SettingReader): Adopt {
  const word = reader.word('adopt', ['false', 'unmarked', 'true']);
  return word === 'unmarked' ? word : word === 'true';
}

/** Reads the owner of a run that asks a hub. Other runs mark nothing, and have to start fast. */
async function ownerFor(
  { command, plan: { prune, adopt } }: Request,
  reader: SettingReader,
  { owner: sources }: SettingsContext,
): Promise<Owner | undefined> {
  if (!asksHub(command)) return undefined;
  const owner = await readOwner(reader, sources);
  if (owner === undefined && prune !== 'none') reader.refuse(runFault('owner-unknown', { setting: 'prune' }));
  if (owner === undefined && adopt === 'unmarked') reader.refuse(runFault('owner-unknown', { setting: 'adopt' }));
  return owner;
}

/** Reads how to sign in: by connection strings, by ids, or by the session of the Azure CLI if neither is given. */
async function readSignIn(
  reader: SettingReader,
  command: Command,
  { mask = () => {}, asksHub: asks = asksHub }: SettingsContext,
): Promise<SignIn> {
  const [strings, clientId, tenantId] = [
    reader.raw('connection-string') ?? '',
    reader.text('client-id'),
    reader.text('tenant-id'),
  ];
  const byIds = { way: 'github-oidc', clientId, tenantId } as const;
  const hasIds = clientId !== '' || tenantId !== '';
  const hasStrings = strings.trim() !== '';
  if (hasIds && asks(command, byIds)) judgeIds(reader, byIds, hasStrings);
  if (!hasStrings) return hasIds ? byIds : { way: 'azure-cli' };
  if (hasIds) reader.refuse(runFault('two-ways-to-sign-in', {}));
  // Only runs that have connection strings load the parser of the SDK.
  const { readConnectionStrings } = await import('../hub/connection-string.ts');
  const credentials = reader.attempt(() => readConnectionStrings(strings)) ?? [];
  for (const { key } of credentials) mask(key);
  return { way: 'connection-strings', credentials };
}

/** If connection strings are given too, a missing id is no fault: the ids may have been left in by mistake. */
function judgeIds(reader: SettingReader, ids: { clientId: string; tenantId: string }, hasStrings: boolean): void {
  const { clientId, tenantId } = ids;
  if (!hasStrings && (clientId === '' || tenantId === '')) {
    reader.refuse(runFault('id-missing', { missing: clientId === '' ? 'client-id' : 'tenant-id' }));
  }
  if (clientId !== '' && !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(clientId)) {
    reader.refuse(runFault('client-id-malformed', {}));
  }
  if (tenantId !== '' && !/^[0-9a-z][0-9a-z.-]*$/i.test(tenantId)) reader.refuse(runFault('tenant-id-malformed', {}));
}

/** If the workflow gives several names of one hub, the first one is called, or that of the connection string. */
function endpointsOf(reader: SettingReader, signIn: SignIn): readonly HubEndpoint[] {
  const named = reader.lines('hub').flatMap((line) => reader.hub('hub', line)?.endpoint ?? []);
  const signedIn = new Map(hostsOf(signIn).map((endpoint) => [hubOf(endpoint), endpoint]));
  const chosen = new Map<HubHost, HubEndpoint>();
  for (const endpoint of [...named, ...signedIn.values()]) {
    const hub = hubOf(endpoint);
    if (!chosen.has(hub)) chosen.set(hub, signedIn.get(hub) ?? endpoint);
  }
  return [...chosen.values()];
}

function readMaxChanges(reader: SettingReader): ChangeLimit {
  const given = reader.text('max-changes', '30%');
  const limit = readChangeLimit(given);
  if (limit === undefined) reader.refuse(runFault('not-a-limit', { name: 'max-changes', given }));
  return limit ?? { kind: 'number', number: 0, text: '0' };
}
