import type { Fault } from '../model/fault.ts';
import { number } from './counts.ts';
import { leftOut } from './left-out.ts';
import { visible } from './visible.ts';

/** Longer texts are cut. */
const mostCharacters = 1000;

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

export function table<Item>({ head, items, row, ...room }: Rows<Item>): string {
  const rows = fitting(items, (item) => tableLine(row(item)), room);
  return `\n${tableLine(head)}|${' --- |'.repeat(head.length)}\n${rows.text}${rows.more}`;
}

function tableLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

/** The items that fit, and the paragraph that says how many are left out. It is empty if none is. */
export interface Fitting {
  readonly text: string;
  readonly more: string;
}

/** Writes as many of the items as there is room for, and says how many are left out. */
export function fitting<Item>(
  items: readonly Item[],
  write: (item: Item) => string,
  { most, elsewhere }: Room,
): Fitting {
  const texts: string[] = [];
  let bytes = 0;
  for (const [index, item] of items.entries()) {
    const written = write(item);
    bytes += Buffer.byteLength(written);
    if (bytes > most) return { text: texts.join(''), more: `\n${leftOut.items(items.length - index, elsewhere)}\n` };
    texts.push(written);
  }
  return { text: texts.join(''), more: '' };
}

/** Puts Markdown under a title that readers can fold. */
export function folded(title: string, content: string, open = false): string {
  return `\n<details${open ? ' open' : ''}><summary>${escapeMarkdown(title)}</summary>\n${content}\n</details>\n`;
}

const mostFaults = 10;

/** Returns faults as boxes, ten at most. */
export function alerts(faults: readonly Fault[], room: Room, sentence: Escape = escapeMarkdown): string {
  const box = ({ message, remedy }: Fault) => `\n> [!CAUTION]\n> ${sentence(message)}<br>${sentence(remedy)}\n`;
  const { text, more } = fitting(faults.slice(0, mostFaults), box, room);
  const left = faults.length - mostFaults;
  return text + more + (left > 0 ? `\n${leftOut.items(left, room.elsewhere)}\n` : '');
}

/** A cell names at most this number of devices. */
const fewNames = 5;

/** Returns devices for one cell: `edge-001`, `edge-002`. If there are many, their number and the first of them. */
export function names(devices: readonly string[]): string {
  const shown = devices.slice(0, fewNames).map(code).join(', ');
  return devices.length <= fewNames ? shown : `${number(devices.length)}: ${shown} …`;
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
