import type { Finding, Severity } from '../model/finding.ts';

const severities: readonly Severity[] = ['error', 'warning', 'notice'];

/** Errors first, else in their order: where a list is cut, errors are the last to go. */
export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return severities.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}
