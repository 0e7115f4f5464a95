import { createHash } from 'node:crypto';
import type { Place } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { elsewhere } from './left-out.ts';
import { escapeMarkdown } from './markdown.ts';
import { sectionsMarkdown } from './markdown-sections.ts';
import { pageLink } from './page-link.ts';
import { statementOf } from './sections.ts';

/** What a comment needs beside the report. */
export interface CommentContext {
  /** The result of `commentMarker`. */
  readonly marker: string;
  /** Returns the web page of a line. */
  readonly link: (place: Place) => string;
  /** The web page of the run. */
  readonly run: string;
}

/**
 * In bytes. GitHub refuses a comment of more than 65,536 characters. The rest is for the headings and for the texts
 * that say what was left out.
 */
const mostOfAll = 56_000;

/**
 * Returns the comment on a pull request in Markdown: the statement of the report and a link to the run. Every text of the user is
 * escaped. The comment is cut to the size that GitHub takes.
 */
export function commentMarkdown(report: Report, { marker, link, run }: CommentContext): string {
  const statement = statementOf(report, 'runner');
  const page = { link, sentence, elsewhere: elsewhere.summary, namesAll: false };
  const sections = sectionsMarkdown(statement.sections, page, mostOfAll);
  const links = [runLink(run), ...(report.page?.url === undefined ? [] : [pageLink(report.page.url)])].join(' · ');
  const next = statement.next.map((line) => `\n${sentence(line)}\n`).join('');
  return `${marker}\n### ${sentence(statement.sentence)}\n${sections}${next}\n<sub>${links}</sub>\n`;
}

/** The link to the run, in Markdown. */
export function runLink(run: string): string {
  return `[The run and its summary](<${run}>)`;
}

/** Tells whether a report has anything that a reviewer has to know. If not, no new comment is created. */
export function worthSaying(report: Report): boolean {
  return statementOf(report, 'runner').sections.some(
    ({ kind }) => kind !== 'rules' && kind !== 'sums' && kind !== 'listed',
  );
}

/**
 * Returns the hidden first line by which a comment is found again. Runs with the same parts (workflow, job, manifests,
 * hubs) share one comment; other runs have their own. The line holds a digest, because a part could hold the text that
 * ends an HTML comment.
 */
export function commentMarker(parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 20);
  return `<!-- provision-iot-edge: ${digest} -->`;
}

/** In characters. Longer sentences are cut here; the summary has them in full. */
const longestSentence = 400;

/**
 * Escapes text that does not stand in code. GitHub looks for mentions and issues after it has resolved character
 * references. So an invisible space goes between the sign and the name, or the comment would notify a team or link an
 * issue.
 */
function sentence(text: string): string {
  return escapeMarkdown(text, longestSentence).replace(/(&#64;|&#35;|GH&#45;)(?=[\p{L}\p{N}])/giu, '$1&#8203;');
}
