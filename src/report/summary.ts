import type { Place } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { deviceTable } from './devices.ts';
import { headline } from './headline.ts';
import { elsewhere } from './left-out.ts';
import {
  alerts,
  code,
  configurationHead,
  configurationRow,
  countTable,
  escapeMarkdown,
  problemHead,
  problemRow,
  section,
  titleOf,
} from './markdown.ts';
import { ruleChangeLines } from './rule-changes.ts';
import { bySeverity } from './severity.ts';
import { sumLines } from './sums.ts';

/** GitHub drops a step summary of more than 1 MiB completely. Three tables and the faults together stay below that. */
const room = { most: 280_000, elsewhere: elsewhere.report } as const;
const roomForFaults = { most: 150_000, elsewhere: elsewhere.log } as const;

/**
 * Returns the job summary in Markdown: changed rules, headline, counts, faults, problems, changes. Every text of the user is escaped.
 */
export function summaryMarkdown(report: Report, link?: (place: Place) => string): string {
  const { head, rows } = deviceTable(report);
  return [
    `## ${titleOf(report.command)}\n\n`,
    ...ruleChangeLines(report, 'workflow').map((line) => `${escapeMarkdown(line, line.length)}\n\n`),
    `${escapeMarkdown(headline(report))}\n`,
    countTable(report),
    ...sumLines(report).map((line) => `\n${escapeMarkdown(line)}\n`),
    alerts(report.faults, roomForFaults),
    section('Problems', { head: problemHead, items: bySeverity(report.findings), row: problemRow(link), ...room }),
    section('Configuration', {
      head: configurationHead,
      items: report.configuration ?? [],
      row: configurationRow,
      ...room,
    }),
    section('Devices', {
      head,
      items: rows,
      row: ([device = '', ...others]) => [code(device), ...others.map((cell) => escapeMarkdown(cell))],
      ...room,
    }),
  ].join('');
}
