import type { Span } from './token.ts';

/**
 * A condition, with the type that edgeHub's ConditionVisitor gives each part while it compiles it. `body`: a value of the message's
 * body (QueryValue), whose type nobody knows before the message is there.
 */
export type ConditionType = 'bool' | 'number' | 'string' | 'null' | 'undefined' | 'body';

interface Typed {
  readonly type: ConditionType;
  /** How many expressions lie inside one another. */
  readonly depth: number;
}

export type Expression =
  | (Typed & { readonly kind: 'constant'; readonly value: Constant })
  /** A property that the sender of the message gave it. Always text. */
  | (Typed & { readonly kind: 'property'; readonly name: string })
  /** `$name`: a property of this name, with the `$`, if the message has one; else the system property. */
  | (Typed & { readonly kind: 'system property'; readonly name: string; readonly escaped: boolean })
  | (Typed & { readonly kind: 'body'; readonly path: string; readonly text: string; readonly escaped: boolean })
  | (Typed & { readonly kind: 'call'; readonly name: string; readonly given: readonly Expression[] })
  | (Typed & { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly operand: Expression })
  | (Typed & {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    });

export type Constant = boolean | number | string | null | undefined;

export type UnaryOperator = '-' | 'NOT';

export type BinaryOperator =
  | ('*' | '/' | '%' | '+' | '-' | '||')
  | ('<' | '<=' | '>' | '>=' | '=' | '!=' | '<>')
  | ('AND' | 'OR' | '??');

/** Why a condition does not compile. */
export type ConditionFault =
  | {
      readonly kind: 'operands';
      readonly operator: string;
      readonly found: readonly ConditionType[];
      readonly expected: readonly ConditionType[];
    }
  /** The types pass the check, but there is no such operator for them: `-$body.a`, `$body.a % 2`, `null AND undefined`. */
  | { readonly kind: 'no operator'; readonly operator: string; readonly found: readonly ConditionType[] }
  | { readonly kind: 'unknown function'; readonly name: string; readonly near?: string }
  | { readonly kind: 'arguments'; readonly name: string; readonly found: readonly ConditionType[] }
  | { readonly kind: 'unknown character'; readonly character: string }
  | { readonly kind: 'missing parenthesis' | 'extra parenthesis' | 'unterminated string' | 'too deep' }
  | { readonly kind: 'body path'; readonly path: string };

/** A fault and the word at which it is told. */
export interface PlacedFault {
  readonly fault: ConditionFault;
  readonly at: Span;
}
