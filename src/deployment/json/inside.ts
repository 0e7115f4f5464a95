import type { Source, TextValue } from './value.ts';

/** The letters of a text value as a text of its own, whose places in the file are counted through its escapes. */
export function insideOf(value: TextValue): Source {
  const raw = new RawLengths(value);
  return { written: value.text, inFile: (offset) => value.source.inFile(value.offset + 1 + raw.of(offset)) };
}

/** How many characters of the source the first letters of a text take. A long text may have many findings. */
class RawLengths {
  readonly #value: TextValue;
  /** The raw length of every `step` letters; made when the first place is asked for. */
  #marks: readonly number[] | undefined;

  constructor(value: TextValue) {
    this.#value = value;
  }

  of(count: number): number {
    const { length, text } = this.#value;
    // Without escapes the text is as long as what is written.
    if (text.length === length - 2) return count;
    this.#marks ??= this.#marked();
    const mark = Math.min(Math.floor(count / step), this.#marks.length - 1);
    return this.#walk(this.#marks[mark] ?? 0, count - mark * step);
  }

  #marked(): readonly number[] {
    const marks = [0];
    for (let letters = step; letters <= this.#value.text.length; letters += step) {
      marks.push(this.#walk(marks.at(-1) ?? 0, step));
    }
    return marks;
  }

  #walk(from: number, letters: number): number {
    const { source, offset, length } = this.#value;
    const start = offset + 1;
    let at = start + from;
    for (let left = letters; left > 0 && at < offset + length - 1; left -= 1) {
      if (source.written[at] !== '\\') at += 1;
      else at += source.written[at + 1] === 'u' ? 6 : 2;
    }
    return at - start;
  }
}

const step = 1024;
