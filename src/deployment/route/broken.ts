import type { PlacedFault } from './expression.ts';
import type { Token, TokenKind } from './token.ts';

/**
 * Conditions that edgeHub's grammar takes as broken ones: unknown characters, and parentheses that are not closed or closed too often
 * (the alternatives "Syntax Errors" of Routing.Core/grammar/Condition.g4 in Azure/iotedge). Its parser accepts them, and the route is
 * refused only when it is compiled, which is later and has other consequences than a route that does not parse.
 *
 * An unknown character is an operand, stands before one, or between two. A `(` may be left open. After the `)` that closes another
 * parenthesis, one more is taken. So one word can be read in several ways, and all of them are followed at once.
 */
export function brokenCondition(tokens: readonly Token[], start: number): BrokenCondition {
  let ways: Ways = { ...nowhere, operand: [outermost] };
  for (let at = start; ; at += 1) {
    const token = tokens[at];
    if (token === undefined || token.kind === 'INTO') return { next: at, ends: ways.operator.includes(outermost) };
    if (token.kind === '{' && ways.operand.length > 0) {
      const misfit = ['$name', '}'].findIndex((kind, index) => tokens[at + index + 1]?.kind !== kind);
      if (misfit >= 0) return { next: at + misfit + 1, ends: false };
      at += 2;
      ways = { ...nowhere, operator: ways.operand };
      continue;
    }
    ways = after(token.kind, ways, tokens[at - 1]?.kind);
    if (ways.operand.length === 0 && ways.operator.length === 0) return { next: at, ends: false };
    if (ways.operand.length > mostOpen)
      return { next: at, ends: true, fault: { fault: { kind: 'too deep' }, at: token } };
  }
}

/** edgeHub's own parser takes minutes over 50 parentheses inside one another, since it tries each of them in several ways. */
const mostOpen = 100;

export interface BrokenCondition {
  /** The first word that no reading allows, or INTO. */
  readonly next: number;
  /** The condition is complete before `next`. */
  readonly ends: boolean;
  /** It cannot be judged. */
  readonly fault?: PlacedFault;
}

/** What is wrong with a broken condition, at the first place. */
export function faultOfBroken(tokens: readonly Token[]): PlacedFault {
  const character = tokens.find(({ kind }) => kind === 'unknown character');
  if (character) return { fault: { kind: 'unknown character', character: character.text }, at: character };
  const open: Token[] = [];
  for (const token of tokens) {
    if (token.kind === '(') open.push(token);
    if (token.kind === ')' && open.pop() === undefined) return { fault: { kind: 'extra parenthesis' }, at: token };
  }
  const last = open.at(-1);
  return last === undefined
    ? { fault: { kind: 'too deep' }, at: tokens[0] ?? { offset: 0, length: 0 } }
    : { fault: { kind: 'missing parenthesis' }, at: last };
}

/** A parenthesis that is open, and those that can be open around it. */
interface Open {
  readonly call: boolean;
  readonly around: readonly Open[];
}

const outermost: Open = { call: false, around: [] };

/** What can be the innermost open parenthesis, for each way to read the words so far. */
interface Ways {
  /** Where an operand is wanted. */
  readonly operand: readonly Open[];
  /** Where an operator is wanted. */
  readonly operator: readonly Open[];
  /** Those of `operator` where the last word closed a parenthesis. */
  readonly closed: readonly Open[];
  /** The call that the last word opened. */
  readonly called: readonly Open[];
}

const nowhere: Ways = { operand: [], operator: [], closed: [], called: [] };

const operands: ReadonlySet<TokenKind> = new Set<TokenKind>([
  ...(['name', '$name', 'string', 'unterminated string', 'integer', 'hexadecimal', 'real'] as const),
  ...(['true', 'false', 'null', 'undefined'] as const),
]);

const operators: ReadonlySet<TokenKind> = new Set<TokenKind>([
  ...(['*', '/', '%', '+', '||', '<', '<=', '>', '>=', '=', '!=', '<>', 'AND', 'OR', '??'] as const),
]);

function after(kind: TokenKind, ways: Ways, before: TokenKind | undefined): Ways {
  const { operand, operator } = ways;
  if (kind === '(') return before === 'name' && operator.length > 0 ? called(operator) : opened(operand);
  if (kind === ')') return closed(ways);
  if (kind === 'unknown character') return { ...nowhere, operand: union(operand, operator), operator: operand };
  if (kind === ',') return { ...nowhere, operand: operator.filter(({ call }) => call) };
  if (kind === 'NOT') return { ...nowhere, operand };
  if (kind === '-') return { ...nowhere, operand: union(operand, operator) };
  if (operators.has(kind)) return { ...nowhere, operand: operator };
  return operands.has(kind) ? { ...nowhere, operator: operand } : nowhere;
}

/** A `(` after a name calls a function and has to be closed. */
function called(around: readonly Open[]): Ways {
  const call = [{ call: true, around }];
  return { ...nowhere, operand: call, called: call };
}

/** Any other one may be left open. */
function opened(around: readonly Open[]): Ways {
  return around.length === 0 ? nowhere : { ...nowhere, operand: [{ call: false, around }, ...around] };
}

function closed(ways: Ways): Ways {
  const around = union(...[...ways.operator, ...ways.called].map((open) => open.around));
  return { ...nowhere, operator: union(around, ways.closed), closed: around };
}

function union(...lists: readonly (readonly Open[])[]): readonly Open[] {
  return [...new Set(lists.flat())];
}
