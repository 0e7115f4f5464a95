import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { info, notice } from '@actions/core';
import { type Command, type Report, withLaterFaults } from '../model/report.ts';
import { cutShort, type Stop } from '../model/stop.ts';
import { writeReportPage } from '../run/report-page.ts';
import type { RunSettings } from '../run/settings.ts';
import { requireUploads, uploadPage } from './artifacts.ts';
import type { Event } from './event.ts';
import { githubLines } from './lines.ts';
import { hiding } from './secrets.ts';

/** Returns where report.html of a run is written. Commands that say nothing of a fleet and its hubs have none. */
export function pageFileOf(command: Command, root: string): string | undefined {
  if (command === 'validate' || command === 'list') return undefined;
  return resolve(root, process.env.RUNNER_TEMP ?? '.', 'provision-iot-edge-report.html');
}

/**
 * Writes report.html and uploads it. An upload that fails is no fault of the run: the log, the summary and the JSON report say the same.
 * A stopped run leaves the upload out.
 */
export async function publishPage(
  report: Report,
  root: string,
  settings: RunSettings,
  event: Event,
  stop: Stop,
): Promise<Report> {
  const file = pageFileOf(report.command, root);
  if (file === undefined || stop.hurried) return report;
  // Without RUNNER_TEMP the folder is that of the repository, where a link may lie.
  rmSync(file, { force: true });
  const { link, run } = event;
  const faults = writeReportPage(file, report, { workspace: root, hide: hiding(settings.secrets), link, run });
  if (faults.length > 0) return withLaterFaults(report, faults);
  const id = await cutShort(stop.asked, upload(file, report, settings), () => undefined);
  return { ...report, page: { file, ...(id === undefined ? {} : { url: `${run}/artifacts/${id}` }) } };
}

/** How long the upload may take, in milliseconds. The run does not wait long for what it says in other ways too. */
const longest = 60_000;

async function upload(
  file: string,
  { command }: Report,
  { artifacts, retentionDays, request: { onlyHub } }: RunSettings,
): Promise<number | undefined> {
  if (artifacts === 'none' || !canUpload()) return undefined;
  // Jobs of one run that have one hub each must not use the same name. A plan and an apply of one run meet too.
  const base = ['provision-iot-edge-report', ...(onlyHub === undefined ? [] : [onlyHub.replace(/\..*$/, '')])].join(
    '-',
  );
  const ofCommand = `${base}-${command}`;
  const names = [base, ofCommand, ...Array.from({ length: 8 }, (_, index) => `${ofCommand}-${index + 2}`)];
  const id = await uploadPage({ file, names }, { retentionDays, log: info, limit: () => longest });
  if (id === undefined) notice(githubLines['page-not-uploaded'](), { title: 'fleet report' });
  return id;
}

/** Outside of GitHub Actions and on an Enterprise Server there is no place for artifacts. */
function canUpload(): boolean {
  try {
    requireUploads();
    return true;
  } catch {
    return false;
  }
}
