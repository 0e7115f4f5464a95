import type { Source, TextValue } from './value.ts';

/** The letters of a text value, counted through its escapes. */
export function insideOf(value: TextValue): Source {
  return {
    written: value.text,
    inFile: (offset) => value.source.inFile(value.offset + 1 + rawLength(value, offset)),
  };
}

/** How many characters of the source the first `count` letters of a text take. */
function rawLength({ source, offset, length, text }: TextValue, count: number): number {
  // Without escapes the text is as long as what is written.
  if (text.length === length - 2) return count;
  const raw = source.written;
  let at = offset + 1;
  for (let letters = 0; letters < count && at < offset + length - 1; letters += 1) {
    if (raw[at] !== '\\') at += 1;
    else at += raw[at + 1] === 'u' ? 6 : 2;
  }
  return at - offset - 1;
}
