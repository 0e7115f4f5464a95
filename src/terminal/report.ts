import type { Report } from '../model/report.ts';
import { reportLines, type Style } from '../report/text.ts';

/**
 * Returns the report as lines, with the lines of its files, in the width of the terminal. What that needs is loaded only where there is
 * something to show.
 */
export async function reportOnTerminal(report: Report, style: Style): Promise<readonly string[]> {
  const quotes = report.findings.some(({ place }) => place !== undefined);
  const quoting = quotes ? await (await import('../report/quote.ts')).withQuotes(style, report) : style;
  const lines = reportLines(report, quoting);
  const { columns } = style;
  // No character of a text is wider than two columns.
  if (columns === undefined || lines.every(({ length }) => length * 2 <= columns)) return lines;
  return (await import('./wrap.ts')).wrapped(lines, columns);
}
