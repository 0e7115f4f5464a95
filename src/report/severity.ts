import type { Finding, Severity } from '../model/finding.ts';

const severities: readonly Severity[] = ['error', 'warning', 'notice'];

/** Sorts errors first, then warnings, then notices, so that errors stay when a list is cut. */
export function bySeverity(findings: readonly Finding[]): readonly Finding[] {
  return severities.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
}
