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

/** In the order of the grammar. A rule before another one wins where both match as much. */
const rules: readonly (readonly [TokenKind, RegExp])[] = [
  ['SELECT', /select/iy],
  ['FROM', /from/iy],
  ['WHERE', /where/iy],
  ['INTO', /into/iy],
  ['integer', /-?[0-9]+/y],
  ['hexadecimal', /0[Xx][0-9a-fA-F]+/y],
  ['real', /-?[0-9]*\.[0-9]+(?:[Ee][+-]?[0-9]+)?/y],
  ['real', /-?[0-9]*[Ee][+-]?[0-9]+/y],
  ['true', /true/y],
  ['false', /false/y],
  ['null', /null/y],
  ['undefined', /undefined/y],
  ['AND', /and/iy],
  ['OR', /or/iy],
  ['NOT', /not/iy],
];

const signs: readonly Sign[] = [
  ...(['!=', '<>', '<=', '>=', '||', '??'] as const),
  ...(['{', '}', '(', ')', ',', '+', '-', '*', '/', '%', '=', '>', '<'] as const),
];

/** ID and QUERY_PATH of the grammar; `[` and `]` alone tell them apart. */
const name = /[^()<>@,;:\\"/[\]?={} \t\n\r]+/y;
const path = /[^()<>@,;:\\"/?={} \t\n\r]+/y;

function longestAt(text: string, at: number): Match {
  const first: Match = stringAt(text, at) ?? { kind: 'unknown character', length: 1 };
  const candidates: Match[] = [
    ...rules.map(([kind, pattern]) => ({ kind, length: lengthAt(pattern, text, at) })),
    ...signs.map((sign): Match => ({ kind: sign, length: text.startsWith(sign, at) ? sign.length : 0 })),
    ...namesAt(text, at),
  ];
  return candidates.reduce((best, next) => (isBetter(next, best) ? next : best), first);
}

function isBetter(next: Match, best: Match): boolean {
  return next.length > best.length || (next.length === best.length && best.kind === 'unknown character');
}

function namesAt(text: string, at: number): readonly Match[] {
  const longest = lengthAt(path, text, at);
  const dollar: Match = { kind: '$name', length: text[at] === '$' && longest > 1 ? longest : 0 };
  return [dollar, { kind: 'name', length: lengthAt(name, text, at) }, { kind: 'name with brackets', length: longest }];
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
  return lengthAt(blanks, text, at);
}

/** A comment ends at the first `*` + `/`. Without one, its opening is a `/` and a `*`. */
function commentAt(text: string, at: number): number {
  if (!text.startsWith('/*', at)) return 0;
  return text.indexOf('*/', at + 2) + 2 - at;
}
