import type { BinaryOperator, Constant, Expression, PlacedFault } from './expression.ts';
import type { Token, TokenKind } from './token.ts';
import { Typing } from './typing.ts';

/**
 * A condition, read as Routing.Core/grammar/Condition.g4 in Azure/iotedge has it, without the alternatives for errors (`broken.ts` has
 * them). Operators bind as they stand there, the tightest first: `-`, NOT, `* / %`, `+ - ||`, `< <= > >=`, `= != <>`, AND, OR, `??`.
 */
export interface Condition {
  readonly expression: Expression;
  readonly faults: readonly PlacedFault[];
  /** The word after it. */
  readonly next: number;
}

/** @returns nothing if the words are no condition, or lie too deep inside one another */
export function readCondition(tokens: readonly Token[], start: number): Condition | undefined {
  const reader = new ConditionReader(tokens, start);
  const expression = reader.expression(0, 0);
  return expression && { expression, faults: reader.typing.faults, next: reader.at };
}

/** Nobody nests as deep. It keeps a hostile text from using up the stack. */
const deepest = 500;

const binding: ReadonlyMap<TokenKind, number> = new Map<TokenKind, number>([
  ['*', 7],
  ['/', 7],
  ['%', 7],
  ['+', 6],
  ['-', 6],
  ['||', 6],
  ['<', 5],
  ['<=', 5],
  ['>', 5],
  ['>=', 5],
  ['=', 4],
  ['!=', 4],
  ['<>', 4],
  ['AND', 3],
  ['OR', 2],
  ['??', 1],
]);
const tighterThanBinary = 8;

class ConditionReader {
  readonly typing = new Typing();
  readonly #tokens: readonly Token[];
  at: number;

  constructor(tokens: readonly Token[], start: number) {
    this.#tokens = tokens;
    this.at = start;
  }

  /** @param least how tightly an operator has to bind to be taken */
  expression(least: number, depth: number): Expression | undefined {
    let left = this.#operand(depth + 1);
    while (left) {
      const operator = this.#token();
      const strength = binding.get(operator.kind) ?? -1;
      if (!isBinary(operator.kind) || strength < least) return left;
      this.at += 1;
      const right = this.expression(strength + 1, depth + 1);
      left = right && this.typing.binary(operator.kind, left, right, operator);
    }
    return undefined;
  }

  #token(): Token {
    return this.#tokens[this.at] ?? { kind: 'end', text: '', offset: 0, length: 0 };
  }

  #operand(depth: number): Expression | undefined {
    const token = this.#token();
    if (depth > deepest) return undefined;
    this.at += 1;
    switch (token.kind) {
      case '(':
        return this.#closed(this.expression(0, depth));
      case '-':
      case 'NOT': {
        const operand = this.expression(tighterThanBinary, depth);
        return operand && this.typing.unary(token.kind, operand, token);
      }
      case '{':
        return this.#escapedName();
      case '$name':
        return this.typing.dollarName(token.text, token, false);
      case 'name':
        return this.#token().kind === '(' ? this.#call(token, depth) : this.typing.property(token.text);
      case 'unterminated string':
        return this.typing.fault({ kind: 'unterminated string' }, token);
      default: {
        const literal = literals[token.kind];
        return literal && this.typing.constant(literal(token.text));
      }
    }
  }

  #closed(inner: Expression | undefined): Expression | undefined {
    if (inner === undefined || this.#token().kind !== ')') return undefined;
    this.at += 1;
    return inner;
  }

  #escapedName(): Expression | undefined {
    const name = this.#token();
    if (name.kind !== '$name' || this.#tokens[this.at + 1]?.kind !== '}') return undefined;
    this.at += 2;
    return this.typing.dollarName(name.text, name, true);
  }

  #call(name: Token, depth: number): Expression | undefined {
    const faultsBefore = this.typing.faults.length;
    const given: Expression[] = [];
    this.at += 1;
    if (this.#token().kind !== ')') {
      for (;;) {
        const one = this.expression(0, depth);
        if (one === undefined) return undefined;
        given.push(one);
        if (this.#token().kind !== ',') break;
        this.at += 1;
      }
    }
    return this.#closed(this.typing.call(name.text, given, name, faultsBefore));
  }
}

function isBinary(kind: TokenKind): kind is BinaryOperator {
  return binding.has(kind);
}

const literals: Partial<Record<TokenKind, (text: string) => Constant>> = {
  true: () => true,
  false: () => false,
  null: () => null,
  undefined: () => undefined,
  integer: Number,
  hexadecimal,
  real: (text) => (/^-?[Ee]/.test(text) ? undefined : Number(text)),
  string: (text) => unescaped(text.slice(1, -1)),
};

/** As `long.TryParse` reads it: 64 bits, the first of them the sign; more are undefined. */
function hexadecimal(text: string): Constant {
  const digits = text.slice(2).replace(/^0+(?=.)/, '');
  return digits.length > 16 ? undefined : Number(BigInt.asIntN(64, BigInt(`0x${digits}`)));
}

/** In two passes, as Unescape of ConditionVisitor.cs does: `\\u0041` becomes `\A`. */
function unescaped(text: string): string {
  return text
    .replace(/\\[Uu]([0-9A-Fa-f]{4})/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
    .replace(/\\(["'\\])/g, '$1');
}
