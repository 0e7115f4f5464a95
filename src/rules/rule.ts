import type { Severity } from '../model/finding.ts';

/** One check: what it is called is the key of its table. `Details` is what its message needs to know. */
export interface Rule<Details> {
  readonly severity: Severity;
  /** When it fires and what would happen in the field, for docs/rules.md. */
  readonly about: string;
  /** What was found, and what was expected. */
  message(details: Details): string;
  /** What to do, or to type. */
  remedy(details: Details): string;
  /** Details for the example in docs/rules.md. */
  readonly example: Details;
}

/** Gives each row of a table its own type of details. */
export function rule<Details>(row: Rule<Details>): Rule<Details> {
  return row;
}
