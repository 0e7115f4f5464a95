import type { Finding } from '../model/finding.ts';
import { endsWell, type Report } from '../model/report.ts';
import { type CommentContext, commentMarkdown } from './comment.ts';

/**
 * Whether somebody has to look after the fleet: the hub is not as the manifest says, a certificate ends soon, something is
 * wrong with the material, or the run could not tell.
 */
export function needsCare(report: Report): boolean {
  return !endsWell(report) || report.findings.some((finding) => isWatched(finding));
}

/** The issue in Markdown, as the comment on a pull request: what drifted, what ends when, how many are well. */
export function issueMarkdown(report: Report, context: CommentContext): string {
  // With `fail-on: warning` a warning of any kind is what made the run end badly.
  const findings = report.findings.filter((finding) => {
    return isWatched(finding) || (report.result === 'invalid' && finding.severity === 'warning');
  });
  return commentMarkdown({ ...report, findings }, context);
}

/** Warnings that stay as long as a certificate does would keep the issue open for years; pull requests show those. */
function isWatched({ severity, rule }: Finding): boolean {
  return severity === 'error' || rule === 'certificate/expires-soon';
}
