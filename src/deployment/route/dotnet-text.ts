/** What .NET's Trim cuts at both ends: char.IsWhiteSpace, which is not quite what JavaScript's trim cuts. */
export function trimmed(text: string): string {
  return text.replace(blankStart, '').replace(blankEnd, '');
}

const blank = '[\\t-\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]+';
const blankStart = new RegExp(`^${blank}`);
const blankEnd = new RegExp(`(?<!${blank.slice(0, -1)})${blank}$`);

/**
 * What OrdinalIgnoreCase compares: each UTF-16 unit as its capital letter, if that is one unit. The dotless i stays as it is.
 */
export function ordinalUpper(text: string): string {
  if (ascii.test(text)) return text.toUpperCase();
  return text.replace(/[\s\S]/g, (unit) => {
    const capital = unit.toUpperCase();
    return capital.length === 1 && unit !== '\u0131' ? capital : unit;
  });
}

export function equalIgnoringCase(one: string, other: string): boolean {
  return ordinalUpper(one) === ordinalUpper(other);
}

const ascii = /^[\t-~]*$/;
