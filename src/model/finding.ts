/** The weight of a finding: an `error` stops every write, a `warning` only with `fail-on: warning`. */
export type Severity = 'error' | 'warning' | 'notice';

/** A place in a text file. Line and column start at 1; the file is relative to the workspace, with `/`. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What a finding is about: a place, a device and a hub, where they are known. */
export interface Subject {
  readonly place?: Place | undefined;
  readonly device?: string | undefined;
  readonly hub?: string | undefined;
}

/** A fault of the user's files, as a person reads it: what was found, what was expected, what to type. */
export interface Finding extends Subject {
  /** The name of a row in src/rules: `certificate/cn-mismatch`. */
  readonly rule: string;
  readonly severity: Severity;
  readonly message: string;
  readonly remedy: string;
  /** The files that commands of the remedy name, relative to the workspace. */
  readonly commandFiles?: readonly string[];
}

/** What a stage returns: its value and its findings. */
export interface Judged<T> {
  readonly value: T;
  readonly findings: readonly Finding[];
}

/** Tells whether these findings stop the run at the given threshold (`fail-on`). */
export function failing(findings: readonly Finding[], failOn: 'error' | 'warning' = 'error'): boolean {
  return findings.some((f) => f.severity === 'error' || (failOn === 'warning' && f.severity === 'warning'));
}
