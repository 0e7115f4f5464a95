import type { Severity } from '../model/finding.ts';

/** One check. Its name is its key in the table. `Details` are the values in its texts. */
export interface Rule<Details> {
  readonly severity: Severity;
  /** When the rule fires and what would happen on the device otherwise, for docs/rules.md. */
  readonly about: string;
  /** What was found and what was expected: a clause without a full stop. */
  message(details: Details): string;
  /** What to do or to type: one sentence or more. */
  remedy(details: Details): string;
  /** Details for the example in docs/rules.md and in SARIF. */
  readonly example: Details;
}

/** Gives each row of a table its own type of details. */
export function rule<Details>(row: Rule<Details>): Rule<Details> {
  return row;
}
