import { resolve } from 'node:path';
import { info, notice, setSecret } from '@actions/core';
import { getProxyForUrl } from 'proxy-from-env';
import { requireUploads, uploadBundles } from './github/artifacts.ts';
import { commentReport } from './github/comment.ts';
import { requireCurrent } from './github/current.ts';
import { type Event, publicityFindings, readEvent } from './github/event.ts';
import { openEventHistory } from './github/event-history.ts';
import { baseCommit, openCommit } from './github/git/base.ts';
import { committedAt } from './github/git/committed.ts';
import { requireOwnFiles, strangersRun } from './github/git/head.ts';
import { ignoredByGit } from './github/git/ignored.ts';
import { idToken, mayHaveIdTokens } from './github/id-token.ts';
import { readInputs } from './github/inputs.ts';
import { keepIssue } from './github/issue.ts';
import { logProgress, logReport, writeSummary } from './github/log.ts';
import { setOutputs } from './github/outputs.ts';
import { pageFileOf, publishPage } from './github/page.ts';
import { formsOf, hiding, proxySecretsIn } from './github/secrets.ts';
import { asFault, type Fault, messageOf } from './model/fault.ts';
import { type Command, endedEarly, exitCode, type Report, withLaterFaults } from './model/report.ts';
import { cutShort, type Stop, unlessStopped } from './model/stop.ts';
import type { Workspace } from './model/workspace.ts';
import { provision } from './provision.ts';
import type { SarifContext } from './report/sarif.ts';
import { commitWorkspace, largestOf } from './run/commit-workspace.ts';
import { runFault } from './run/faults.ts';
import { runLines } from './run/lines.ts';
import type { BaseFiles, FilesRead, Request } from './run/request.ts';
import { asksHub, judgeSettings, type ReadSettings, type RunSettings, type Settings } from './run/settings.ts';
import { openSignIn, type SignIn } from './run/sign-in.ts';
import { endSoon, exitWith, type Outside, stopFromOutside } from './run/signals.ts';
import { version } from './run/version.ts';
import { openWorkspace } from './run/workspace.ts';
import { readCa, realWorld } from './run/world.ts';

/** The JavaScript action: inputs, run, outputs. However the run ends, it sets the outputs and writes the summary. */
async function main(): Promise<void> {
  const outside = stopFromOutside();
  const { stop } = outside;
  const inputs = readInputs();
  const event = readEvent();
  const { settings, faults } = await readRunSettings(inputs, event);
  const { report, artifactIds } =
    faults.length > 0 ? endedBy(inputs.command, faults) : await runAndUpload(settings, event, outside);
  // A stopped run says nothing about the fleet, so the issue is left as it is.
  const issue = stop.asked.aborted ? [] : await cutShort(stop.asked, keepIssue(report, settings, event), () => []);
  const ended: Report = { ...report, faults: [...report.faults, ...issue] };
  const complete = await publishPage(ended, workspaceRoot(), settings, event, stop);
  await logReport(complete);
  await writeSummary(complete, event.link, hiding(settings.secrets));
  setOutputs(complete, artifactIds, {
    folder: process.env.RUNNER_TEMP ?? '.',
    sarif: sarifContext(settings, event),
    hide: hiding(settings.secrets),
  });
  if (!stop.hurried) await commentReport(complete, settings, event);
  outside.release();
  const code = exitCode(complete);
  if (code === 3) exitWith(code);
  else endSoon(code === 0 ? 0 : 1);
}

function sarifContext({ request }: RunSettings, { rulesPage }: Event): SarifContext {
  const [manifest = 'devices.yaml'] = request.manifests;
  return { version, manifest, ...(rulesPage === undefined ? {} : { rulesPage }) };
}

/** Reads the settings before a hub is asked or anything is written. Masks their secrets in the log. */
async function readRunSettings(inputs: Settings, event: Event): Promise<ReadSettings> {
  const read = await judgeSettings(inputs, {
    directory: workspaceRoot(),
    owner: { env: process.env, origin: async () => undefined },
    asksHub: (command, signIn) => asksHub(command) && excuseOf(command, signIn, event) === undefined,
    mask: maskForms,
  });
  for (const secret of [...read.settings.secrets, ...proxySecretsIn(process.env)]) maskForms(secret);
  return read;
}

function workspaceRoot(): string {
  return process.env.GITHUB_WORKSPACE ?? process.cwd();
}

/** A run that has ended, with its uploads. */
interface Ended {
  readonly report: Report;
  readonly artifactIds: readonly number[];
}

function endedBy(command: string | undefined, faults: readonly Fault[]): Ended {
  return { report: endedEarly(command, ...faults), artifactIds: [] };
}

async function runAndUpload(settings: RunSettings, event: Event, outside: Outside): Promise<Ended> {
  try {
    outside.limit(settings.request.timeLimit);
    const report = await run(settings, workspaceRoot(), event, outside.stop);
    const { ids, names, faults } = await uploadUnlessStopped(report, settings, outside.stop);
    const uploaded = { ...report, ...(names.length === 0 ? {} : { artifacts: names }) };
    return { report: withLaterFaults(uploaded, faults), artifactIds: ids };
  } catch (thrown) {
    return endedBy(settings.request.command, [asFault(thrown)]);
  }
}

/** Masks a secret, and its form in URLs, in the log. */
function maskForms(secret: string): void {
  for (const form of formsOf(secret)) setSecret(form);
}

async function run(settings: RunSettings, root: string, event: Event, stop: Stop): Promise<Report> {
  const { signIn, endpoints, caFile, importContainer, githubToken: token } = settings;
  const request = completed(settings, root, event);
  const { command } = request;
  const workspace = openWorkspace(root, { checkIgnored: ignoredByGit });
  const excuse = excuseOf(command, signIn, event);
  const credentials =
    excuse === undefined && asksHub(command)
      ? await unlessStopped(stop, () =>
          openSignIn(signIn, endpoints, {
            idToken: (audience) => idToken(audience, event.withoutSecrets),
            mask: setSecret,
            authorityHost: process.env.AZURE_AUTHORITY_HOST || undefined,
            proxyFor: getProxyForUrl,
            ca: () => readCa(caFile, workspace.root),
            waiting: info,
          }),
        )
      : [];
  const stranger = strangersRun(process.env);
  const requireNewest = async (read: FilesRead) => {
    if (stranger !== undefined) await requireOwnFiles(stranger, workspace.root, read);
    const { ref, commit } = event;
    if (ref === undefined) return;
    const hasPlan = request.planFile !== undefined;
    await requireCurrent({ ...ref, root: workspace.root, commit, hasPlan, token }, read);
  };
  const world = realWorld({
    command,
    workspace,
    credentials,
    caFile,
    ...(command === 'apply' ? { importContainer } : {}),
    env: process.env,
    progress: logProgress(),
    mask: maskForms,
    stop,
    checkPublishing: settings.artifacts === 'none' ? () => {} : requireUploads,
    requireCurrent: requireNewest,
    openHistory: () => openEventHistory(root, event, command),
    ...(event.base === undefined ? {} : { openBase: () => openBase(root, event, workspace) }),
    ...(event.before === undefined ? {} : { openBefore: () => openBefore(root, event, workspace) }),
    committedAt: (blobs) => timesOf(root, blobs),
  });
  if (excuse !== undefined) {
    notice(runLines['only-validated']({ reason: excuse }), { title: runLines['plan-without-hub-title']() });
    return { ...(await provision({ ...request, command: 'validate', insteadOfPlan: true }, world)), command: 'plan' };
  }
  return provision(request, world);
}

/** Adds to the request what only the runner knows. A plan and report.html are always written to files, because outputs name them. */
function completed({ request, artifacts }: RunSettings, root: string, event: Event): Request {
  const { command } = request;
  const publishes = (command === 'apply' || command === 'render') && artifacts !== 'none';
  const planFile = resolve(root, process.env.RUNNER_TEMP ?? '.', 'provision-iot-edge-plan.json');
  const reportHtml = pageFileOf(command, root);
  return {
    ...(command === 'plan' ? { planFile } : {}),
    ...request,
    ...(reportHtml === undefined ? {} : { reportHtml }),
    findings: publishes ? publicityFindings(event) : [],
  };
}

/** The files at the base of the pull request. If they are missing, a notice says why, and the plan goes on. */
async function openBase(
  root: string,
  { base = '', commit }: Event,
  workspace: Workspace,
): Promise<BaseFiles | undefined> {
  try {
    const opened = await filesAt(root, await baseCommit(root, base, commit), workspace);
    if (opened === undefined) throw new Error(runLines['base-missing']());
    return opened;
  } catch (thrown) {
    const reason = messageOf(thrown);
    notice(runLines['not-compared']({ reason }), { title: runLines['not-compared-title']() });
    return undefined;
  }
}

/**
 * The files at the commit before. Without them the run refuses more, and the finding names the remedy. So a missing commit is told
 * by nothing else, and a fault of git by a notice.
 */
async function openBefore(
  root: string,
  { base, before = '', commit }: Event,
  workspace: Workspace,
): Promise<BaseFiles | undefined> {
  try {
    return await filesAt(root, base === undefined ? before : await baseCommit(root, base, commit), workspace);
  } catch (thrown) {
    notice(runLines['before-unread']({ reason: messageOf(thrown) }), { title: runLines['before-unread-title']() });
    return undefined;
  }
}

/** The files of a commit; undefined if the repository does not have it. */
async function filesAt(root: string, commit: string, workspace: Workspace): Promise<BaseFiles | undefined> {
  const opened = await openCommit(root, commit, largestOf);
  if (opened === undefined) return undefined;
  return { workspace: commitWorkspace(opened, workspace), renamed: opened.renamed, remove: opened.remove };
}

/** When contents of files came onto the branch. Without the times one warning is not given, and a notice says why. */
async function timesOf(root: string, blobs: ReadonlySet<string>): Promise<ReadonlyMap<string, number>> {
  try {
    return await committedAt(root, blobs);
  } catch (thrown) {
    notice(runLines['times-unread']({ reason: messageOf(thrown) }), { title: runLines['before-unread-title']() });
    return new Map();
  }
}

/** Why a plan asks no hub: the run has no secrets to sign in with. Nothing if it does ask. */
function excuseOf(command: Command, signIn: SignIn, { withoutSecrets }: Event): string | undefined {
  return command === 'plan' && !canSignIn(signIn) ? withoutSecrets : undefined;
}

/** Whether the settings are enough to sign in. A session of the Azure CLI does not count, because there may be none. */
function canSignIn(signIn: SignIn): boolean {
  if (signIn.way === 'github-oidc') {
    return signIn.clientId !== '' && signIn.tenantId !== '' && mayHaveIdTokens(process.env);
  }
  return signIn.way === 'connection-strings';
}

interface Uploaded {
  readonly ids: readonly number[];
  readonly names: readonly string[];
  readonly faults: readonly Fault[];
}

/** Uploads take long, so a stopped run leaves them to the next one. */
async function uploadUnlessStopped(report: Report, settings: RunSettings, stop: Stop): Promise<Uploaded> {
  const stopped = () => ({ ids: [], names: [], faults: [stop.fault()] });
  if (report.bundles.length === 0) return { ids: [], names: [], faults: [] };
  return cutShort(stop.asked, stop.asked.aborted ? Promise.resolve(stopped()) : upload(report, settings), stopped);
}

/** Uploads the bundles. A failure is a fault of the report, because the hub is already as the report says. */
async function upload(
  { bundles, bundlesDirectory }: Report,
  { artifacts: mode, retentionDays }: RunSettings,
): Promise<Uploaded> {
  if (bundlesDirectory === undefined || mode === 'none') return { ids: [], names: [], faults: [] };
  try {
    const uploads = await uploadBundles(bundles, bundlesDirectory, { mode, retentionDays, log: info });
    if (uploads.notice !== undefined) notice(uploads.notice, { title: runLines['artifacts-title']() });
    const faults = uploads.failures.map(({ message: said }) => runFault('artifact-not-uploaded', { said }));
    return { ids: uploads.ids, names: uploads.names, faults };
  } catch (thrown) {
    return { ids: [], names: [], faults: [asFault(thrown)] };
  }
}

void main();
