import type { Fault } from '../model/fault.ts';
import type { Finding, Severity } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { deviceTable } from './devices.ts';
import { diagnosticLines } from './diagnostic.ts';
import { headline } from './headline.ts';
import { leftOut } from './left-out.ts';
import { ruleChangeLines } from './rule-changes.ts';
import { sumLines } from './sums.ts';
import { visible } from './visible.ts';

/** How text is formatted: with colours on a terminal, without them in a log and in a file. */
export interface Style {
  severity(severity: Severity, text: string): string;
  strong(text: string): string;
  muted(text: string): string;
  /** Returns a file of the workspace as the reader would type it. */
  path(file: string): string;
  /** The line that a finding is about, with a caret. See `withQuotes`; if absent, no lines are shown. */
  source?(finding: Finding): readonly string[];
  /** The width of the terminal. If absent, nothing is wrapped. */
  readonly columns?: number;
}

export const plainStyle: Style = { severity: (_, text) => text, strong: same, muted: same, path: same };

/** At most 20 findings of one rule and 200 rows of a table are written out. */
const mostOfOneRule = 20;
const mostRows = 200;

/** Returns the report for people, as lines: changed rules, findings with places and remedies, devices, faults, the closing line. */
export function reportLines(report: Report, style: Style): readonly string[] {
  const rules = ruleChangeLines(report, 'option').map((line) => style.muted(line));
  const blocks = [rules, findingLines(report.findings, style), deviceLines(report), faultLines(report.faults, style)];
  const lines = blocks.filter((block) => block.length > 0).flatMap((block) => [...block, '']);
  return [...lines, style.strong(closingLine(report))];
}

export function findingLines(findings: readonly Finding[], style: Style): readonly string[] {
  const shown = new Map<string, number>();
  const lines: string[] = [];
  for (const finding of findings) {
    const count = (shown.get(finding.rule) ?? 0) + 1;
    shown.set(finding.rule, count);
    if (count <= mostOfOneRule) lines.push(...diagnosticLines(finding, style));
  }
  for (const [rule, count] of shown) {
    if (count > mostOfOneRule) lines.push(style.muted(leftOut.ofRule(count - mostOfOneRule, rule)));
  }
  return lines;
}

/** Returns the changes or results as a table and its sums; no lines if the table is empty. */
export function deviceLines(report: Report): readonly string[] {
  const { head, rows } = deviceTable(report);
  if (rows.length === 0) return [];
  const shown = [head.map((title) => title.toUpperCase()), ...rows.slice(0, mostRows).map((row) => row.map(visible))];
  const widths = head.map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  const lines = shown.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return cells.join('  ').trimEnd();
  });
  const more = rows.length > mostRows ? [leftOut.rows(rows.length - mostRows)] : [];
  return [...lines, ...more, ...sumLines(report)];
}

export function faultLines(faults: readonly Fault[], style: Style): readonly string[] {
  return faults.flatMap(({ message, remedy }) => [
    `${style.severity('error', 'error')} ${visible(message)}`,
    style.muted(`  → ${visible(remedy)}`),
  ]);
}

/** `plan: to create 3, to update 0, unchanged 0; written to plan.json` */
export function closingLine(report: Report): string {
  const file = report.planFile === undefined ? '' : `; written to ${visible(report.planFile)}`;
  return `${report.command}: ${headline(report)}${file}`;
}

function same(text: string): string {
  return text;
}
