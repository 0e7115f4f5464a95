import { isBodyPath } from './body-path.ts';
import type {
  BinaryOperator,
  ConditionFault,
  ConditionType,
  Constant,
  Expression,
  PlacedFault,
  UnaryOperator,
} from './expression.ts';
import { callType, functionNames } from './functions.ts';
import type { Span } from './token.ts';

/**
 * Gives each part of a condition its type, as edgeHub's ConditionVisitor does (Routing.Core/query/ConditionVisitor.cs in Azure/iotedge).
 * What does not fit is a fault; the part is then undefined, and what stands around it is judged on. Parts come in the order in which the
 * visitor visits them: operands from left to right, then the operator.
 */
export class Typing {
  readonly faults: PlacedFault[] = [];

  constant(value: Constant): Expression {
    return { kind: 'constant', value, type: typeOf(value), depth: 0 };
  }

  property(name: string): Expression {
    return { kind: 'property', name, type: 'string', depth: 0 };
  }

  /** @param text with its `$` */
  dollarName(text: string, at: Span, escaped: boolean): Expression {
    const path = bodyPathOf(text);
    if (path !== undefined) return this.body(text, path, at, escaped);
    if (/[[\]]/.test(text)) return this.constant(undefined);
    return { kind: 'system property', name: text.slice(1), escaped, type: 'string', depth: 0 };
  }

  body(text: string, path: string, at: Span, escaped: boolean): Expression {
    if (!isBodyPath(path)) return this.fault({ kind: 'body path', path: text }, at);
    return { kind: 'body', path, text, escaped, type: 'body', depth: 0 };
  }

  call(name: string, given: readonly Expression[], at: Span, faultsBefore: number): Expression {
    const found = given.map(({ type }) => type);
    const type = callType(name, found);
    if (type === 'unknown') {
      // The visitor does not look at what is given to a function that it does not know.
      this.faults.length = faultsBefore;
      return this.fault(unknownFunction(name), at);
    }
    if (type === 'misfit') return this.fault({ kind: 'arguments', name, found }, at);
    return { kind: 'call', name: name.toLowerCase(), given, type, depth: depthOver(given) };
  }

  unary(operator: UnaryOperator, operand: Expression, at: Span): Expression {
    const found = [operand.type];
    const fits = operator === '-' ? ['number', 'body'] : ['bool', 'null', 'body'];
    if (!fits.includes(operand.type)) {
      return this.fault({ kind: 'operands', operator, found, expected: [operator === '-' ? 'number' : 'bool'] }, at);
    }
    // QueryValue has no unary minus.
    if (operator === '-' && operand.type === 'body') return this.fault({ kind: 'no operator', operator, found }, at);
    const type = operator === '-' ? 'number' : 'bool';
    return { kind: 'unary', operator, operand, type, depth: depthOver([operand]) };
  }

  binary(operator: BinaryOperator, left: Expression, right: Expression, at: Span): Expression {
    const type = binaryType(operator, left.type, right.type);
    if (typeof type !== 'string') return this.fault(type, at);
    return { kind: 'binary', operator, left, right, type, depth: depthOver([left, right]) };
  }

  fault(fault: ConditionFault, at: Span): Expression {
    this.faults.push({ fault, at });
    return this.constant(undefined);
  }
}

function typeOf(value: Constant): ConditionType {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  if (typeof value === 'boolean') return 'bool';
  return typeof value === 'number' ? 'number' : 'string';
}

function depthOver(parts: readonly Expression[]): number {
  return parts.reduce((most, { depth }) => Math.max(most, depth), 0) + 1;
}

function bodyPathOf(text: string): string | undefined {
  const prefix = '$body.';
  return text.slice(0, prefix.length).toLowerCase() === prefix ? text.slice(prefix.length) : undefined;
}

function unknownFunction(name: string): ConditionFault {
  const plain = (text: string) => text.toLowerCase().replaceAll('_', '');
  const near = functionNames.find((known) => plain(known) === plain(name));
  return { kind: 'unknown function', name, ...(near !== undefined && { near }) };
}

/** The type of `left operator right`, or why there is none. */
function binaryType(
  operator: BinaryOperator,
  left: ConditionType,
  right: ConditionType,
): ConditionType | ConditionFault {
  const found = [left, right];
  const both = (expected: ConditionType): ConditionFault => ({
    kind: 'operands',
    operator,
    found,
    expected: [expected, expected],
  });
  switch (operator) {
    case '*':
    case '/':
    case '+':
    case '-':
      return match('number', found) ? eitherBody(found, 'number') : both('number');
    case '%':
      if (!match('number', found)) return both('number');
      // QueryValue has no remainder.
      return found.includes('body') ? { kind: 'no operator', operator, found } : 'number';
    case '||':
      return match('string', found) ? 'string' : both('string');
    case 'AND':
      return logicalFits(left, right) ? andType(left, right) : both('bool');
    case 'OR':
      return logicalFits(left, right) ? orType(left, right) : both('bool');
    case '??':
      return match(left, found) ? eitherBody(found, left) : both(left);
    default:
      return match(left, found) ? 'bool' : both(left);
  }
}

/** Args.Match: the same type, or one of the two a value of the body and the other one neither of the body nor undefined. */
function match(wanted: ConditionType, found: readonly ConditionType[]): boolean {
  return found.every(
    (type) => type === wanted || (wanted === 'body' ? type !== 'undefined' : type === 'body' && wanted !== 'undefined'),
  );
}

function eitherBody(found: readonly ConditionType[], type: ConditionType): ConditionType {
  return found.includes('body') ? 'body' : type;
}

/** CheckBooleanOperands asks for the left type where it means the right one: so a value of the body on the left takes any on the right. */
function logicalFits(left: ConditionType, right: ConditionType): boolean {
  const logical: readonly ConditionType[] = ['null', 'bool', 'undefined'];
  return left === 'body' || (logical.includes(left) && logical.includes(right));
}

/** Null has no `&` with Undefined, and no value of the body becomes Null. */
function andType(left: ConditionType, right: ConditionType): ConditionType | ConditionFault {
  const found = [left, right];
  if (!found.includes('null')) return 'bool';
  return found.includes('body') || found.includes('undefined')
    ? { kind: 'no operator', operator: 'AND', found }
    : 'null';
}

function orType(left: ConditionType, right: ConditionType): ConditionType | ConditionFault {
  const found = [left, right];
  if (left === 'null' && right === 'null') return 'null';
  const none = left !== 'body' && found.includes('null') && found.includes('undefined');
  return none ? { kind: 'no operator', operator: 'OR', found } : 'bool';
}
