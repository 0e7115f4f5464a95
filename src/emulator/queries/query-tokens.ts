import { Refused } from '../wire/errors.ts';

/** A token of a query. A `string` is without its quotes, and its escapes are resolved. */
export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'symbol' | 'end';
  readonly text: string;
}

// One alternative for each kind. Names are dotted and may contain $ (properties.reported.$version). Names of tags may
// be in any language.
const pattern =
  /\s*(?:(?<word>[\p{L}_$][\p{L}\p{N}_$]*(?:\.[\p{L}\p{N}_$-]+)*)|(?<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(?<string>'[^'\\]*(?:\\.[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")|(?<symbol><=|>=|<>|!=|[=<>()[\],*]))/suy;
const escapes: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
]);

/** Splits a query into tokens. Throws `Refused` at a character that belongs to none. */
export function tokens(text: string): readonly Token[] {
  const found: Token[] = [];
  const source = text.trimEnd();
  const piece = new RegExp(pattern);
  for (let at = 0; at < source.length; at = piece.lastIndex) {
    piece.lastIndex = at;
    const groups = piece.exec(source)?.groups;
    if (groups === undefined) {
      throw new Refused('ArgumentInvalid', `BadRequest: the query is not understood at character ${at + 1}`);
    }
    const { word, number, string, symbol } = groups;
    if (word !== undefined) found.push({ kind: 'word', text: word });
    else if (number !== undefined) found.push({ kind: 'number', text: number });
    else if (string !== undefined) found.push({ kind: 'string', text: unescaped(string.slice(1, -1)) });
    else found.push({ kind: 'symbol', text: symbol ?? '' });
  }
  return found;
}

function unescaped(text: string): string {
  return text.replace(/\\(.)/gsu, (_, character: string) => escapes.get(character) ?? character);
}
