import { Refused } from '../wire/errors.ts';
import { type Token, tokens } from './query-tokens.ts';

/** A query over devices. */
export interface Query {
  readonly projection: Projection;
  readonly where: Condition | undefined;
}

/** `SELECT *`, a list of columns, or `SELECT COUNT() [AS name]`. */
export type Projection =
  | { readonly kind: 'all' }
  | { readonly kind: 'columns'; readonly columns: readonly Column[] }
  | { readonly kind: 'count'; readonly as: string };

/** A dotted name, and the name of its value in the answer. */
interface Column {
  readonly path: Path;
  readonly as: string;
}

export type Path = readonly string[];
type Literal = string | number | boolean | null;
type Comparison = '=' | '!=' | '<' | '<=' | '>' | '>=';

export type Condition =
  | { readonly kind: 'and' | 'or'; readonly conditions: readonly Condition[] }
  | { readonly kind: 'not'; readonly condition: Condition }
  | { readonly kind: 'compare'; readonly path: Path; readonly operator: Comparison; readonly literal: Literal }
  | { readonly kind: 'in'; readonly path: Path; readonly literals: ReadonlySet<Literal> }
  | { readonly kind: 'defined'; readonly path: Path };

const deepest = 50;
const comparisons: ReadonlyMap<string, Comparison> = new Map([
  ['=', '='],
  ['!=', '!='],
  ['<>', '!='],
  ['<', '<'],
  ['<=', '<='],
  ['>', '>'],
  ['>=', '>='],
]);

/**
 * Reads the part of the IoT Hub query language that fleets need: `SELECT * | columns | COUNT() FROM devices [WHERE
 * condition]`, with conditions of `=`, `!=`, `<`, `IN […]`, `NIN […]`, `IS_DEFINED(…)`, AND, OR, NOT and parentheses.
 * Throws `Refused` for anything else.
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-query-language
 */
export function parseQuery(text: string): Query {
  const rest = reader(tokens(text));
  rest.keyword('SELECT');
  const projection = projectionOf(rest);
  rest.keyword('FROM');
  const source = rest.name().join('.');
  if (source.toLowerCase() !== 'devices') throw refused(`FROM ${source} is not served by this hub, only FROM devices`);
  const where = rest.takeKeyword('WHERE') ? disjunction(rest, 0) : undefined;
  for (const clause of ['ORDER', 'GROUP']) {
    if (rest.isKeyword(clause)) throw refused(`${clause} BY is not supported`);
  }
  rest.end();
  return { projection, where };
}

/** Whether a row meets a condition. A value that does not exist is neither equal to nor different from anything. */
export function meets(condition: Condition | undefined, value: (path: Path) => unknown): boolean {
  return condition === undefined || truth(condition, value) === true;
}

function truth(condition: Condition, value: (path: Path) => unknown): boolean | undefined {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const decisive = condition.kind === 'or';
      let result: boolean | undefined = !decisive;
      for (const part of condition.conditions) {
        const found = truth(part, value);
        if (found === decisive) return decisive;
        if (found === undefined) result = undefined;
      }
      return result;
    }
    case 'not': {
      const inner = truth(condition.condition, value);
      return inner === undefined ? undefined : !inner;
    }
    case 'defined':
      return value(condition.path) !== undefined;
    case 'in': {
      const found = value(condition.path);
      return isLiteral(found) ? condition.literals.has(found) : undefined;
    }
    case 'compare':
      return compare(value(condition.path), condition.operator, condition.literal);
  }
}

function compare(found: unknown, operator: Comparison, literal: Literal): boolean | undefined {
  if (!isLiteral(found)) return undefined;
  if (operator === '=') return found === literal;
  if (operator === '!=') return found !== literal;
  if (typeof found !== typeof literal || found === null || literal === null) return undefined;
  if (operator === '<') return found < literal;
  if (operator === '<=') return found <= literal;
  if (operator === '>') return found > literal;
  return found >= literal;
}

function isLiteral(value: unknown): value is Literal {
  return value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

function projectionOf(rest: Reader): Projection {
  if (rest.take('*')) return { kind: 'all' };
  if (!rest.isCall('COUNT')) return { kind: 'columns', columns: listOf(rest, () => column(rest)) };
  rest.next();
  rest.symbol('(');
  rest.symbol(')');
  const as = rest.takeKeyword('AS') ? rest.name().at(-1) : 'count';
  return { kind: 'count', as: as ?? '' };
}

function column(rest: Reader): Column {
  if (rest.isCall()) throw refused(`the function ${rest.next().text} is not supported here`);
  const path = rest.name();
  const as = rest.takeKeyword('AS') ? rest.name() : path;
  return { path, as: as.at(-1) ?? '' };
}

function disjunction(rest: Reader, depth: number): Condition {
  return joined(rest, 'or', () => joined(rest, 'and', () => negation(rest, depth)));
}

function joined(rest: Reader, kind: 'and' | 'or', part: () => Condition): Condition {
  const first = part();
  const conditions = [first];
  while (rest.takeKeyword(kind.toUpperCase())) conditions.push(part());
  return conditions.length === 1 ? first : { kind, conditions };
}

function negation(rest: Reader, depth: number): Condition {
  if (depth > deepest) throw refused('it is nested too deeply');
  if (rest.takeKeyword('NOT')) return { kind: 'not', condition: negation(rest, depth + 1) };
  if (rest.take('(')) {
    const inner = disjunction(rest, depth + 1);
    rest.symbol(')');
    return inner;
  }
  if (rest.isCall() && !rest.isKeyword('IS_DEFINED')) {
    throw refused(`the function ${rest.next().text} is not supported, only IS_DEFINED`);
  }
  if (rest.takeKeyword('IS_DEFINED')) {
    rest.symbol('(');
    const path = rest.name();
    rest.symbol(')');
    return { kind: 'defined', path };
  }
  return comparison(rest);
}

function comparison(rest: Reader): Condition {
  const path = rest.name();
  const absent = rest.takeKeyword('NIN') || (rest.takeKeyword('NOT') && rest.isKeyword('IN'));
  if (absent) rest.takeKeyword('IN');
  if (absent || rest.takeKeyword('IN')) {
    rest.symbol('[');
    const literals = new Set(listOf(rest, () => rest.literal()));
    rest.symbol(']');
    const within: Condition = { kind: 'in', path, literals };
    return absent ? { kind: 'not', condition: within } : within;
  }
  const operator = comparisons.get(rest.next().text);
  if (operator === undefined) throw refused(`a comparison was expected after ${path.join('.')}`);
  return { kind: 'compare', path, operator, literal: rest.literal() };
}

function listOf<T>(rest: Reader, item: () => T): readonly T[] {
  const items = [item()];
  while (rest.take(',')) items.push(item());
  return items;
}

type Reader = ReturnType<typeof reader>;

/** Reads the tokens in order. Each step takes the token that it expects, or refuses the query. */
function reader(all: readonly Token[]) {
  let at = 0;
  const peek = (): Token => all[at] ?? { kind: 'end', text: 'the end' };
  const next = (): Token => {
    const token = peek();
    at += 1;
    return token;
  };
  const isKeyword = (word: string): boolean => peek().kind === 'word' && peek().text.toUpperCase() === word;
  const take = (symbol: string): boolean => {
    const found = peek().kind === 'symbol' && peek().text === symbol;
    if (found) at += 1;
    return found;
  };
  const takeKeyword = (word: string): boolean => {
    const found = isKeyword(word);
    if (found) at += 1;
    return found;
  };
  return {
    next,
    take,
    isKeyword,
    /** Whether a function call comes next: of this name, or of any if no name is given. */
    isCall(name?: string): boolean {
      const after = all[at + 1];
      const called = peek().kind === 'word' && after?.kind === 'symbol' && after.text === '(';
      // Words such as NOT may also stand before a parenthesis.
      return called && (name === undefined ? !reserved.has(peek().text.toUpperCase()) : isKeyword(name));
    },
    takeKeyword,
    symbol(symbol: string): void {
      if (!take(symbol)) throw refused(`${symbol} was expected instead of ${peek().text}`);
    },
    keyword(word: string): void {
      if (!takeKeyword(word)) throw refused(`${word} was expected instead of ${peek().text}`);
    },
    name(): Path {
      const token = next();
      if (token.kind !== 'word' || reserved.has(token.text.toUpperCase())) {
        throw refused(`a name was expected instead of ${token.text}`);
      }
      return token.text.split('.');
    },
    literal(): Literal {
      const token = next();
      if (token.kind === 'string') return token.text;
      if (token.kind === 'number') return Number(token.text);
      const word = token.kind === 'word' ? token.text.toLowerCase() : '';
      if (word === 'true' || word === 'false') return word === 'true';
      if (word === 'null') return null;
      throw refused(`a value was expected instead of ${token.text}`);
    },
    end(): void {
      if (peek().kind !== 'end') throw refused(`nothing more was expected at ${peek().text}`);
    },
  };
}

const reserved: ReadonlySet<string> = new Set(['SELECT', 'FROM', 'WHERE', 'AND', 'OR', 'NOT', 'IN', 'NIN', 'AS']);

function refused(why: string): Refused {
  return new Refused('ArgumentInvalid', `BadRequest: the query is not understood, ${why.slice(0, 200)}`);
}
