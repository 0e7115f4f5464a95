/** A part of a text. Offsets are in UTF-16 code units; the end is behind the last one. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** The end of the line at an offset, before the line break. */
export function lineEndOf(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  if (newline === -1) return text.length;
  return text[newline - 1] === '\r' ? newline - 1 : newline;
}

export function lineStartOf(text: string, offset: number): number {
  // lastIndexOf takes a negative place for the first one.
  return offset === 0 ? 0 : text.lastIndexOf('\n', offset - 1) + 1;
}
