import type { Finding } from '../model/finding.ts';
import type { Node } from './node.ts';

/** Why a text could not be read, and where. */
export interface SyntaxProblem {
  readonly what: string;
  readonly offset: number;
}

/** A text's value, or its problems; neither for an empty text. */
export interface ParseResult {
  readonly node?: Node;
  readonly problems: readonly SyntaxProblem[];
  /** What the form itself has to say beside the value: an unknown column of a table. */
  readonly findings?: readonly Finding[];
}

/** Levels of maps and lists. A manifest needs six. */
export const deepest = 32;

export function tooDeep(offset: number): SyntaxProblem {
  return { what: `nested deeper than ${deepest} levels, expected a manifest`, offset };
}
