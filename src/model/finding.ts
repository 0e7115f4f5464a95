/** How much a finding weighs: an `error` stops every write, a `warning` only with `fail-on: warning`. */
export type Severity = 'error' | 'warning' | 'notice';

/** A place in a text file. Line and column start at 1; the file is relative to the workspace, with `/`. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a finding is about: where it stands, and whose it is. */
export interface Subject {
  readonly place?: Place | undefined;
  readonly device?: string | undefined;
  readonly hub?: string | undefined;
}

/** A fault of the user's material, as a person reads it: what was found, what was expected, what to type. */
export interface Finding extends Subject {
  /** A name of the table in src/rules: `certificate/cn-mismatch`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly remedy: string;
}

/** What a stage gives back: its value, and what it noticed on the way. */
export interface Judged<T> {
  readonly value: T;
  readonly findings: readonly Finding[];
}

/** Whether these findings stop the run under the given threshold (`fail-on`). */
export function failing(findings: readonly Finding[], failOn: 'error' | 'warning' = 'error'): boolean {
  return findings.some((f) => f.severity === 'error' || (failOn === 'warning' && f.severity === 'warning'));
}
