import type { Expression, Operator, Path } from './expression.ts';
import { functionOf } from './functions.ts';

export type Evaluate<Row> = (row: Row) => unknown;

/** Finds out once how a column is read, for all rows. */
export type Columns<Row> = (path: Path) => Evaluate<Row>;

/** Whether a row meets a condition: only if its value is true. */
export function compiledCondition<Row>(where: Expression | undefined, columns: Columns<Row>): (row: Row) => boolean {
  if (where === undefined) return () => true;
  const value = compiled(where, columns);
  return (row) => value(row) === true;
}

/**
 * Turns a tree into functions. What does not exist is undefined. As in SQL, undefined is neither equal to nor different
 * from anything, and neither true nor false: AND and OR pass it on unless another part decides, and NOT leaves it
 * (assumed; the documentation says only that what is not true does not match).
 */
function compiled<Row>(expression: Expression, columns: Columns<Row>): Evaluate<Row> {
  switch (expression.kind) {
    case 'constant': {
      const { value } = expression;
      return () => value;
    }
    case 'column':
      return columns(expression.path);
    case 'and':
    case 'or':
      return logic(
        expression.parts.map((part) => compiled(part, columns)),
        expression.kind === 'or',
      );
    case 'not': {
      const part = compiled(expression.part, columns);
      return (row) => {
        const found = part(row);
        return typeof found === 'boolean' ? !found : undefined;
      };
    }
    case 'in': {
      const value = compiled(expression.value, columns);
      const literals: ReadonlySet<unknown> = expression.literals;
      return (row) => {
        const found = value(row);
        return isPrimitive(found) ? literals.has(found) : undefined;
      };
    }
    case 'binary': {
      const left = compiled(expression.left, columns);
      const right = compiled(expression.right, columns);
      const operate = operators[expression.operator];
      return (row) => operate(left(row), right(row));
    }
    case 'call': {
      const [first, second] = expression.given.map((each) => compiled(each, columns));
      const call = functionOf(expression.name);
      return (row) => call(first?.(row), second?.(row));
    }
  }
}

function logic<Row>(parts: readonly Evaluate<Row>[], decisive: boolean): Evaluate<Row> {
  return (row) => {
    let result: boolean | undefined = !decisive;
    for (const part of parts) {
      const found = part(row);
      if (found === decisive) return decisive;
      if (found !== !decisive) result = undefined;
    }
    return result;
  };
}

type Operate = (left: unknown, right: unknown) => unknown;

const operators: Readonly<Record<Operator, Operate>> = {
  '=': (left, right) => (isPrimitive(left) && isPrimitive(right) ? left === right : undefined),
  '!=': different,
  '<>': different,
  '<': ordered((left, right) => left < right),
  '<=': ordered((left, right) => left <= right),
  '>': ordered((left, right) => left > right),
  '>=': ordered((left, right) => left >= right),
  '+': calculated((left, right) => left + right),
  '-': calculated((left, right) => left - right),
  '*': calculated((left, right) => left * right),
  '/': calculated((left, right) => left / right),
  '%': calculated((left, right) => left % right),
};

function different(left: unknown, right: unknown): boolean | undefined {
  return isPrimitive(left) && isPrimitive(right) ? left !== right : undefined;
}

/** Only values of the same type have an order. */
function ordered(holds: (left: string | number | boolean, right: string | number | boolean) => boolean): Operate {
  return (left, right) =>
    isOrdered(left) && isOrdered(right) && typeof left === typeof right ? holds(left, right) : undefined;
}

function calculated(result: (left: number, right: number) => number): Operate {
  return (left, right) => {
    if (typeof left !== 'number' || typeof right !== 'number') return undefined;
    const found = result(left, right);
    return Number.isFinite(found) ? found : undefined;
  };
}

/** Only these can be compared (documented). */
function isPrimitive(value: unknown): value is string | number | boolean | null {
  return value === null || isOrdered(value);
}

function isOrdered(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
