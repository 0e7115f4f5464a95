import { resolve } from 'node:path';
import { info, notice, setSecret } from '@actions/core';
import { requireUploads, uploadBundles } from './github/artifacts.ts';
import { type Event, publicityFindings, readEvent } from './github/event.ts';
import { ignoredByGit } from './github/git.ts';
import { readInputs } from './github/inputs.ts';
import { logProgress, logReport, writeSummary } from './github/log.ts';
import { setOutputs } from './github/outputs.ts';
import { asFault, Fault } from './model/fault.ts';
import { endedEarly, endsWell, type Report } from './model/report.ts';
import { provision } from './provision.ts';
import { days, readRequest, type Settings, word } from './request.ts';
import { openWorkspace } from './workspace.ts';
import { readCredentials, realWorld } from './world.ts';

/** The JavaScript action: inputs → run → outputs. Outputs are set and the summary is written however it ends. */
async function main(): Promise<void> {
  const inputs = readInputs();
  const event = readEvent();
  const report = await run(inputs, event).catch((thrown) => endedEarly(inputs.command, asFault(thrown)));
  const uploaded = await upload(report, inputs);
  const complete: Report = { ...report, faults: [...report.faults, ...uploaded.faults] };
  await logReport(complete);
  await writeSummary(complete, event.link);
  setOutputs(complete, uploaded.ids, process.env.RUNNER_TEMP ?? '.');
  if (!endsWell(complete)) process.exitCode = 1;
}

async function run(inputs: Settings, event: Event): Promise<Report> {
  const root = process.env.GITHUB_WORKSPACE ?? process.cwd();
  const credentials = await readCredentials(inputs['connection-string'] ?? '');
  for (const { key } of credentials) setSecret(key);
  const publishes = /^(apply|render)$/.test(inputs.command ?? '') && inputs.artifacts !== 'none';
  const request = readRequest(inputs, {
    directory: root,
    credentialHubs: credentials.map(({ host }) => host),
    findings: publishes ? publicityFindings(event) : [],
  });
  // A wrong setting of the upload is told before anything is written, as is a runner that cannot upload.
  const uploads = uploadSettings(inputs).mode !== 'none';
  const workspace = openWorkspace(root, { checkIgnored: ignoredByGit });
  const caFile = inputs['ca-file'] ? resolve(root, inputs['ca-file']) : undefined;
  const world = realWorld({
    workspace,
    credentials,
    caFile,
    env: process.env,
    progress: logProgress,
    checkPublishing: uploads ? requireUploads : () => {},
  });
  if (request.command === 'plan' && credentials.length === 0 && event.withoutSecrets !== undefined) {
    notice(`Only validated, not planned: ${event.withoutSecrets}.`, { title: 'plan without a hub' });
    return { ...(await provision({ ...request, command: 'validate' }, world)), command: 'plan' };
  }
  return provision(request, world);
}

/** Uploads what was written. What goes wrong here is a fault of the report: the hub is already as it says. */
async function upload(report: Report, inputs: Settings): Promise<{ ids: readonly number[]; faults: readonly Fault[] }> {
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

await main();
