import type { Finding } from '../model/finding.ts';
import type { SyntaxFault } from '../rules/syntax.ts';
import type { Node } from './node.ts';

/** Why a text cannot be read, and where. */
export interface SyntaxProblem {
  readonly fault: SyntaxFault;
  readonly offset: number;
}

/** The value of a text, or its problems. An empty text has neither. */
export interface ParseResult {
  readonly node?: Node;
  readonly problems: readonly SyntaxProblem[];
  /** Findings of the form itself, besides the value: an unknown column of a table. */
  readonly findings?: readonly Finding[];
}

/** The most levels of nested maps and lists. A manifest needs six. */
export const deepest = 32;

export function tooDeep(offset: number): SyntaxProblem {
  return { fault: { kind: 'too-deep', levels: deepest }, offset };
}
