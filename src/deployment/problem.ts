import type { Finding, Subject } from '../model/finding.ts';
import { type DetailsOf, finding, type RuleName } from '../rules/rules.ts';
import { offsetOf, type Value } from './json/value.ts';

/** What a rule finds at a place in a deployment file. The place is an offset, since few files have problems. */
export interface Problem {
  readonly rule: RuleName;
  readonly offset: number;
  readonly make: (subject: Subject) => Finding;
}

/** @param at the value it is about, or the offset in the file */
export function problem<Name extends RuleName>(rule: Name, details: DetailsOf[Name], at: Value | number): Problem {
  return {
    rule,
    offset: typeof at === 'number' ? at : offsetOf(at),
    make: (subject) => finding(rule, details, subject),
  };
}
