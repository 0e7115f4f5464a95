/**
 * The words of a route, as edgeHub's lexer reads them: Routing.Core/grammar/GrammarLexer.g4 and the `{` and `}` of Condition.g4 in
 * Azure/iotedge, the same from 1.0.0 to 1.6.1. The lexer takes the longest match; of two of one length the one that the grammar
 * names first. So `'info'` is a string, but `'it''s'` is a name, since a name may hold `'`; and `e5` is a number.
 */
export type TokenKind =
  | Keyword
  | Sign
  | 'string'
  | 'unterminated string'
  | 'integer'
  | 'hexadecimal'
  | 'real'
  | '$name'
  | 'name'
  | 'name with brackets'
  | 'unknown character'
  | 'end';

type Keyword = 'SELECT' | 'FROM' | 'WHERE' | 'INTO' | 'AND' | 'OR' | 'NOT' | 'true' | 'false' | 'null' | 'undefined';

type Sign =
  | ('{' | '}' | '(' | ')' | ',' | '+' | '-' | '*' | '/' | '%')
  | ('=' | '!=' | '<>' | '<=' | '>=' | '>' | '<' | '||' | '??');

export interface Span {
  /** In UTF-16 units from the start of the route's text. */
  readonly offset: number;
  readonly length: number;
}

export interface Token extends Span {
  readonly kind: TokenKind;
  readonly text: string;
}

export interface Tokens {
  /** The last one is `end`. */
  readonly tokens: readonly Token[];
  readonly comments: readonly Span[];
}

export function tokensOf(text: string): Tokens {
  const tokens: Token[] = [];
  const comments: Span[] = [];
  const lastCommentEnd = text.lastIndexOf('*/');
  let at = 0;
  while (at < text.length) {
    const skipped = blanksAt(text, at);
    if (skipped > 0) {
      at += skipped;
      continue;
    }
    const comment = lastCommentEnd >= at + 2 ? commentAt(text, at) : 0;
    if (comment > 0) {
      comments.push({ offset: at, length: comment });
      at += comment;
      continue;
    }
    const { kind, length } = longestAt(text, at);
    tokens.push({ kind, text: text.slice(at, at + length), offset: at, length });
    at += length;
  }
  tokens.push({ kind: 'end', text: '', offset: text.length, length: 0 });
  return { tokens, comments };
}

interface Match {
  readonly kind: TokenKind;
  readonly length: number;
}

/** ID of the grammar, and QUERY_PATH, which may hold `[` and `]` too. Keywords, numbers and most signs consist of such characters. */
const path = /[^()<>@,;:\\"/?={} \t\n\r]+/y;

function longestAt(text: string, at: number): Match {
  const length = lengthAt(path, text, at);
  const string = stringAt(text, at);
  if (string && string.length >= length) return string;
  if (text.startsWith('!=', at)) return { kind: '!=', length: 2 };
  if (length > 0) return { kind: kindOf(text.slice(at, at + length)), length };
  const sign = signs.find((one) => text.startsWith(one, at));
  return sign === undefined ? { kind: 'unknown character', length: 1 } : { kind: sign, length: sign.length };
}

/** Signs of characters that no name has. The longest come first. */
const signs = ['<>', '<=', '>=', '??', '{', '}', '(', ')', ',', '/', '=', '>', '<'] as const;

function kindOf(word: string): TokenKind {
  if (/[[\]]/.test(word)) return word.startsWith('$') ? '$name' : 'name with brackets';
  if (letters.test(word)) return words.get(word) ?? keywords.get(word.toUpperCase()) ?? numberKindOf(word) ?? 'name';
  return words.get(word) ?? numberKindOf(word) ?? (word.length > 1 && word.startsWith('$') ? '$name' : 'name');
}

const words: ReadonlyMap<string, TokenKind> = new Map(
  (['true', 'false', 'null', 'undefined', '+', '-', '*', '%', '||'] as const).map((word) => [word, word]),
);

const letters = /^[A-Za-z]+$/;

const keywords: ReadonlyMap<string, TokenKind> = new Map(
  (['SELECT', 'FROM', 'WHERE', 'INTO', 'AND', 'OR', 'NOT'] as const).map((word) => [word, word]),
);

function numberKindOf(word: string): TokenKind | undefined {
  if (!/[0-9]$|^0[Xx]/.test(word)) return undefined;
  if (/^-?[0-9]+$/.test(word)) return 'integer';
  if (/^0[Xx][0-9a-fA-F]+$/.test(word)) return 'hexadecimal';
  return /^-?(?:[0-9]*\.[0-9]+(?:[Ee][+-]?[0-9]+)?|[0-9]*[Ee][+-]?[0-9]+)$/.test(word) ? 'real' : undefined;
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0].length ?? 0;
}

/** A backslash ends a string that does not escape a quote, itself or `uXXXX`: the grammar knows no other escape. */
function stringAt(text: string, at: number): Match | undefined {
  const quote = text[at];
  if (quote !== '"' && quote !== "'") return undefined;
  let end = at + 1;
  while (end < text.length && text[end] !== quote) {
    const step = text[end] === '\\' ? lengthAt(escaped, text, end) : 1;
    if (step === 0) break;
    end += step;
  }
  return text[end] === quote
    ? { kind: 'string', length: end + 1 - at }
    : { kind: 'unterminated string', length: end - at };
}

const escaped = /\\(?:["'\\]|u[0-9a-fA-F]{4})/y;

const blanks = /[ \t\r\n]+/y;

function blanksAt(text: string, at: number): number {
  return text.charCodeAt(at) > 0x20 ? 0 : lengthAt(blanks, text, at);
}

/** A comment ends at the first `*` + `/`. Without one, its opening is a `/` and a `*`. */
function commentAt(text: string, at: number): number {
  if (!text.startsWith('/*', at)) return 0;
  return text.indexOf('*/', at + 2) + 2 - at;
}
