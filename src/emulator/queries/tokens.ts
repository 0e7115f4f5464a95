import { notUnderstood } from './not-understood.ts';

/** A token of a query. A `string` is without its quotes, and its escapes are resolved. */
export interface Token {
  readonly kind: 'word' | 'string' | 'number' | 'symbol' | 'end';
  readonly text: string;
  /** The names of a dotted word. One in double brackets may hold any character. */
  readonly path: readonly string[];
  /** The quote around a string. */
  readonly quote?: string;
}

/** A part of a dotted word after the first: a name, or anything in double brackets, as the service's own queries write ids. */
const part = String.raw`\[\[[^\]]+\]\]|[\p{L}\p{N}_$-]+`;

// One alternative for each kind. Names may contain $ (properties.reported.$version). Names of tags may be in any
// language. A quote within a string is doubled, or escaped by a backslash; both are documented.
const pattern = new RegExp(
  [
    String.raw`\s*(?:(?<word>[\p{L}_$][\p{L}\p{N}_$]*(?:\.(?:${part}))*)`,
    String.raw`(?<number>0[xX][\da-fA-F]+|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)`,
    String.raw`(?<string>'[^'\\]*(?:(?:\\.|'')[^'\\]*)*'|"[^"\\]*(?:\\.[^"\\]*)*")`,
    String.raw`(?<symbol><=|>=|<>|!=|[=<>()[\],*/%+-]))`,
  ].join('|'),
  'suy',
);
const names = new RegExp(part, 'gu');
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
    if (groups === undefined) throw notUnderstood(`at character ${at + 1}`);
    found.push(token(groups));
  }
  return found;
}

function token({ word, number, string, symbol }: Readonly<Record<string, string | undefined>>): Token {
  if (word !== undefined) return { kind: 'word', text: word, path: pathOf(word) };
  if (number !== undefined) return { kind: 'number', text: number, path: [] };
  if (string === undefined) return { kind: 'symbol', text: symbol ?? '', path: [] };
  const quote = string.charAt(0);
  return { kind: 'string', text: unescaped(string.slice(1, -1), quote), path: [], quote };
}

function pathOf(word: string): readonly string[] {
  return (word.match(names) ?? []).map((name) => (name.startsWith('[[') ? name.slice(2, -2) : name));
}

function unescaped(text: string, quote: string): string {
  return text.replace(/\\u([\da-fA-F]{4})|\\(.)|''/gsu, (whole, code?: string, character?: string) => {
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    if (character !== undefined) return escapes.get(character) ?? character;
    return quote === "'" ? "'" : whole;
  });
}
