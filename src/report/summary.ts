import type { Finding, Place } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { counts } from './counts.ts';
import { headline } from './headline.ts';
import { why } from './text.ts';

/** GitHub drops a whole step summary of more than 1 MiB; other steps write to the same file. */
const mostBytes = 900_000;
const mostCell = 400;

/** The job summary in Markdown: counts, problems, changes. Every text of the user's stands escaped. */
export function summaryMarkdown(report: Report, link?: (place: Place) => string): string {
  const page = new Page();
  page.add(`## IoT Edge provisioning: ${report.command}\n\n${escapeMarkdown(headline(report))}\n`);
  page.table(['created', 'updated', 'unchanged', 'failed', 'unknown'], countRows(report));
  for (const { message, remedy } of report.faults) page.add(`\n> [!CAUTION]\n> ${cell(message)}<br>${cell(remedy)}\n`);
  page.section('Problems', ['', 'Rule', 'Where', 'What', 'What to do'], problemRows(report.findings, link));
  page.section('Devices', ['Device', 'Hub', 'Result', 'Why'], deviceRows(report));
  return page.text;
}

/** Markdown up to a number of bytes; tables are cut by whole rows and say so. */
class Page {
  text = '';
  #bytes = 0;

  add(text: string): boolean {
    const bytes = Buffer.byteLength(text);
    if (this.#bytes + bytes > mostBytes) return false;
    this.#bytes += bytes;
    this.text += text;
    return true;
  }

  table(head: readonly string[], rows: readonly (readonly string[])[]): void {
    if (!this.add(`\n| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}\n`)) return;
    const cut = rows.findIndex((row) => !this.add(`| ${row.join(' | ')} |\n`));
    if (cut >= 0) this.text += `\n… and ${rows.length - cut} more; all of them are in the output \`report-file\`.\n`;
  }

  section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
    if (
      rows.length === 0 ||
      !this.add(`\n<details${rows.length <= 20 ? ' open' : ''}><summary>${title} (${rows.length})</summary>\n`)
    )
      return;
    this.table(head, rows);
    this.text += '\n</details>\n';
  }
}

function countRows(report: Report): readonly (readonly string[])[] {
  const { created, updated, unchanged, failed, unknown } = counts(report);
  return [[created, updated, unchanged, failed, unknown].map(String)];
}

function problemRows(findings: readonly Finding[], link?: (place: Place) => string): readonly (readonly string[])[] {
  const marks = { error: '❌', warning: '⚠️', notice: 'ℹ️' } as const;
  return findings.map(({ severity, rule, place, message, remedy }) => {
    const name = place === undefined ? '' : cell(`${place.file}:${place.line}`);
    const where = place === undefined || link === undefined ? name : `[${name}](${link(place)})`;
    return [marks[severity], cell(rule), where, cell(message), cell(remedy)];
  });
}

function deviceRows(report: Report): readonly (readonly string[])[] {
  const planned = new Map(report.changes.map((change) => [`${change.hub}/${change.id}`, why(change)]));
  const done = report.outcomes.map(({ device, hub, result, reason }) => ({ device, hub, result, reason }));
  const planOnly = report.changes.map(({ id, hub, kind }) => ({ device: id, hub, result: kind, reason: undefined }));
  return (done.length > 0 ? done : planOnly)
    .filter(({ result }) => result !== 'unchanged')
    .map(({ device, hub, result, reason }) => {
      return [cell(device), cell(hub), result, cell(reason ?? planned.get(`${hub}/${device}`) ?? '')];
    });
}

function cell(text: string): string {
  return escapeMarkdown(text.length > mostCell ? `${text.slice(0, mostCell)}…` : text);
}

/** Text that stays text: every character that Markdown or HTML could read as markup becomes a character reference. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[^\p{L}\p{N} .,;/-]/gu, (c) => (c === '\n' ? '<br>' : `&#${c.codePointAt(0)};`));
}
