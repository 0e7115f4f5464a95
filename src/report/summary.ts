import type { Place } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { elsewhere } from './left-out.ts';
import { escapeMarkdown } from './markdown.ts';
import { sectionsMarkdown } from './markdown-sections.ts';
import { pageLink } from './page-link.ts';
import { statementOf } from './sections.ts';

/** In bytes. GitHub drops a step summary of more than 1 MiB completely. */
const mostOfAll = 900_000;

/** Returns the job summary in Markdown: the statement of the report. Every text of the user is escaped. */
export function summaryMarkdown(report: Report, link?: (place: Place) => string): string {
  const { sentence, sections, next } = statementOf(report, 'runner');
  const page = { link, sentence: escapeMarkdown, elsewhere: elsewhere.report, namesAll: true };
  const lines = next.map((line) => `\n${escapeMarkdown(line)}\n`).join('');
  const pageLine = report.page?.url === undefined ? '' : `\n${pageLink(report.page.url)}\n`;
  return `## ${escapeMarkdown(sentence)}\n${pageLine}${sectionsMarkdown(sections, page, mostOfAll)}${lines}`;
}
