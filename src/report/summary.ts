import type { Fault } from '../model/fault.ts';
import type { Finding, Place } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { counts } from './counts.ts';
import { deviceTable } from './devices.ts';
import { headline } from './headline.ts';
import { visible } from './visible.ts';

/**
 * GitHub drops a whole step summary of more than 1 MiB. A character takes at most 10 bytes here, so that two tables, and the
 * faults with two texts each, stay below it.
 */
const mostTableBytes = 400_000;
const mostFaults = 10;
const mostCharacters = 1000;

/** Up to so many rows a table stands unfolded. */
const fewRows = 20;

/** The job summary in Markdown: counts, problems, changes. Every text of the user's stands escaped. */
export function summaryMarkdown(report: Report, link?: (place: Place) => string): string {
  const { head, rows } = deviceTable(report);
  return [
    `## IoT Edge provisioning: ${report.command}\n\n${escapeMarkdown(headline(report))}\n`,
    countTable(report),
    alerts(report.faults),
    section('Problems', ['', 'Rule', 'Where', 'What', 'What to do'], bySeverity(report.findings), problemRow(link)),
    section('Devices', head, rows, ([device = '', ...others]) => [code(device), ...others.map(escapeMarkdown)]),
  ].join('');
}

function countTable(report: Report): string {
  if (report.changes.length === 0 && report.outcomes.length === 0) return '';
  const { created, updated, unchanged, failed, unknown } = counts(report);
  const columns = Object.entries({ created, updated, unchanged, failed, unknown });
  return table(
    columns.map(([name]) => name),
    [columns],
    (row) => row.map(([, count]) => String(count)),
  );
}

function alerts(faults: readonly Fault[]): string {
  const shown = faults.slice(0, mostFaults).map(({ message, remedy }) => {
    return `\n> [!CAUTION]\n> ${escapeMarkdown(message)}<br>${escapeMarkdown(remedy)}\n`;
  });
  const left = faults.length - shown.length;
  return shown.join('') + (left > 0 ? `\n… and ${left} more; all of them are in the log.\n` : '');
}

const severities = ['error', 'warning', 'notice'] as const;
const marks = { error: '❌', warning: '⚠️', notice: 'ℹ️' } as const;

/** Where a table is cut, errors are the last to go. */
function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return severities.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}

function problemRow(link?: (place: Place) => string): (finding: Finding) => readonly string[] {
  return ({ severity, rule, place, message, remedy }) => {
    const name = place === undefined ? '' : code(`${place.file}:${place.line}`);
    const where = place === undefined || link === undefined ? name : `[${name}](<${link(place)}>)`;
    return [marks[severity], code(rule), where, escapeMarkdown(message), escapeMarkdown(remedy)];
  };
}

function section<Item>(
  title: string,
  head: readonly string[],
  items: readonly Item[],
  row: (item: Item) => readonly string[],
): string {
  if (items.length === 0) return '';
  const open = items.length <= fewRows ? ' open' : '';
  return `\n<details${open}><summary>${title} (${items.length})</summary>\n${table(head, items, row)}\n</details>\n`;
}

/** Cut by whole rows, and it says so. */
function table<Item>(head: readonly string[], items: readonly Item[], row: (item: Item) => readonly string[]): string {
  let text = `\n| ${head.join(' | ')} |\n|${' --- |'.repeat(head.length)}\n`;
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const line = `| ${row(item).join(' | ')} |\n`;
    bytes += Buffer.byteLength(line);
    if (bytes > mostTableBytes) {
      return `${text}\n… and ${items.length - index} more; all of them are in the output \`report-file\`.\n`;
    }
    text += line;
  }
  return text;
}

/** A name: GitHub makes neither mentions nor emoji of what stands in code. */
function code(text: string): string {
  return `<code>${escapeMarkdown(text)}</code>`;
}

/** Text that stays text: every character that Markdown or HTML could read as markup becomes a character reference. */
export function escapeMarkdown(text: string): string {
  const shown = [...visible(text)];
  const cut = shown.length > mostCharacters ? `${shown.slice(0, mostCharacters - 1).join('')}…` : shown.join('');
  return cut.replace(/[^\p{L}\p{N} ,;/]/gu, (character) => `&#${character.codePointAt(0)};`);
}
