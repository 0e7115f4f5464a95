import { notUnderstood } from './not-understood.ts';
import type { Token } from './tokens.ts';

const reserved: ReadonlySet<string> = new Set([
  ...['SELECT', 'TOP', 'FROM', 'WHERE', 'GROUP', 'ORDER', 'BY', 'AS'],
  ...['AND', 'OR', 'NOT', 'IN', 'NIN', 'TRUE', 'FALSE', 'NULL', 'UNDEFINED'],
]);

export type Reader = ReturnType<typeof reader>;

/** Reads the tokens in order. Each step takes the token that it expects, or refuses the query. */
export function reader(all: readonly Token[]) {
  const end: Token = { kind: 'end', text: 'the end', path: [] };
  let at = 0;
  const peek = (): Token => all[at] ?? end;
  const next = (): Token => {
    const token = peek();
    at += 1;
    return token;
  };
  const isKeyword = (word: string): boolean => peek().kind === 'word' && peek().text.toUpperCase() === word;
  const isSymbol = (symbol: string): boolean => peek().kind === 'symbol' && peek().text === symbol;
  const takeIf = (found: boolean): boolean => {
    if (found) at += 1;
    return found;
  };
  return {
    peek,
    next,
    isKeyword,
    take: (symbol: string): boolean => takeIf(isSymbol(symbol)),
    takeKeyword: (word: string): boolean => takeIf(isKeyword(word)),
    /** The first of these symbols that comes next, or undefined. */
    takeOne<Symbol extends string>(symbols: readonly Symbol[]): Symbol | undefined {
      const found = symbols.find(isSymbol);
      takeIf(found !== undefined);
      return found;
    },
    /** Whether a function call comes next. Words such as NOT may also stand before a parenthesis. */
    isCall(): boolean {
      const after = all[at + 1];
      const called = peek().kind === 'word' && after?.kind === 'symbol' && after.text === '(';
      return called && !reserved.has(peek().text.toUpperCase());
    },
    symbol(symbol: string): void {
      if (!takeIf(isSymbol(symbol))) throw notUnderstood(`${symbol} was expected instead of ${peek().text}`);
    },
    keyword(word: string): void {
      if (!takeIf(isKeyword(word))) throw notUnderstood(`${word} was expected instead of ${peek().text}`);
    },
    name(): readonly string[] {
      const token = next();
      if (token.kind === 'word' && !reserved.has(token.text.toUpperCase())) return token.path;
      throw notUnderstood(`a name was expected instead of ${token.text}`);
    },
    /** One or more items with commas between them. */
    list<Item>(item: () => Item): readonly Item[] {
      const items = [item()];
      while (takeIf(isSymbol(','))) items.push(item());
      return items;
    },
    end(): void {
      if (peek().kind !== 'end') throw notUnderstood(`nothing more was expected at ${peek().text}`);
    },
  };
}
