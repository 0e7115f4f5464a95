import { CsvError, parse } from 'csv-parse/sync';
import type { SyntaxFault } from '../rules/syntax.ts';
import { most } from './limits.ts';
import { Problem, type SyntaxProblem, tooMany } from './syntax.ts';

/** The text of a cell without its quotes, and its offset in the file. The offset of a quoted cell is that of the quote. */
export interface Cell {
  readonly text: string;
  readonly offset: number;
}

/** The delimiters that spreadsheets use, depending on their language. */
const delimiters = [',', ';', '\t'];

const shape = {
  record_delimiter: ['\r\n', '\n', '\r'],
  relax_column_count: true,
  skip_empty_lines: true,
};

/**
 * Passes the rows of a CSV text one by one to `take`, so that a long table is never in memory twice. Drops spaces around cells
 * without quotes, as YAML does. Returns the problem at which it had to stop, if any.
 */
export function readRows(text: string, take: (cells: readonly Cell[]) => void): SyntaxProblem | undefined {
  const bytes = Buffer.from(text);
  const named = namedDelimiter(text);
  const cursor = new Cursor(text, bytes);
  let cells: Cell[] = [];
  let count = 0;
  let rows = 0;
  try {
    parse(bytes, {
      ...shape,
      delimiter: named ?? delimiterOf(bytes),
      max_record_size: most.rowBytes,
      cast: (value, { bytes: end, quoting, index }) => {
        const offset = cursor.begin(index === 0);
        if (index >= most.columns) throw new Problem(tooMany('columns', offset));
        if (++count > most.cells) throw new Problem(tooMany('cells', offset));
        const spaces = quoting ? 0 : value.length - value.trimStart().length;
        cells.push({ text: quoting ? value : value.trim(), offset: offset + spaces });
        cursor.end(end);
        return '';
      },
      on_record: () => {
        const isFirst = rows++ === 0;
        if (named === undefined || !isFirst) take(cells);
        cells = [];
        return null;
      },
    });
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Problem) return thrown.problem;
    if (!(thrown instanceof CsvError)) throw thrown;
    return { fault: faultOf(thrown), offset: cursor.begin(cells.length === 0) };
  }
}

/** Follows the parser through the text. The parser counts bytes of UTF-8, places count UTF-16 code units. */
class Cursor {
  readonly #bytes: Buffer;
  readonly #ascii: boolean;
  #byte = 0;
  #offset = 0;

  constructor(text: string, bytes: Buffer) {
    this.#bytes = bytes;
    this.#ascii = text.length === bytes.length;
  }

  /** Returns the offset of the next cell. The first cell of a row begins after any line ends. */
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

/** The delimiter that a first line `sep=;` names, which Excel reads and other programs write for it. It is no row of the table. */
function namedDelimiter(text: string): string | undefined {
  return /^"?sep=([^"\r\n])"?(?:\r\n|\r|\n|$)/i.exec(text)?.[1];
}

/**
 * Returns the delimiter that gives the header the most columns; a comma if there is only one column. A header that is
 * longer than a row may be is refused anyway.
 */
function delimiterOf(text: Buffer): string {
  const bytes = text.subarray(0, most.rowBytes);
  const counts = delimiters.map((delimiter) => ({ delimiter, count: columnCount(bytes, delimiter) }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).delimiter;
}

function columnCount(bytes: Buffer, delimiter: string): number {
  try {
    return parse(bytes, { ...shape, delimiter, to: 1 })[0]?.length ?? 0;
  } catch (thrown) {
    // The header is faulty, or a quote of it is followed by another delimiter.
    if (thrown instanceof CsvError) return 0;
    throw thrown;
  }
}

function faultOf({ code, message }: CsvError): SyntaxFault {
  if (code === 'CSV_MAX_RECORD_SIZE') return { kind: 'row-too-long', most: most.rowBytes };
  const kind = kinds.get(code);
  return kind === undefined ? { kind: 'parser', message } : { kind };
}

const kinds = new Map<string, 'quote-not-closed' | 'text-behind-quote' | 'quote-in-cell'>([
  ['CSV_QUOTE_NOT_CLOSED', 'quote-not-closed'],
  ['CSV_INVALID_CLOSING_QUOTE', 'text-behind-quote'],
  ['INVALID_OPENING_QUOTE', 'quote-in-cell'],
]);
