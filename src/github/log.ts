import { error, group, info, notice, summary, warning } from '@actions/core';
import type { Place } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import type { Progress } from '../provision.ts';
import { annotations } from '../report/annotations.ts';
import { summaryMarkdown } from '../report/summary.ts';
import { findingLines, plainStyle, reportLines } from '../report/text.ts';

const announce = { error, warning, notice } as const;

/** Progress as plain lines of the log. */
export const logProgress: Progress = {
  phase: (name) => info(name),
  written: (hub, done, failed, total) => {
    info(`${hub}: ${done} of ${total} written${failed > 0 ? `, ${failed} not` : ''}`);
  },
};

/** Everything a report says in the log: groups, annotations on the manifest's lines, the closing sentence. */
export async function logReport(report: Report): Promise<void> {
  for (const { severity, title, message, file, line, column } of annotations(report.findings)) {
    announce[severity](message, {
      title,
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { startLine: line }),
      ...(column === undefined ? {} : { startColumn: column }),
    });
  }
  for (const { message, remedy } of report.faults) error(`${message}\n→ ${remedy}`);
  if (report.findings.length > 0) {
    await group(`Findings (${report.findings.length})`, async () =>
      info(findingLines(report.findings, plainStyle).join('\n')),
    );
  }
  info(reportLines({ ...report, findings: [], faults: [] }, plainStyle).join('\n'));
}

/** Adds the report to the job's summary; a runner without summaries is no reason to fail. */
export async function writeSummary(report: Report, link: (place: Place) => string): Promise<void> {
  if (process.env.GITHUB_STEP_SUMMARY === undefined) return;
  await summary.addRaw(summaryMarkdown(report, link), true).write();
}
