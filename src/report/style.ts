import type { Finding, Severity } from '../model/finding.ts';
import type { Sign } from './device-groups.ts';

/** How text is formatted: with colours on a terminal, without them in a log and in a file. */
export interface Style {
  severity(severity: Severity, text: string): string;
  strong(text: string): string;
  muted(text: string): string;
  /** The sign of a change: `+`, `~`, `-`, `!` or `?`. */
  sign?(sign: Sign): string;
  /** Returns a file of the workspace as the reader would type it. */
  path(file: string): string;
  /** The line that a finding is about, with a caret. See `withQuotes`; if absent, no lines are shown. */
  source?(finding: Finding): readonly string[];
  /** The width of the terminal. If absent, nothing is wrapped. */
  readonly columns?: number;
}

export const plainStyle: Style = { severity: (_, text) => text, strong: same, muted: same, path: same };

function same(text: string): string {
  return text;
}
