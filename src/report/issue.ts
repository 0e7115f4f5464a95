import type { Finding } from '../model/finding.ts';
import { endsWell, type Report } from '../model/report.ts';
import { type CommentContext, commentMarkdown } from './comment.ts';

/**
 * Tells whether somebody has to look after the fleet: the hub differs from the manifest, a certificate expires soon,
 * the repository's files have errors, or the run could not find out.
 */
export function needsCare(report: Report): boolean {
  return !endsWell(report) || report.findings.some((finding) => isWatched(finding));
}

/**
 * Returns the issue in Markdown. It has the form of the comment on a pull request: what drifted, what expires, counts.
 */
export function issueMarkdown(report: Report, context: CommentContext): string {
  // With `fail-on: warning`, a warning of any rule can be what failed the run.
  const findings = report.findings.filter((finding) => {
    return isWatched(finding) || (report.result === 'invalid' && finding.severity === 'warning');
  });
  return commentMarkdown({ ...report, findings }, context);
}

/**
 * Other warnings stay as long as a certificate does and would keep the issue open for years. Pull requests show them.
 */
function isWatched({ severity, rule }: Finding): boolean {
  return severity === 'error' || rule === 'certificate/expires-soon';
}
