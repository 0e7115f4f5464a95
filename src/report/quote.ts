import { isAscii } from 'node:buffer';
import type { Finding } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { type QuotedLine, quotable } from './quotable.ts';
import type { Style } from './style.ts';
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
export async function withQuotes<S extends Style>(
  style: S,
  { texts, findings }: Pick<Report, 'texts' | 'findings'>,
): Promise<S> {
  if (texts === undefined) return style;
  const lineOf = quotable(texts, findings);
  const files = new Set(findings.flatMap(({ place }) => (place === undefined ? [] : [place.file])));
  const isPlain = [...files].every((file) => isAscii(Buffer.from(texts.get(file) ?? '')));
  const measure = isPlain ? plain : await realMeasure();
  const source = (finding: Finding): readonly string[] => {
    const quoted = lineOf(finding);
    return quoted === undefined ? [] : drawn(quoted, finding, style, measure);
  };
  return { ...style, source };
}

/** How a terminal shows a text: in so many columns, and as characters that cannot be cut. */
interface Measure {
  width(text: string): number;
  parts(text: string): string[];
}

/** Of texts in ASCII. Most files are, and the other measure takes 30 ms to load. */
const plain: Measure = { width: ({ length }) => length, parts: (text) => [...text] };

async function realMeasure(): Promise<Measure> {
  const { default: width } = await import('string-width');
  const segmenter = new Intl.Segmenter();
  return { width: (text) => width(text), parts: (text) => [...segmenter.segment(text)].map(({ segment }) => segment) };
}

function drawn(quoted: QuotedLine, { severity }: Finding, style: Style, measure: Measure): readonly string[] {
  const number = String(quoted.line);
  const margin = (text: string) => style.muted(`  ${text.padStart(Math.max(4, number.length))} | `);
  const room = Math.max(10, (style.columns ?? usual) - Math.max(4, number.length) - 5);
  const { before, marked, after } = fitted(split(quoted), room, measure);
  const carets = '^'.repeat(Math.max(1, measure.width(marked)));
  return [
    margin(number) + before + marked + after,
    margin('') + ' '.repeat(measure.width(before)) + style.severity(severity, carets),
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
function fitted({ before, marked, after }: Parts, room: number, measure: Measure): Parts {
  const { width } = measure;
  const behind = Math.min(width(after), Math.floor(room / 4));
  const shownMarked = firstOf(marked, room - behind, measure);
  // There is a caret also where nothing is marked, such as at the end of a line.
  const shownBefore = lastOf(before, room - behind - Math.max(1, width(shownMarked)), measure);
  const rest = room - width(shownBefore) - width(shownMarked);
  return { before: shownBefore, marked: shownMarked, after: firstOf(after, rest, measure) };
}

function firstOf(text: string, columns: number, { width, parts }: Measure): string {
  if (width(text) <= columns) return text;
  let first = '';
  for (const part of parts(text)) {
    if (width(first + part) > columns - 1) break;
    first += part;
  }
  return columns < 1 ? '' : `${first}…`;
}

function lastOf(text: string, columns: number, { width, parts }: Measure): string {
  if (width(text) <= columns) return text;
  let last = '';
  for (const part of parts(text).reverse()) {
    if (width(part + last) > columns - 1) break;
    last = part + last;
  }
  return columns < 1 ? '' : `…${last}`;
}
