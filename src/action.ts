import { join, resolve } from 'node:path';
import { info, notice, setSecret } from '@actions/core';
import { getProxyForUrl } from 'proxy-from-env';
import { requireUploads, uploadBundles } from './github/artifacts.ts';
import { commentReport } from './github/comment.ts';
import { type Event, publicityFindings, readEvent } from './github/event.ts';
import { openEventHistory } from './github/event-history.ts';
import { baseCommit, checkOut } from './github/git/base.ts';
import { ignoredByGit } from './github/git/ignored.ts';
import { idToken, mayHaveIdTokens } from './github/id-token.ts';
import { readInputs } from './github/inputs.ts';
import { keepIssue } from './github/issue.ts';
import { logProgress, logReport, writeSummary } from './github/log.ts';
import { setOutputs } from './github/outputs.ts';
import { requireCurrent } from './github/rerun.ts';
import { formsOf, hiding, signaturesIn } from './github/secrets.ts';
import { readImportContainer } from './hub/import/import-container.ts';
import { asFault, Fault, messageOf } from './model/fault.ts';
import { endedEarly, exitCode, type Report } from './model/report.ts';
import { cutShort, type Stop, unlessStopped } from './model/stop.ts';
import { provision } from './provision.ts';
import type { SarifContext } from './report/sarif.ts';
import type { BaseFiles, FilesRead } from './run/request.ts';
import { days, readRequest, type Settings, word } from './run/settings.ts';
import { hostsOf, openSignIn, readSignIn, type SignIn } from './run/sign-in.ts';
import { exitWith, type Outside, stopFromOutside } from './run/signals.ts';
import { version } from './run/version.ts';
import { openWorkspace } from './run/workspace.ts';
import { readCa, realWorld } from './run/world.ts';

/** The JavaScript action: inputs → run → outputs. Outputs are set and the summary is written however it ends. */
async function main(): Promise<void> {
  const outside = stopFromOutside();
  const { stop } = outside;
  const inputs = readInputs();
  const event = readEvent();
  const report = await run(inputs, event, outside).catch((thrown) => endedEarly(inputs.command, asFault(thrown)));
  const uploaded = await uploadUnlessStopped(report, inputs, stop);
  const known: Report = { ...report, faults: [...new Set([...report.faults, ...uploaded.faults])] };
  // Nobody knows how the fleet is: that is no news for an issue.
  const issue = stop.asked.aborted ? [] : await cutShort(stop.asked, keepIssue(known, inputs, event), () => []);
  const complete: Report = { ...known, faults: [...known.faults, ...issue] };
  await logReport(complete);
  await writeSummary(complete, event.link, hiding(inputs));
  setOutputs(complete, uploaded.ids, {
    folder: process.env.RUNNER_TEMP ?? '.',
    sarif: sarifContext(inputs, event),
    hide: hiding(inputs),
  });
  if (!stop.hurried) await commentReport(complete, inputs, event);
  outside.release();
  const code = exitCode(complete);
  if (code === 3) exitWith(code);
  else if (code !== 0) process.exitCode = 1;
}

function sarifContext({ manifest = '' }: Settings, { rulesPage }: Event): SarifContext {
  const [first = ''] = manifest.split('\n');
  return { version, manifest: first.trim() || 'devices.yaml', ...(rulesPage === undefined ? {} : { rulesPage }) };
}

async function run(inputs: Settings, event: Event, { stop, limit }: Outside): Promise<Report> {
  const root = process.env.GITHUB_WORKSPACE ?? process.cwd();
  for (const secret of signaturesIn(inputs)) setSecret(secret);
  const signIn = await readSignIn(inputs);
  if (signIn.way === 'connection-strings')
    for (const { key } of signIn.credentials) for (const form of formsOf(key)) setSecret(form);
  const publishes = /^(apply|render)$/.test(inputs.command ?? '') && inputs.artifacts !== 'none';
  const request = readRequest(
    { ...inputs, 'plan-file': planFileOf(inputs) },
    {
      directory: root,
      credentialHubs: hostsOf(signIn),
      findings: publishes ? publicityFindings(event) : [],
    },
  );
  limit(request.timeLimit);
  const importContainer = readImportContainer(inputs['import-container'], Date.now());
  // Wrong settings of what comes last are told before anything is written, as is a runner that cannot upload.
  const uploads = uploadSettings(inputs).mode !== 'none';
  word(inputs, 'comment', ['auto', 'never']);
  const workspace = openWorkspace(root, { checkIgnored: ignoredByGit });
  const caFile = inputs['ca-file'] ? resolve(root, inputs['ca-file']) : undefined;
  const excuse = request.command === 'plan' && !canSignIn(signIn) ? event.withoutSecrets : undefined;
  const asksHub = excuse === undefined && !/^(validate|render)$/.test(request.command);
  const credentials = asksHub
    ? await unlessStopped(stop, () =>
        openSignIn(signIn, request.hubs, {
          idToken: (audience) => idToken(audience, event.withoutSecrets),
          mask: setSecret,
          authorityHost: process.env.AZURE_AUTHORITY_HOST || undefined,
          proxyFor: getProxyForUrl,
          ca: () => readCa(caFile),
        }),
      )
    : [];
  const requireCurrentOn = (branch: string) => (read: FilesRead) => {
    return requireCurrent(
      { root: workspace.root, branch, commit: event.commit, token: inputs['github-token'] ?? '' },
      read,
    );
  };
  const world = realWorld({
    command: request.command,
    workspace,
    credentials,
    caFile,
    ...(request.command === 'apply' ? { importContainer } : {}),
    env: process.env,
    progress: logProgress(),
    stop,
    checkPublishing: uploads ? requireUploads : () => {},
    ...(event.rerunOn === undefined ? {} : { requireCurrent: requireCurrentOn(event.rerunOn) }),
    openHistory: () => openEventHistory(root, event, request.command),
    ...(event.base === undefined ? {} : { openBase: () => openBase(root, event.base ?? '') }),
  });
  if (excuse !== undefined) {
    notice(`Only validated, not planned: ${excuse}.`, { title: 'plan without a hub' });
    return { ...(await provision({ ...request, command: 'validate', insteadOfPlan: true }, world)), command: 'plan' };
  }
  return provision(request, world);
}

/** A plan is always written: an output names it. */
function planFileOf({ command, 'plan-file': given }: Settings): string | undefined {
  if (given || command !== 'plan') return given;
  return join(process.env.RUNNER_TEMP ?? '.', 'provision-iot-edge-plan.json');
}

/** The files that the pull request changes, or a notice why they cannot be compared: a plan goes on without. */
async function openBase(root: string, named: string): Promise<BaseFiles | undefined> {
  try {
    const base = await checkOut(root, await baseCommit(root, named));
    if (base !== undefined) return { ...base, workspace: openWorkspace(base.folder) };
    throw new Error('the commit is not there; write "with: { fetch-depth: 2 }" in the step actions/checkout');
  } catch (thrown) {
    notice(`What devices would run is not compared with the base: ${messageOf(thrown)}.`, { title: 'configuration' });
    return undefined;
  }
}

/** Whether what signs in is all there; of a session that may have been left nobody knows. */
function canSignIn(signIn: SignIn): boolean {
  if (signIn.way === 'github-oidc') {
    return signIn.clientId !== '' && signIn.tenantId !== '' && mayHaveIdTokens(process.env);
  }
  return signIn.way === 'connection-strings';
}

/** Uploads take long: once a run is stopped, the next one does them. */
async function uploadUnlessStopped(report: Report, inputs: Settings, stop: Stop): Promise<Uploaded> {
  const stopped = () => ({ ids: [], faults: [stop.fault()] });
  if (report.bundles.length === 0) return upload(report, inputs);
  return cutShort(stop.asked, stop.asked.aborted ? Promise.resolve(stopped()) : upload(report, inputs), stopped);
}

interface Uploaded {
  readonly ids: readonly number[];
  readonly faults: readonly Fault[];
}

/** Uploads what was written. What goes wrong here is a fault of the report: the hub is already as it says. */
async function upload(report: Report, inputs: Settings): Promise<Uploaded> {
  if (report.bundlesDirectory === undefined || report.bundles.length === 0) return { ids: [], faults: [] };
  const { mode, retentionDays } = uploadSettings(inputs);
  if (mode === 'none') return { ids: [], faults: [] };
  try {
    const uploads = await uploadBundles(report.bundles, report.bundlesDirectory, { mode, retentionDays, log: info });
    if (uploads.notice !== undefined) notice(uploads.notice, { title: 'artifacts' });
    const remedy = 'The hub is as reported. Run the job again: it uploads, and writes nothing that is already there.';
    return { ids: uploads.ids, faults: uploads.failures.map(({ message }) => new Fault(message, remedy)) };
  } catch (thrown) {
    return { ids: [], faults: [asFault(thrown)] };
  }
}

function uploadSettings(inputs: Settings): { mode: 'device' | 'fleet' | 'none'; retentionDays: number | undefined } {
  const retention = days(inputs, 'retention-days', 0);
  return {
    mode: word(inputs, 'artifacts', ['device', 'fleet', 'none']),
    retentionDays: retention === 0 ? undefined : retention,
  };
}

void main();
