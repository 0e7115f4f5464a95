import type { Finding, Place } from '../model/finding.ts';
import { scrubbed } from '../model/secrets.ts';
import type { Texts } from '../model/texts.ts';
import { lineShown } from '../rules/rules.ts';

/** The line at a place, without its line break. `column` counts from 1, in UTF-16 code units. */
export interface QuotedLine {
  readonly text: string;
  readonly line: number;
  readonly column: number;
  /** Values of a table end at a comma. */
  readonly table: boolean;
  /** What stands behind the key at the column must not be shown. */
  readonly keyAlone: boolean;
}

/**
 * Returns a function that gives the line at the place of a finding, if people may see it. A terminal is copied into issues, and a log
 * is read by more people than a repository. So a line is not given where its rule is about secrets or keys, where a finding of such
 * a rule is on the same line, and where the line, or the key above that it belongs to, looks as if it held a secret: a file with a
 * syntax error was never judged. Better one line too few than one password too many.
 */
export function quotable(texts: Texts, findings: readonly Finding[]): (finding: Finding) => QuotedLine | undefined {
  const secret = new Set(
    findings.flatMap(({ rule, place }) => (place && lineShown(rule) === 'hidden' ? [keyOf(place)] : [])),
  );
  const files = new Map<string, Lines | undefined>();
  const linesOf = (file: string): Lines | undefined => {
    if (!files.has(file)) {
      const text = texts.get(file);
      files.set(file, text === undefined ? undefined : new Lines(file, text));
    }
    return files.get(file);
  };
  return ({ rule, place }) => {
    if (place === undefined || secret.has(keyOf(place))) return undefined;
    const quoted = linesOf(place.file)?.quote(place);
    return quoted && { ...quoted, keyAlone: lineShown(rule) === 'key' };
  };
}

function keyOf({ file, line }: Place): string {
  return `${file}:${line}`;
}

/** The most characters of a line on each side of its column. More do not fit on a screen. */
const most = 2_000;

/** A value may stand below its key, in so many lines. */
const mostAbove = 20;

/** The lines of one file. */
class Lines {
  readonly #text: string;
  readonly #starts: number[] = [0];
  readonly #table: boolean;
  readonly #hidden: boolean;

  constructor(file: string, text: string) {
    this.#text = text;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#starts.push(at + 1);
    this.#table = /\.csv$/i.test(file);
    // Each row of a table has a cell of each column, and the first row names them.
    this.#hidden = text.includes('PRIVATE KEY-----') || (this.#table && telling.test(this.#at(1)));
  }

  quote({ line, column }: Place): Omit<QuotedLine, 'keyAlone'> | undefined {
    if (this.#hidden || line > this.#starts.length) return undefined;
    const whole = this.#at(line);
    const start = Math.max(0, column - 1 - most);
    const text = whole.slice(start, column - 1 + most).replace(/\r$/, '');
    if (text.trim() === '' || text.includes('\0') || looksSecret(text)) return undefined;
    if (!this.#table && this.#belongsToSecret(line)) return undefined;
    return { text, line, column: column - start, table: this.#table };
  }

  #at(line: number): string {
    const start = this.#starts[line - 1] ?? this.#text.length;
    return this.#text.slice(start, (this.#starts[line] ?? this.#text.length + 1) - 1);
  }

  /** Whether the line has no key of its own, and the nearest one above is that of a secret, or too far away to be found. */
  #belongsToSecret(line: number): boolean {
    for (let above = line; above > 0 && above > line - mostAbove; above -= 1) {
      const text = this.#at(above).slice(0, most);
      if (above < line && looksSecret(text)) return true;
      if (/[:=]/.test(text)) return false;
    }
    return line >= mostAbove;
  }
}

/** Words in the names of secrets. Paths of keys have them too, and lose their line. */
const telling =
  /pass|pwd|secret|token|key|credential|\bpin\b|pin-|\bsig\b|signature|\bsas|connection|bearer|-----BEGIN/i;

/** An address with a password: `https://user:password@proxy`. */
const withPassword = /:\/\/[^/\s]*:[^/\s]*@|[^/\s]:[^/\s]+@(?!sha256:)/;

function looksSecret(text: string): boolean {
  return telling.test(text) || withPassword.test(text) || scrubbed(text) !== text || hasOpaqueWord(text);
}

/** Whether a word is like a key in base64: long, with small and capital letters and digits. Thumbprints are hexadecimal. */
function hasOpaqueWord(text: string): boolean {
  const words = text.match(/[A-Za-z0-9+/]{24,}/g) ?? [];
  return words.some(
    (word) => !/^[0-9a-f]+$/i.test(word) && /[a-z]/.test(word) && /[A-Z]/.test(word) && /\d/.test(word),
  );
}
