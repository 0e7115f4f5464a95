import type { Finding, Place } from '../../src/model/finding.ts';
import { type DetailsOf, finding, type RuleName } from '../../src/rules/rules.ts';

/**
 * What a rule says about these details: rule, severity, message and remedy, rendered by the rule table. Compare with `toMatchObject`,
 * beside the place and the device that the finding should name. A better text in the table breaks no test; other details do.
 */
export function told<Name extends RuleName>(
  rule: Name,
  details: DetailsOf[Name],
): Pick<Finding, 'rule' | 'severity' | 'message' | 'remedy'> {
  return finding(rule, details, {});
}

/** A place in a file; line and column begin at 1. */
export function at(file: string, line: number, column: number): Place {
  return { file, line, column };
}
