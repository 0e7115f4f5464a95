import type { Fault } from '../model/fault.ts';
import type { Finding, Place } from '../model/finding.ts';
import type { ConfigurationChange, Report } from '../model/report.ts';
import { counts } from './counts.ts';
import { visible } from './visible.ts';

const mostCharacters = 1000;

/** Up to so many rows a section stands unfolded. */
const fewRows = 20;

/** How much of a list may be shown. */
export interface Room {
  /** In bytes; never fewer than characters. */
  readonly most: number;
  /** Where that is which has no room. */
  readonly elsewhere: string;
}

/** The rows of a table, and how many of them may be shown. */
export interface Rows<Item> extends Room {
  readonly head: readonly string[];
  readonly items: readonly Item[];
  /** The cells of an item, as Markdown. */
  readonly row: (item: Item) => readonly string[];
}

/** Makes Markdown of a sentence of the user's. */
export type Escape = (text: string) => string;

/** A table under a title, folded where it is long; nothing where it has no rows. `count`: of what the rows stand for. */
export function section<Item>(title: string, rows: Rows<Item>, count = rows.items.length): string {
  if (count === 0) return '';
  const open = rows.items.length <= fewRows ? ' open' : '';
  return `\n<details${open}><summary>${title} (${count})</summary>\n${table(rows)}\n</details>\n`;
}

function table<Item>({ head, items, row, ...room }: Rows<Item>): string {
  return `\n${line(head)}|${' --- |'.repeat(head.length)}\n${fitting(items, (item) => line(row(item)), room)}`;
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

/** As many of the items as there is room for, and a word about the others. */
function fitting<Item>(items: readonly Item[], write: (item: Item) => string, { most, elsewhere }: Room): string {
  let text = '';
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const written = write(item);
    bytes += Buffer.byteLength(written);
    if (bytes > most) return `${text}\n… and ${items.length - index} more; ${elsewhere}.\n`;
    text += written;
  }
  return text;
}

/** How many devices became what, where a hub was asked. */
export function countTable(report: Report): string {
  if (report.changes.length === 0 && report.outcomes.length === 0) return '';
  const { created, updated, unchanged, removed, failed, unknown } = counts(report);
  const shown = removed === 0 ? {} : { removed };
  const columns = Object.entries({ created, updated, unchanged, ...shown, failed, unknown });
  const cells = columns.map(([, count]) => String(count));
  return `\n${line(columns.map(([name]) => name))}|${' --- |'.repeat(columns.length)}\n${line(cells)}`;
}

const mostFaults = 10;

/** Faults as boxes, ten at most. */
export function alerts(faults: readonly Fault[], room: Room, sentence: Escape = escapeMarkdown): string {
  const box = ({ message, remedy }: Fault) => `\n> [!CAUTION]\n> ${sentence(message)}<br>${sentence(remedy)}\n`;
  const shown = fitting(faults.slice(0, mostFaults), box, room);
  const left = faults.length - mostFaults;
  return shown + (left > 0 ? `\n… and ${left} more; ${room.elsewhere}.\n` : '');
}

export const problemHead = ['', 'Rule', 'Where', 'What', 'What to do'];

const marks = { error: '❌', warning: '⚠️', notice: 'ℹ️' } as const;

/** The cells of a finding under `problemHead`. `sentence` makes Markdown of its sentences. */
export function problemRow(
  link: ((place: Place) => string) | undefined,
  sentence: Escape = escapeMarkdown,
): (finding: Finding) => readonly string[] {
  return ({ severity, rule, place, message, remedy }) => {
    const name = place === undefined ? '' : code(`${place.file}:${place.line}`);
    const where = place === undefined || link === undefined ? name : `[${name}](<${link(place)}>)`;
    return [marks[severity], code(rule), where, sentence(message), sentence(remedy)];
  };
}

export const configurationHead = ['Devices', 'Key', 'Before', 'After'];

/** The cells of a change of configuration under `configurationHead`. */
export function configurationRow({ key, before, after, devices }: ConfigurationChange): readonly string[] {
  const value = (text: string | undefined) => (text === undefined ? '(none)' : code(text));
  return [names(devices), code(key), value(before), value(after)];
}

/** So many names are written out. */
const fewNames = 5;

/** Devices in one cell: `edge-001`, `edge-002`; of many the first, and their number. */
export function names(devices: readonly string[]): string {
  const shown = devices.slice(0, fewNames).map(code).join(', ');
  return devices.length <= fewNames ? shown : `${devices.length}: ${shown} …`;
}

/** A name: GitHub makes neither mentions nor emoji of what stands in code. */
export function code(text: string): string {
  return `<code>${escapeMarkdown(text)}</code>`;
}

/** Text that stays text: every character that Markdown or HTML could read as markup becomes a character reference. */
export function escapeMarkdown(text: string, most = mostCharacters): string {
  const shown = [...visible(text)];
  const cut = shown.length > most ? `${shown.slice(0, most - 1).join('')}…` : shown.join('');
  return cut.replace(/[^\p{L}\p{N} ,;/]/gu, (character) => `&#${character.codePointAt(0)};`);
}
