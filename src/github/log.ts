import { randomUUID } from 'node:crypto';
import { error, group, info, notice, summary, warning } from '@actions/core';
import { messageOf } from '../model/fault.ts';
import type { Place } from '../model/finding.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Progress, Writing } from '../model/progress.ts';
import type { Report } from '../model/report.ts';
import { annotations } from '../report/annotations.ts';
import { withQuotes } from '../report/quote.ts';
import { type Section, statementOf } from '../report/sections.ts';
import { summaryMarkdown } from '../report/summary.ts';
import { closingLines, plainStyle, type Style, sectionLines, titleLines } from '../report/text.ts';
import { countedText, writingLine } from '../report/writing.ts';
import { githubLines } from './lines.ts';

const announce = { error, warning, notice } as const;

/** Milliseconds. */
const betweenLines = 10_000;

/**
 * Writes progress as plain lines to the log: how far the writing is, at most every 10 seconds. `now` in milliseconds
 * since 1970.
 */
export function logProgress(now: () => number = Date.now): Progress {
  const latest = new Map<HubHost, Writing>();
  let last = now();
  return {
    phase: (name) => info(name),
    waiting: (text) => info(text),
    warning: (text) => warning(text, { title: 'time' }),
    counted(what, done, total) {
      if (now() - last < betweenLines) return;
      last = now();
      info(countedText(what, done, total));
    },
    written(writing) {
      latest.set(writing.hub, writing);
      if (now() - last < betweenLines) return;
      last = now();
      info([...latest.values()].map((each) => writingLine(each, last)).join(' | '));
    },
  };
}

/**
 * Writes a report to the log: the sentence, annotations on the lines of the manifest, a group for each section. What failed, the sentence
 * and what to do next stand at the end, where the log is opened.
 */
export async function logReport(report: Report): Promise<void> {
  const statement = statementOf(report, 'runner');
  info(statement.sentence);
  // Rules that the workflow changed come before annotations, since they change how those are to be read.
  const isRules = ({ kind }: Section) => kind === 'rules';
  const style = await withQuotes(plainStyle, report);
  await writeSections(statement.sections.filter(isRules), style);
  for (const { severity, title, message, file, line, column } of annotations(report)) {
    announce[severity](message, {
      ...(title === undefined ? {} : { title }),
      ...(file === undefined ? {} : { file }),
      ...(line === undefined ? {} : { startLine: line }),
      ...(column === undefined ? {} : { startColumn: column }),
    });
  }
  await writeSections(
    statement.sections.filter((section) => !isRules(section)),
    style,
  );
  info(asText(closingLines(statement, plainStyle)));
}

async function writeSections(sections: readonly Section[], style: Style): Promise<void> {
  for (const section of sections) {
    const lines = asText(sectionLines(section, style));
    const [title] = titleLines(section, plainStyle);
    if (title === undefined) info(lines);
    else await group(title, async () => info(lines));
  }
}

/**
 * Adds the report to the job's summary. `hide` masks secrets in it, because the runner does not know their Markdown
 * form. The run does not fail if there is no summary or if it cannot be written.
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
    info(githubLines['summary-failed']({ reason: messageOf(thrown) }));
  }
}

/**
 * Returns lines for the log that the runner does not read as commands. They hold names from the manifest, and a device may be called
 * `::add-mask::e`. Between stop-commands and its token the runner reads none.
 * https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands#stopping-and-starting-workflow-commands
 */
function asText(lines: readonly string[]): string {
  const token = randomUUID();
  return [`::stop-commands::${token}`, ...lines, `::${token}::`].join('\n');
}
