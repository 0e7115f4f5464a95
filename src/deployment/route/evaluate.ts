import { answeredByType, calls } from './calls.ts';
import type { BinaryOperator, Expression } from './expression.ts';
import { missing, type Outcome, type Value } from './outcome.ts';

/** The parts of a condition that the message decides. */
export type FromMessage = Extract<Expression, { readonly kind: 'property' | 'system property' | 'body' }>;

/** Whether a message can make it true. No: the route takes no message, ever. */
export function canBeTrue(expression: Expression): boolean {
  // Nobody writes such a condition by hand; it is not worth the stack that it takes.
  if (expression.depth > 1000) return true;
  const outcome = truthOf(expression, ofAnyMessage);
  return outcome === 'anything' || outcome.includes(true);
}

/** What the route does with a message: true takes it. */
export function truthOf(expression: Expression, read: (part: FromMessage) => Outcome): Outcome {
  const outcome = outcomeOf(expression, read);
  if (expression.type === 'null') return [false];
  // Numbers and texts become Bool.Undefined.
  if (expression.type !== 'bool' && expression.type !== 'body') return [undefined];
  return outcome === 'anything' ? outcome : distinct(outcome.map(booleanOf));
}

/** edgeHub fills these system properties: SystemProperties.cs of Edge.Hub.Core in Azure/iotedge. */
const systemProperties: ReadonlySet<string> = new Set(
  [
    ...[
      'messageId',
      'enqueuedTime',
      'to',
      'cid',
      'correlationId',
      'userId',
      'ack',
      'connectionDeviceId',
      'connectionModuleId',
    ],
    ...[
      'inputName',
      'outputName',
      'connectionDeviceGenerationId',
      'connectionAuthMethod',
      'contentType',
      'contentEncoding',
    ],
    ...['messageSchema', 'lockToken', 'deliveryCount', 'statusCode', 'outBoundURI', 'version', 'absolute-expiry-time'],
    ...['messageType', 'edgeMessageId', 'edgeHubOriginInterface', 'creationTime', 'operation', 'sequenceNumber'],
    ...['iothub-interface-id', 'modelId', 'dt-subject', 'rpSenderDeviceId', 'rpSenderModuleId'],
  ].map((name) => name.toLowerCase()),
);

function ofAnyMessage(part: FromMessage): Outcome {
  const unknown = part.kind === 'system property' && !systemProperties.has(part.name.toLowerCase());
  return unknown ? [undefined] : 'anything';
}

function outcomeOf(expression: Expression, read: (part: FromMessage) => Outcome): Outcome {
  switch (expression.kind) {
    case 'constant':
      return [expression.value];
    case 'property':
    case 'system property':
    case 'body':
      return read(expression);
    case 'call': {
      const answer = answeredByType(expression.name, expression.given[0]?.type);
      if (answer !== undefined) return [answer];
      const given = expression.given.map((one) => outcomeOf(one, read));
      return combined(given, (values) => calls[expression.name]?.(values) ?? 'anything');
    }
    case 'unary': {
      const operand = outcomeOf(expression.operand, read);
      if (expression.operator === '-') return combined([operand], ([value]) => [numberOf(value, (number) => -number)]);
      return combined([logical(operand)], ([value]) => [negated(value)]);
    }
    case 'binary':
      return binary(expression, outcomeOf(expression.left, read), outcomeOf(expression.right, read));
  }
}

type Binary = Extract<Expression, { readonly kind: 'binary' }>;

function binary(expression: Binary, left: Outcome, right: Outcome): Outcome {
  const { operator } = expression;
  if (operator === 'AND' && contradicts(expression)) return [false, undefined];
  if (operator === 'AND' || operator === 'OR') {
    const withBody = expression.left.type === 'body';
    return combined([logical(left), logical(right)], ([one, other]) => [
      withBody ? bodyLogic(operator, one, other) : logic(operator, one, other),
    ]);
  }
  if (operator === '??') return combined([left, right], ([one, other]) => [one === undefined ? other : one]);
  return combined([left, right], ([one, other]) => [operate(operator, one, other)]);
}

/** Both sides are known, or the result is not. */
function combined(given: readonly Outcome[], compute: (values: readonly Value[]) => Outcome): Outcome {
  let rows: readonly (readonly Value[])[] = [[]];
  for (const outcome of given) {
    if (outcome === 'anything') return 'anything';
    rows = rows.flatMap((row) => outcome.map((value): readonly Value[] => [...row, value]));
  }
  const results: Value[] = [];
  for (const row of rows) {
    const result = compute(row);
    if (result === 'anything') return 'anything';
    results.push(...result);
  }
  return distinct(results);
}

function distinct(values: readonly Value[]): readonly Value[] {
  return [...new Set(values)];
}

/** To a logical operator, what is not true and not false is undefined; null is itself. */
function logical(outcome: Outcome): Outcome {
  return outcome === 'anything' ? [true, false, undefined] : outcome;
}

function booleanOf(value: Value): Value {
  return typeof value === 'boolean' ? value : undefined;
}

function negated(value: Value): Value {
  if (value === null) return true;
  return typeof value === 'boolean' ? !value : undefined;
}

/** Null swallows AND, and leaves the other side of OR. */
function logic(operator: 'AND' | 'OR', one: Value, other: Value): Value {
  if (one === null || other === null) {
    if (operator === 'AND') return null;
    return one === null ? other : one;
  }
  const decides = operator === 'OR';
  if (one === decides || other === decides) return decides;
  return one === undefined || other === undefined ? undefined : !decides;
}

/** With a value of the body at one side, both have to be true or false. */
function bodyLogic(operator: 'AND' | 'OR', one: Value, other: Value): Value {
  if (typeof one !== 'boolean' || typeof other !== 'boolean') return undefined;
  return operator === 'AND' ? one && other : one || other;
}

function operate(operator: Exclude<BinaryOperator, 'AND' | 'OR' | '??'>, left: Value, right: Value): Value {
  switch (operator) {
    case '*':
      return numberOf(left, (one) => numberOf(right, (other) => one * other));
    case '/':
      return numberOf(left, (one) => numberOf(right, (other) => one / other));
    case '%':
      return numberOf(left, (one) => numberOf(right, (other) => one % other));
    case '+':
      return numberOf(left, (one) => numberOf(right, (other) => one + other));
    case '-':
      return numberOf(left, (one) => numberOf(right, (other) => one - other));
    case '||':
      return typeof left === 'string' && typeof right === 'string' ? left + right : undefined;
    default:
      return compared(operator, left, right);
  }
}

/** NaN is how edgeHub holds an undefined number. */
function numberOf(value: Value, compute: (number: number) => Value): Value {
  const result = typeof value === 'number' ? compute(value) : undefined;
  return Number.isNaN(result) ? undefined : result;
}

function compared(operator: '<' | '<=' | '>' | '>=' | '=' | '!=' | '<>', left: Value, right: Value): Value {
  if (left === undefined || right === undefined) return undefined;
  const order = orderOf(left, right);
  switch (operator) {
    case '=':
      return order === 0;
    case '!=':
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** Values of different types are ordered by their types: so a field that the body lacks is more than any number. */
function orderOf(left: Defined, right: Defined): number {
  const byType = typeOrder(left) - typeOrder(right);
  if (byType !== 0 || left === null || left === missing || right === null || right === missing) return byType;
  if (left === right) return 0;
  return left < right ? -1 : 1;
}

type Defined = Exclude<Value, undefined>;

function typeOrder(value: Defined): number {
  return ['boolean', 'number', 'string'].indexOf(typeof value) + 1 || 4;
}

/** `a = 'x' AND a = 'y'`. */
function contradicts(expression: Binary): boolean {
  const values = new Map<string, unknown>();
  return equalities(expression).some(([key, value]) => {
    const contradicted = values.has(key) && values.get(key) !== value;
    values.set(key, value);
    return contradicted;
  });
}

function equalities(expression: Expression): readonly (readonly [string, Value])[] {
  if (expression.kind !== 'binary') return [];
  if (expression.operator === 'AND') return [...equalities(expression.left), ...equalities(expression.right)];
  if (expression.operator !== '=') return [];
  const { left, right } = expression;
  const constant = left.kind === 'constant' ? left : right;
  const part = left.kind === 'constant' ? right : left;
  if (constant.kind !== 'constant') return [];
  if (part.kind === 'property') return [[`property ${part.name.toLowerCase()}`, constant.value]];
  if (part.kind === 'system property') return [[`$${part.escaped}${part.name.toLowerCase()}`, constant.value]];
  return part.kind === 'body' ? [[`body ${part.escaped}${part.path}`, constant.value]] : [];
}
