import type { Fault } from '../model/fault.ts';
import type { Finding, Place } from '../model/finding.ts';
import type { Command, ConfigurationChange, Report } from '../model/report.ts';
import { counts } from './counts.ts';
import { leftOut } from './left-out.ts';
import { saidLines } from './said.ts';
import { visible } from './visible.ts';

/** Longer texts are cut. */
const mostCharacters = 1000;

/** A section with at most this number of rows is not folded. */
const fewRows = 20;

/** How much of a list can be shown. */
export interface Room {
  /** In bytes. A text never has more characters than bytes. */
  readonly most: number;
  /** Where readers find the items that have no room; one of the texts of `elsewhere`. */
  readonly elsewhere: string;
}

/** The rows of a table, and the room they can take. */
export interface Rows<Item> extends Room {
  readonly head: readonly string[];
  readonly items: readonly Item[];
  /** Returns the cells of an item, as Markdown. */
  readonly row: (item: Item) => readonly string[];
}

/** Escapes a sentence of the user as Markdown. */
export type Escape = (text: string) => string;

/** The title of a summary or a comment. */
export function titleOf(command: Command): string {
  return `IoT Edge provisioning: ${command}`;
}

/**
 * Returns a table under a title, folded if it is long, or an empty text if it has no rows. `count` is the number of
 * things that the rows stand for.
 */
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

/** Writes as many of the items as there is room for, and says how many are left out. */
function fitting<Item>(items: readonly Item[], write: (item: Item) => string, { most, elsewhere }: Room): string {
  let text = '';
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const written = write(item);
    bytes += Buffer.byteLength(written);
    if (bytes > most) return `${text}\n${leftOut.items(items.length - index, elsewhere)}\n`;
    text += written;
  }
  return text;
}

/** Returns the counts of devices as a table, or an empty text if no hub was asked. */
export function countTable(report: Report): string {
  if (report.changes.length === 0 && report.outcomes.length === 0) return '';
  const { created, updated, claimed, unchanged, removed, failed, unknown } = counts(report);
  const shown = removed === 0 ? {} : { removed };
  const taken = claimed === 0 ? {} : { claimed };
  const columns = Object.entries({ created, updated, ...taken, unchanged, ...shown, failed, unknown });
  const cells = columns.map(([, count]) => String(count));
  return `\n${line(columns.map(([name]) => name))}|${' --- |'.repeat(columns.length)}\n${line(cells)}`;
}

const mostFaults = 10;

/** Returns faults as boxes, ten at most. */
export function alerts(faults: readonly Fault[], room: Room, sentence: Escape = escapeMarkdown): string {
  const box = ({ message, remedy }: Fault) => `\n> [!CAUTION]\n> ${sentence(message)}<br>${sentence(remedy)}\n`;
  const shown = fitting(faults.slice(0, mostFaults), box, room);
  const left = faults.length - mostFaults;
  return shown + (left > 0 ? `\n${leftOut.items(left, room.elsewhere)}\n` : '');
}

export const problemHead = ['', 'Rule', 'Where', 'What', 'What to do'];

const marks = { error: '❌', warning: '⚠️', notice: 'ℹ️' } as const;

/** Returns the cells of a finding under `problemHead`. `sentence` escapes its message and remedy as Markdown. */
export function problemRow(
  link: ((place: Place) => string) | undefined,
  sentence: Escape = escapeMarkdown,
): (finding: Finding) => readonly string[] {
  return (finding) => {
    const { severity, rule, place, remedy } = finding;
    const name = place === undefined ? '' : code(`${place.file}:${place.line}`);
    const where = place === undefined || link === undefined ? name : `[${name}](<${link(place)}>)`;
    const said = saidLines(finding).map((line) => sentence(line));
    return [marks[severity], code(rule), where, said.join('<br>'), sentence(remedy)];
  };
}

export const configurationHead = ['Devices', 'Key', 'Before', 'After'];

/** Returns the cells of a change of configuration under `configurationHead`. */
export function configurationRow({ key, before, after, devices }: ConfigurationChange): readonly string[] {
  const value = (text: string | undefined) => (text === undefined ? '(none)' : code(text));
  return [names(devices), code(key), value(before), value(after)];
}

/** A cell names at most this number of devices. */
const fewNames = 5;

/** Returns devices for one cell: `edge-001`, `edge-002`. If there are many, their number and the first of them. */
export function names(devices: readonly string[]): string {
  const shown = devices.slice(0, fewNames).map(code).join(', ');
  return devices.length <= fewNames ? shown : `${devices.length}: ${shown} …`;
}

/** Formats a name as code: GitHub turns nothing in code into mentions or emoji. */
export function code(text: string): string {
  return `<code>${escapeMarkdown(text)}</code>`;
}

/** Escapes text: every character that Markdown or HTML could read as markup becomes a character reference. */
export function escapeMarkdown(text: string, most = mostCharacters): string {
  const shown = [...visible(text)];
  const cut = shown.length > most ? `${shown.slice(0, most - 1).join('')}…` : shown.join('');
  return cut.replace(/[^\p{L}\p{N} ,;/]/gu, (character) => `&#${character.codePointAt(0)};`);
}
