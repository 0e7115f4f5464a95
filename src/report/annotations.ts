import type { Fault } from '../model/fault.ts';
import type { Finding, Severity } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { leftOut } from './left-out.ts';
import { atEachPlace } from './places.ts';
import { saidLines } from './said.ts';
import { visible } from './visible.ts';

/**
 * The runner shows 10 annotations of each kind for a step and drops the rest silently. The places that are left free
 * here are for the action itself: it only validated, how it packed the artifacts, why it could not comment.
 */
const mostOfAKind = { error: 10, warning: 9, notice: 8 } as const;
/** A finding at more lines is shown on the first of them, so that it leaves annotations to the others. */
const mostLines = 5;
/** In characters; the runner shows no more of an annotation. */
const longest = 4096;

/** A text that the runner shows beside the run or on a line of a file. */
export interface Annotation {
  readonly severity: Severity;
  readonly title?: string;
  readonly message: string;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
}

/**
 * Returns faults, then findings, each on all of its lines if these are few, at most as many of each severity as the runner shows. If some are left out,
 * the last one counts them.
 */
export function annotations({ faults, findings }: Pick<Report, 'faults' | 'findings'>): readonly Annotation[] {
  const placed = findings.flatMap((finding) => atEachPlace(finding, mostLines));
  const all = [...faults.map(ofFault), ...placed.map(ofFinding)];
  return (['error', 'warning', 'notice'] as const).flatMap((severity) => {
    const ofKind = all.filter((annotation) => annotation.severity === severity);
    if (ofKind.length <= mostOfAKind[severity]) return ofKind;
    const shown = ofKind.slice(0, mostOfAKind[severity] - 1);
    const message = leftOut.annotations(ofKind.length - shown.length);
    return [...shown, { severity, title: `${ofKind.length} ${severity}s`, message }];
  });
}

function ofFault({ message, remedy }: Fault): Annotation {
  return { severity: 'error', message: text([message], remedy) };
}

function ofFinding(finding: Finding): Annotation {
  const { severity, rule, remedy, place } = finding;
  return {
    severity,
    title: rule,
    message: text(saidLines(finding), remedy),
    ...(place === undefined ? {} : { file: place.file, line: place.line, column: place.column }),
  };
}

function text(lines: readonly string[], remedy: string): string {
  return [...lines.map(visible), `→ ${visible(remedy)}`].join('\n').slice(0, longest);
}
