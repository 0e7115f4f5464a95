import stringWidth from 'string-width';
import type { Finding } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { type QuotedLine, quotable } from './quotable.ts';
import type { Style } from './text.ts';
import { visible } from './visible.ts';

/** In columns. Where there is no terminal, a longer line is cut. */
const usual = 160;

/**
 * Returns the style with the lines of the report's files, as compilers show them:
 *
 *     12 |   status: disbaled
 *        |           ^^^^^^^^
 *
 * A line that does not fit is cut on both sides of the marked text. Nothing in it can move the cursor or hide.
 */
export function withQuotes<S extends Style>(style: S, { texts, findings }: Pick<Report, 'texts' | 'findings'>): S {
  if (texts === undefined) return style;
  const lineOf = quotable(texts, findings);
  const source = (finding: Finding): readonly string[] => {
    const quoted = lineOf(finding);
    return quoted === undefined ? [] : drawn(quoted, finding, style);
  };
  return { ...style, source };
}

function drawn(quoted: QuotedLine, { severity }: Finding, style: Style): readonly string[] {
  const number = String(quoted.line);
  const margin = (text: string) => style.muted(`  ${text.padStart(Math.max(4, number.length))} | `);
  const room = Math.max(10, (style.columns ?? usual) - Math.max(4, number.length) - 5);
  const { before, marked, after } = fitted(split(quoted), room);
  const carets = '^'.repeat(Math.max(1, stringWidth(marked)));
  return [
    margin(number) + before + marked + after,
    margin('') + ' '.repeat(stringWidth(before)) + style.severity(severity, carets),
  ];
}

/** A line in three parts. The finding is about the one in the middle. */
interface Parts {
  readonly before: string;
  readonly marked: string;
  readonly after: string;
}

function split({ text, column, table, keyAlone }: QuotedLine): Parts {
  const start = Math.min(column - 1, text.length);
  const end = start + lengthOfValue(text, start, table);
  return {
    before: shown(text.slice(0, start)),
    marked: shown(text.slice(start, end)),
    after: keyAlone ? '' : shown(text.slice(end).trimEnd()),
  };
}

function shown(text: string): string {
  return visible(text.replaceAll('\t', '  '));
}

const quotedText = /"(?:[^"\\]|\\.|"")*"|'(?:[^']|'')*'/y;
const cell = /[^,]+/y;
/** A plain text of YAML that is alone behind its key ends before a comment. */
const restOfLine = /[^\s[{&*!|>#%@`"'](?:(?! #).)*/y;
const word = /[^\s,[\]{}"']+/y;

/** How many characters the value or key at this place of a line has. It need not be exact: people see what is meant. */
function lengthOfValue(text: string, start: number, table: boolean): number {
  const match = (pattern: RegExp) => {
    pattern.lastIndex = start;
    return pattern.exec(text)?.[0].trimEnd();
  };
  const value = match(quotedText) ?? match(table ? cell : isAlone(text.slice(0, start)) ? restOfLine : word);
  return Math.max(1, value?.replace(/:$/, '').length ?? 1);
}

/** Whether what stands before a value is only its key, and no bracket. */
function isAlone(before: string): boolean {
  return /^[\s-]*[^\s:[{]+:\s+$/.test(before);
}

/** Cuts a line to the room: the marked text stays, and of what stands behind it at most a quarter of the room is kept free. */
function fitted({ before, marked, after }: Parts, room: number): Parts {
  const behind = Math.min(stringWidth(after), Math.floor(room / 4));
  const shownMarked = firstOf(marked, room - behind);
  // There is a caret also where nothing is marked, such as at the end of a line.
  const shownBefore = lastOf(before, room - behind - Math.max(1, stringWidth(shownMarked)));
  const rest = room - stringWidth(shownBefore) - stringWidth(shownMarked);
  return { before: shownBefore, marked: shownMarked, after: firstOf(after, rest) };
}

function firstOf(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let first = '';
  for (const part of partsOf(text)) {
    if (stringWidth(first + part) > columns - 1) break;
    first += part;
  }
  return columns < 1 ? '' : `${first}…`;
}

function lastOf(text: string, columns: number): string {
  if (stringWidth(text) <= columns) return text;
  let last = '';
  for (const part of partsOf(text).reverse()) {
    if (stringWidth(part + last) > columns - 1) break;
    last = part + last;
  }
  return columns < 1 ? '' : `…${last}`;
}

/** What people see as one character. */
function partsOf(text: string): string[] {
  return [...new Intl.Segmenter().segment(text)].map(({ segment }) => segment);
}
