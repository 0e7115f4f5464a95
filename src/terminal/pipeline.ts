import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { endedEarly, exitCode, type Report, withLaterFaults } from '../model/report.ts';
import { provision } from '../provision.ts';
import { reportJson } from '../report/json.ts';
import type { FilesRead } from '../run/request.ts';
import { faultsIn } from '../run/setting-reader.ts';
import { readSettings, type Settings } from '../run/settings.ts';
import { openSignIn } from '../run/sign-in.ts';
import { exitWith, stopFromOutside } from '../run/signals.ts';
import { openWorkspace } from '../run/workspace.ts';
import { realWorld } from '../run/world.ts';
import { checkIgnored } from './ignored.ts';
import type { Output } from './output.ts';
import { terminalProgress } from './progress.ts';
import { reportOnTerminal } from './report.ts';
import { findRoot, fromRoot } from './root.ts';
import { seenFrom } from './seen-from.ts';
import { terminalStyle } from './style.ts';

/** Runs one of the pipeline's commands and prints its report. Gives the exit code. */
export async function runPipeline(
  settings: Settings,
  manifests: readonly string[],
  { json, output }: { readonly json: boolean; readonly output: Output },
): Promise<number> {
  const directory = process.cwd();
  const root = rootOf(settings, manifests, directory);
  const progress = terminalProgress(() => process.stderr);
  // A command that only reads can be ended at any moment.
  const outside = settings.command === 'apply' ? stopFromOutside() : undefined;
  let report: Report;
  let reportHtml: string | undefined;
  try {
    const { request, signIn, endpoints, caFile, importContainer } = await readSettings(
      { ...settings, 'connection-string': process.env.IOTHUB_CONNECTION_STRING },
      {
        directory,
        manifests: () => (isMissingDefault(settings, manifests, directory) ? [] : fromRoot(root, directory, manifests)),
        deployments: (patterns) => fromRoot(root, directory, patterns),
        owner: { env: process.env, origin: () => originOf(root) },
      },
    );
    reportHtml = request.reportHtml;
    outside?.limit(request.timeLimit);
    const workspace = openWorkspace(root, { checkIgnored });
    const credentials = await openSignIn(signIn, endpoints, { mask: () => {} });
    const openHistory = async () => {
      const { openDefaultHistory } = await import('../github/git/history.ts');
      return openDefaultHistory(root);
    };
    const requireCurrent = async (read: FilesRead) => {
      const { requireOwnFiles, strangersRun } = await import('../github/git/head.ts');
      const stranger = strangersRun(process.env);
      if (stranger !== undefined) await requireOwnFiles(stranger, root, read);
    };
    const surroundings = {
      command: request.command,
      workspace,
      credentials,
      caFile,
      importContainer,
      env: process.env,
      progress,
      openHistory,
      ...(process.env.GITHUB_ACTIONS === undefined ? {} : { requireCurrent }),
      ...(outside === undefined ? {} : { stop: outside.stop }),
    };
    report = await provision(request, realWorld(surroundings));
  } catch (thrown) {
    report = endedEarly(settings.command, ...faultsIn(thrown));
  } finally {
    progress.clear();
    outside?.release();
  }
  const style = await terminalStyle(output.terminal, root, directory);
  if (reportHtml !== undefined && outside?.stop.hurried !== true) {
    const { writeReportPage } = await import('../run/report-page.ts');
    report = withLaterFaults(report, writeReportPage(reportHtml, report, { workspace: root }));
  }
  report = { ...report, findings: seenFrom(report.findings, style.path) };
  const text = json
    ? // In a step of a workflow, ##[ can begin a command. Here it means the same in JSON and begins none.
      JSON.stringify(reportJson(report), null, 2).replaceAll('##[', String.raw`##\u005b`)
    : (await reportOnTerminal(report, style)).join('\n');
  output.write(`${text}\n`);
  const code = exitCode(report);
  if (code === 3) exitWith(code);
  return code;
}

/** A run over deployments alone belongs to their repository; without one, to the folder in which it starts. */
function rootOf(settings: Settings, manifests: readonly string[], directory: string): string {
  if (!isMissingDefault(settings, manifests, directory)) return findRoot(directory, manifests);
  const root = findRoot(directory, settings.deployments?.split('\n') ?? []);
  return existsSync(join(root, '.git')) ? root : directory;
}

/** Whether the run is over deployments, and nobody named a manifest or has the usual one. */
function isMissingDefault(
  { deployments }: Settings,
  [first, ...others]: readonly string[],
  directory: string,
): boolean {
  const isDefault = first === 'devices.yaml' && others.length === 0;
  return deployments !== undefined && isDefault && !existsSync(join(directory, first));
}

/** Git is asked only if nothing else names the owner. */
async function originOf(root: string): Promise<string | undefined> {
  const { originUrl } = await import('../github/git/origin.ts');
  return originUrl(root);
}
