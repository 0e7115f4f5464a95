import type { ConditionFault, Expression } from './expression.ts';
import type { RouteSource } from './source.ts';
import type { Span } from './token.ts';

/** A route that edgeHub takes. */
export interface Route {
  readonly source: RouteSource;
  /** If absent, each message of the source is taken. */
  readonly condition?: { readonly expression: Expression; readonly text: string; readonly at: Span };
  readonly sink: Sink;
  /** Text that edgeHub passes over, in the order in which it stands. */
  readonly ignored: readonly Ignored[];
}

export type Sink =
  | { readonly kind: 'upstream'; readonly at: Span }
  /** `at`: the address, without its quotes. Nothing says that there is such a module or input; both may be empty. */
  | { readonly kind: 'module'; readonly module: string; readonly input: string; readonly at: Span };

/**
 * `after sink`: all that comes after the sink, a WHERE too. `comment`: from `/*` to the next `*` + `/`. A star of the source opens one
 * as well, so it may hold the condition.
 */
export interface Ignored extends Span {
  readonly kind: 'after sink' | 'comment';
  readonly text: string;
}

/**
 * A route that edgeHub refuses. `parse`: with it the whole hub configuration is refused, and the last good one stays in force. `compile`:
 * the configuration is taken and reported as good, and then none of it is applied.
 */
export type RouteRefusal = Span &
  (
    | { readonly stage: 'parse'; readonly what: ParseFault }
    | { readonly stage: 'compile'; readonly what: ConditionFault }
  );

export type ParseFault =
  | { readonly kind: 'no source' }
  /** `found`: empty at the end of the text. */
  | { readonly kind: 'syntax'; readonly found: string; readonly expected: readonly Expected[] }
  | { readonly kind: 'system sink' | 'function sink'; readonly name: string }
  | { readonly kind: 'blank address' }
  | { readonly kind: 'address parts'; readonly count: number };

/** What the grammar allows at the place of a syntax fault. */
export type Expected =
  | ('FROM' | 'SELECT' | 'INTO' | 'WHERE' | '*' | '/' | '(' | ')')
  | ('part of a path' | 'condition' | 'sink' | 'text in quotes');

export function isRefusal(read: Route | RouteRefusal): read is RouteRefusal {
  return 'stage' in read;
}
