import type { Finding } from '../model/finding.ts';

/** The runner shows 10 annotations of each kind a step; the rest vanish without a word. */
const mostOfAKind = 10;
const longest = 4096;

/** A finding as an annotation: its text, and what it is about. */
export interface Annotation {
  readonly severity: Finding['severity'];
  readonly title: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/** At most ten annotations of a severity; where there are more findings, the tenth says how many. */
export function annotations(findings: readonly Finding[]): readonly Annotation[] {
  return (['error', 'warning', 'notice'] as const).flatMap((severity) => {
    const ofKind = findings.filter((finding) => finding.severity === severity);
    if (ofKind.length <= mostOfAKind) return ofKind.map(annotation);
    const shown = ofKind.slice(0, mostOfAKind - 1).map(annotation);
    const message = `${ofKind.length - shown.length} more of this kind are in the log and in the job summary.`;
    return [...shown, { severity, title: `${ofKind.length} ${severity}s`, message }];
  });
}

function annotation({ severity, rule, message, remedy, place }: Finding): Annotation {
  return {
    severity,
    title: rule,
    message: `${message}\n→ ${remedy}`.slice(0, longest),
    ...(place === undefined ? {} : { file: place.file, line: place.line, column: place.column }),
  };
}
