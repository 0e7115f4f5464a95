import wrapAnsi from 'wrap-ansi';

/**
 * Wraps lines at words to the width of a terminal. What follows stands below the text of its line: behind its indentation, and behind
 * `→ `, `+ ` and other marks. A word that does not fit, such as a path, is not cut, so that it can be copied.
 */
export function wrapped(lines: readonly string[], columns: number): readonly string[] {
  return lines.flatMap((line) => {
    const [, begun = '', indent = '', mark = '', text = ''] = shape.exec(line) ?? [];
    const room = columns - indent.length - mark.length;
    if (room < narrowest) return [line];
    const [first = '', ...others] = wrapAnsi(begun + text, room).split('\n');
    return [indent + mark + first, ...others.map((other) => ' '.repeat(indent.length + mark.length) + other)];
  });
}

/** In columns. Texts are not wrapped to less. */
const narrowest = 16;

/** Colours that begin, blanks, a mark, the text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours begin with one
const shape = /^((?:\u001b\[[\d;]*m)*)( *)((?:[→+~!•-] )?)(.*)$/s;
