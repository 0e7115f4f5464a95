import { resolve } from 'node:path';
import { readImportContainer } from '../hub/import/import-container.ts';
import { asFault } from '../model/fault.ts';
import { endedEarly, exitCode, type Report } from '../model/report.ts';
import { provision } from '../provision.ts';
import { reportJson } from '../report/json.ts';
import { reportLines } from '../report/text.ts';
import { readRequest, type Settings } from '../run/settings.ts';
import { hostsOf, openSignIn, readSignIn } from '../run/sign-in.ts';
import { exitWith, stopFromOutside } from '../run/signals.ts';
import { openWorkspace } from '../run/workspace.ts';
import { realWorld } from '../run/world.ts';
import { terminalProgress } from './progress.ts';
import { findRoot, fromRoot } from './root.ts';
import { terminalStyle } from './style.ts';

/** Runs one of the pipeline's commands and prints its report; gives the exit code. */
export async function runPipeline(settings: Settings, manifests: readonly string[], json: boolean): Promise<number> {
  const directory = process.cwd();
  const root = findRoot(directory, manifests);
  const progress = terminalProgress(() => process.stderr);
  // Whoever only reads may be ended at any moment.
  const outside = settings.command === 'apply' ? stopFromOutside() : undefined;
  let report: Report;
  try {
    const signIn = await readSignIn({ 'connection-string': process.env.IOTHUB_CONNECTION_STRING });
    const request = readRequest(
      { ...settings, manifest: fromRoot(root, directory, manifests).join('\n') },
      { directory, credentialHubs: hostsOf(signIn), findings: [] },
    );
    outside?.limit(request.timeLimit);
    const importContainer = readImportContainer(settings['import-container'], Date.now());
    const workspace = openWorkspace(root, { checkIgnored });
    const caFile = settings['ca-file'] === undefined ? undefined : resolve(directory, settings['ca-file']);
    const credentials = await openSignIn(signIn, request.hubs, { mask: () => {} });
    const openHistory = async () => {
      const { openDefaultHistory } = await import('../github/git/history.ts');
      return openDefaultHistory(root);
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
      ...(outside === undefined ? {} : { stop: outside.stop }),
    };
    report = await provision(request, realWorld(surroundings));
  } catch (thrown) {
    report = endedEarly(settings.command, asFault(thrown));
  } finally {
    progress.clear();
    outside?.release();
  }
  const text = json
    ? JSON.stringify(reportJson(report), null, 2)
    : reportLines(report, await terminalStyle(process.stdout, root, directory)).join('\n');
  process.stdout.write(`${text}\n`);
  const code = exitCode(report);
  if (code === 3) exitWith(code);
  return code;
}

/** Git is asked only where a private key was found. */
async function checkIgnored(root: string, paths: readonly string[]): Promise<ReadonlySet<string>> {
  const { ignoredByGit } = await import('../github/git/ignored.ts');
  return ignoredByGit(root, paths);
}
