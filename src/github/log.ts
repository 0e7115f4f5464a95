import { randomUUID } from 'node:crypto';
import { error, group, info, notice, summary, warning } from '@actions/core';
import { messageOf } from '../model/fault.ts';
import type { Place } from '../model/finding.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Progress, Writing } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { annotations } from '../report/annotations.ts';
import { summaryMarkdown } from '../report/summary.ts';
import { closingLine, deviceLines, faultLines, findingLines, plainStyle } from '../report/text.ts';
import { writingLine } from '../report/writing.ts';

const announce = { error, warning, notice } as const;

const betweenLines = 10_000;

/** Progress as plain lines of the log, at most one in 10 seconds for what goes on. `now` in milliseconds since 1970. */
export function logProgress(now: () => number = Date.now): Progress {
  const latest = new Map<HubHost, Writing>();
  let last = now();
  return {
    phase: (name) => info(name),
    warning: (text) => warning(text, { title: 'time' }),
    written(writing) {
      latest.set(writing.hub, writing);
      if (now() - last < betweenLines) return;
      last = now();
      info([...latest.values()].map((each) => writingLine(each, last)).join(' | '));
    },
  };
}

/** Everything a report says in the log: annotations on the manifest's lines, groups, the closing sentence. */
export async function logReport(report: Report): Promise<void> {
  for (const { severity, title, message, file, line, column } of annotations(report)) {
    announce[severity](message, {
      ...(title === undefined ? {} : { title }),
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { startLine: line }),
      ...(column === undefined ? {} : { startColumn: column }),
    });
  }
  await fold(`Findings (${report.findings.length})`, findingLines(report.findings, plainStyle));
  await fold(`Faults (${report.faults.length})`, faultLines(report.faults, plainStyle));
  await fold('Devices', deviceLines(report));
  info(closingLine(report));
}

/**
 * Adds the report to the job's summary. `hide` takes secrets out of it: the runner knows them as they are, not as Markdown has them. That there is none, or that it cannot be written, is no reason to fail.
 */
export async function writeSummary(
  report: Report,
  link: (place: Place) => string,
  hide: (text: string) => string,
): Promise<void> {
  if (process.env.GITHUB_STEP_SUMMARY === undefined) return;
  try {
    await summary.addRaw(hide(summaryMarkdown(report, link)), true).write();
  } catch (thrown) {
    info(`The job summary could not be written: ${messageOf(thrown)}`);
  }
}

/**
 * Lines in a group of their own. They hold names from the manifest, and a device may be called `::add-mask::e`: between
 * stop-commands and its token the runner takes nothing for a command.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#stopping-and-starting-workflow-commands
 */
async function fold(title: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const token = randomUUID();
  await group(title, async () => info([`::stop-commands::${token}`, ...lines, `::${token}::`].join('\n')));
}
