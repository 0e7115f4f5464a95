import { type FunctionName, functionNamed } from './functions.ts';
import { notUnderstood } from './not-understood.ts';
import type { Reader } from './reader.ts';

export type Path = readonly string[];
export type Literal = string | number | boolean | null;

/** An expression as a tree. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: Literal | readonly Literal[] | undefined }
  | { readonly kind: 'column'; readonly path: Path }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Expression[] }
  | { readonly kind: 'not'; readonly part: Expression }
  | { readonly kind: 'in'; readonly value: Expression; readonly literals: ReadonlySet<Literal> }
  | { readonly kind: 'binary'; readonly operator: Operator; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: FunctionName; readonly given: readonly Expression[] };

const comparisons = ['=', '!=', '<>', '<=', '>=', '<', '>'] as const;
const sums = ['+', '-'] as const;
const products = ['*', '/', '%'] as const;
export type Operator = (typeof comparisons)[number] | (typeof sums)[number] | (typeof products)[number];

const deepest = 50;

/**
 * Reads an expression. From weak to strong: OR, AND, NOT, comparisons and IN, sums, products, as in SQL; the
 * documentation gives no precedence. Throws `Refused` for anything else.
 * https://learn.microsoft.com/azure/iot-hub/iot-hub-devguide-query-language#expressions-and-conditions
 */
export function expressionOf(rest: Reader, depth = 0): Expression {
  return joined(rest, 'or', () => joined(rest, 'and', () => negation(rest, depth)));
}

function joined(rest: Reader, kind: 'and' | 'or', part: () => Expression): Expression {
  const first = part();
  const parts = [first];
  while (rest.takeKeyword(kind.toUpperCase())) parts.push(part());
  return parts.length === 1 ? first : { kind, parts };
}

function negation(rest: Reader, depth: number): Expression {
  if (depth > deepest) throw notUnderstood('it is nested too deeply');
  return rest.takeKeyword('NOT') ? { kind: 'not', part: negation(rest, depth + 1) } : comparison(rest, depth);
}

function comparison(rest: Reader, depth: number): Expression {
  const left = sum(rest, depth);
  const operator = rest.takeOne(comparisons);
  if (operator !== undefined) return { kind: 'binary', operator, left, right: sum(rest, depth) };
  const absent = rest.takeKeyword('NIN') || (rest.takeKeyword('NOT') && isIn(rest));
  if (absent) rest.takeKeyword('IN');
  if (!absent && !rest.takeKeyword('IN')) return left;
  const within: Expression = { kind: 'in', value: left, literals: new Set(literals(rest)) };
  return absent ? { kind: 'not', part: within } : within;
}

function isIn(rest: Reader): boolean {
  if (rest.isKeyword('IN')) return true;
  throw notUnderstood(`IN was expected instead of ${rest.peek().text}`);
}

function sum(rest: Reader, depth: number): Expression {
  return chain(rest, sums, () => chain(rest, products, () => factor(rest, depth)));
}

function chain(rest: Reader, operators: readonly Operator[], part: () => Expression): Expression {
  let left = part();
  for (;;) {
    const operator = rest.takeOne(operators);
    if (operator === undefined) return left;
    left = { kind: 'binary', operator, left, right: part() };
  }
}

function factor(rest: Reader, depth: number): Expression {
  if (rest.take('(')) {
    const inner = expressionOf(rest, depth + 1);
    rest.symbol(')');
    return inner;
  }
  if (rest.peek().text === '[') return { kind: 'constant', value: literals(rest) };
  if (rest.isCall()) return call(rest, depth);
  if (rest.takeKeyword('UNDEFINED')) return { kind: 'constant', value: undefined };
  return isLiteral(rest) ? { kind: 'constant', value: literal(rest) } : { kind: 'column', path: rest.name() };
}

function call(rest: Reader, depth: number): Expression {
  const { text } = rest.next();
  const { name, takes } = functionNamed(text);
  rest.symbol('(');
  if (depth > deepest) throw notUnderstood('it is nested too deeply');
  const given = rest.list(() => expressionOf(rest, depth + 1));
  rest.symbol(')');
  if (given.length !== takes) throw notUnderstood(`${name} takes ${takes} values, not ${given.length}`);
  return { kind: 'call', name, given };
}

function isLiteral(rest: Reader): boolean {
  const { kind } = rest.peek();
  if (kind === 'string' || kind === 'number' || rest.peek().text === '-') return true;
  return ['TRUE', 'FALSE', 'NULL'].some(rest.isKeyword);
}

/** An array of constants. */
function literals(rest: Reader): readonly Literal[] {
  rest.symbol('[');
  const items = rest.list(() => literal(rest));
  rest.symbol(']');
  return items;
}

function literal(rest: Reader): Literal {
  if (rest.take('-')) return -number(rest);
  if (rest.takeKeyword('TRUE')) return true;
  if (rest.takeKeyword('FALSE')) return false;
  if (rest.takeKeyword('NULL')) return null;
  if (rest.peek().kind === 'number') return number(rest);
  const token = rest.next();
  if (token.kind === 'string') return token.text;
  throw notUnderstood(`a value was expected instead of ${token.text}`);
}

function number(rest: Reader): number {
  const token = rest.next();
  if (token.kind === 'number') return Number(token.text);
  throw notUnderstood(`a number was expected instead of ${token.text}`);
}
