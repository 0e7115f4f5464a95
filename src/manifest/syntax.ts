import type { Finding } from '../model/finding.ts';
import type { SyntaxFault } from '../rules/syntax.ts';
import { most } from './limits.ts';
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

/** Ends the reading of a text at a problem. */
export class Problem extends Error {
  readonly problem: SyntaxProblem;

  constructor(problem: SyntaxProblem) {
    super(problem.fault.kind);
    this.problem = problem;
  }
}

export function tooDeep(offset: number): SyntaxProblem {
  return { fault: { kind: 'too-deep', levels: most.levels }, offset };
}

export function tooMany(what: 'parts' | 'keys' | 'columns' | 'cells' | 'devices', offset: number): SyntaxProblem {
  return { fault: { kind: 'too-many', what, most: most[what] }, offset };
}

/** Why a key may not be in a map beside those before it, or nothing. */
export function refusalOfKey(
  key: string,
  offset: number,
  before: ReadonlyMap<string, unknown>,
): SyntaxProblem | undefined {
  if (before.has(key)) return { fault: { kind: 'key-twice', key }, offset };
  if (before.size >= most.keys) return tooMany('keys', offset);
  return tooLong(key, offset);
}

export function tooLong(key: string, offset: number): SyntaxProblem | undefined {
  return key.length > most.keyLength ? { fault: { kind: 'key-too-long', most: most.keyLength }, offset } : undefined;
}
