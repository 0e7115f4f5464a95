import type { Place } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { deviceTable } from './devices.ts';
import { headline } from './headline.ts';
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
} from './markdown.ts';
import { bySeverity } from './severity.ts';
import { sumLines } from './sums.ts';

/** GitHub drops a whole step summary of more than 1 MiB: three tables and the faults stay below it. */
const room = { most: 280_000, elsewhere: 'all of them are in the output `report-file`' } as const;
const roomForFaults = { most: 150_000, elsewhere: 'all of them are in the log' } as const;

/** The job summary in Markdown: counts, problems, changes. Every text of the user's stands escaped. */
export function summaryMarkdown(report: Report, link?: (place: Place) => string): string {
  const { head, rows } = deviceTable(report);
  return [
    `## IoT Edge provisioning: ${report.command}\n\n${escapeMarkdown(headline(report))}\n`,
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
