import type { Fault } from '../model/fault.ts';
import type { Finding, Severity } from '../model/finding.ts';
import type { Report } from '../model/report.ts';
import { deviceTable } from './devices.ts';
import { headline } from './headline.ts';
import { sumLines } from './sums.ts';
import { visible } from './visible.ts';

/** How text may be dressed: a terminal gives colours, a log and a file none. */
export interface Style {
  severity(severity: Severity, text: string): string;
  strong(text: string): string;
  muted(text: string): string;
  /** A file of the workspace as the reader would type it. */
  path(file: string): string;
}

export const plainStyle: Style = { severity: (_, text) => text, strong: same, muted: same, path: same };

/** So many findings of one rule are written out, and so many rows of a table. */
const mostOfOneRule = 20;
const mostRows = 200;

/** The report for people, as lines: findings with their places and remedies, what changes or changed, one closing sentence. */
export function reportLines(report: Report, style: Style): readonly string[] {
  const blocks = [findingLines(report.findings, style), deviceLines(report), faultLines(report.faults, style)];
  const lines = blocks.filter((block) => block.length > 0).flatMap((block) => [...block, '']);
  return [...lines, style.strong(closingLine(report))];
}

export function findingLines(findings: readonly Finding[], style: Style): readonly string[] {
  const shown = new Map<string, number>();
  const lines: string[] = [];
  for (const finding of findings) {
    const count = (shown.get(finding.rule) ?? 0) + 1;
    shown.set(finding.rule, count);
    if (count <= mostOfOneRule) lines.push(...oneFinding(finding, style));
  }
  for (const [rule, count] of shown) {
    if (count > mostOfOneRule) lines.push(style.muted(`… and ${count - mostOfOneRule} more of ${rule}`));
  }
  return lines;
}

/** What changes or changed, as a table and its sums; no lines where that is nothing. */
export function deviceLines(report: Report): readonly string[] {
  const { head, rows } = deviceTable(report);
  if (rows.length === 0) return [];
  const shown = [head.map((title) => title.toUpperCase()), ...rows.slice(0, mostRows).map((row) => row.map(visible))];
  const widths = head.map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  const lines = shown.map((row) => {
    const cells = row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
    return cells.join('  ').trimEnd();
  });
  const more = rows.length > mostRows ? [`… and ${rows.length - mostRows} more`] : [];
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

function oneFinding({ place, severity, rule, message, remedy, hub }: Finding, style: Style): readonly string[] {
  const where = place === undefined ? (hub ?? '') : `${visible(style.path(place.file))}:${place.line}:${place.column}`;
  return [
    `${where === '' ? '' : `${style.strong(where)} `}${style.severity(severity, severity)} ${style.muted(rule)}`,
    `  ${visible(message)}`,
    style.muted(`  → ${visible(remedy)}`),
  ];
}

function same(text: string): string {
  return text;
}
