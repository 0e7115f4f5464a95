import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

/**
 * Wraps lines at words to the width of a terminal. What follows stands below the text of its line: behind its indentation, and behind
 * `→ `, `+ ` and other marks. Below a line without both it is indented, so that it does not look like the next finding. A word that does
 * not fit, such as a path, is not cut, so that it can be copied.
 */
export function wrapped(lines: readonly string[], columns: number): readonly string[] {
  return lines.flatMap((line) => (stringWidth(line) <= columns ? [line] : wrappedLine(line, columns)));
}

/** In columns. Texts are not wrapped to less. */
const narrowest = 16;

/** Below a line without an indentation. */
const usual = '    ';

/** Colours that begin, blanks, a mark with its colour, the text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const shape = /^((?:\u001b\[\d+m)*)( *)((?:(?:\u001b\[\d+m)*[→+~!?-](?:\u001b\[\d+m)* )?)(.*)$/s;

function wrappedLine(line: string, columns: number): readonly string[] {
  const [, colours = '', blanks = '', mark = '', text = ''] = shape.exec(line) ?? [];
  const before = stringWidth(blanks + mark);
  const below = before === 0 ? usual : ' '.repeat(before);
  const room = columns - below.length;
  if (room < narrowest) return [line];
  // Colours that end with the mark are not those of the text.
  const ofText = mark.includes('\u001b') ? '' : colours;
  const [first = '', ...others] = wrapAnsi(ofText + text, room).split('\n');
  return [colours + blanks + mark + first, ...others.map((other) => below + other)];
}
