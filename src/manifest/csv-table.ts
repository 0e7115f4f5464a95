import { CsvError, parse } from 'csv-parse/sync';
import type { SyntaxProblem } from './syntax.ts';

/** A cell's text without its quotes, and where it begins in the file; for a quoted cell that is the quote. */
export interface Cell {
  readonly text: string;
  readonly offset: number;
}

/** What a spreadsheet puts between cells; which of them depends on its language. */
const delimiters = [',', ';', '\t'];

const shape = {
  record_delimiter: ['\r\n', '\n', '\r'],
  relax_column_count: true,
  skip_empty_lines: true,
};

/**
 * Hands over the rows of a CSV text one by one, so that a long table is never held twice. Spaces around cells without quotes
 * are dropped, as YAML does. Gives the fault at which it had to stop.
 */
export function readRows(text: string, take: (cells: readonly Cell[]) => void): SyntaxProblem | undefined {
  const bytes = Buffer.from(text);
  const cursor = new Cursor(text, bytes);
  let cells: Cell[] = [];
  try {
    parse(bytes, {
      ...shape,
      delimiter: delimiterOf(bytes),
      cast: (value, { bytes: end, quoting, index }) => {
        const offset = cursor.begin(index === 0);
        const spaces = quoting ? 0 : value.length - value.trimStart().length;
        cells.push({ text: quoting ? value : value.trim(), offset: offset + spaces });
        cursor.end(end);
        return '';
      },
      on_record: () => {
        take(cells);
        cells = [];
        return null;
      },
    });
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof CsvError)) throw thrown;
    return { what: faults.get(thrown.code) ?? thrown.message, offset: cursor.begin(cells.length === 0) };
  }
}

/** Follows the reader through the text: it counts bytes of UTF-8, places count characters. */
class Cursor {
  readonly #bytes: Buffer;
  readonly #ascii: boolean;
  #byte = 0;
  #offset = 0;

  constructor(text: string, bytes: Buffer) {
    this.#bytes = bytes;
    this.#ascii = text.length === bytes.length;
  }

  /** Offset of the cell that begins behind what was read; the first of a row begins behind any line ends. */
  begin(firstOfRow: boolean): number {
    if (firstOfRow) while (this.#isLineEnd()) this.#step(1);
    else this.#step(1); // the delimiter
    return this.#offset;
  }

  end(byte: number): void {
    const length = byte - this.#byte;
    this.#offset += this.#ascii ? length : this.#bytes.toString('utf8', this.#byte, byte).length;
    this.#byte = byte;
  }

  #step(length: number): void {
    this.#byte += length;
    this.#offset += length;
  }

  #isLineEnd(): boolean {
    const byte = this.#bytes[this.#byte];
    return byte === 0x0a || byte === 0x0d;
  }
}

/** The delimiter that makes most of the header; a comma when there is but one column. */
function delimiterOf(bytes: Buffer): string {
  const counts = delimiters.map((delimiter) => ({ delimiter, count: columnCount(bytes, delimiter) }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).delimiter;
}

function columnCount(bytes: Buffer, delimiter: string): number {
  try {
    return parse(bytes, { ...shape, delimiter, to: 1 })[0]?.length ?? 0;
  } catch (thrown) {
    // The header has a fault, or other delimiters behind its quotes.
    if (thrown instanceof CsvError) return 0;
    throw thrown;
  }
}

const faults = new Map<string, string>([
  ['CSV_QUOTE_NOT_CLOSED', 'the quote that opens this cell is never closed'],
  [
    'CSV_INVALID_CLOSING_QUOTE',
    'this cell goes on behind its closing quote; a quote inside a quoted cell is written twice ("")',
  ],
  [
    'INVALID_OPENING_QUOTE',
    'this cell holds a quote; put the whole cell in quotes and write the quote in it twice ("")',
  ],
]);
