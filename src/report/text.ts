import type { Finding, Severity } from '../model/finding.ts';
import type { Change } from '../model/plan.ts';
import { describeReason } from '../model/reasons.ts';
import type { Report } from '../model/report.ts';
import { headline } from './headline.ts';

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
  const blocks = [findingLines(report.findings, style), tableOf(report), faultLines(report, style)];
  const lines = blocks.filter((block) => block.length > 0).flatMap((block) => [...block, '']);
  return [...lines, style.strong(`${report.command}: ${headline(report)}`)];
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

function oneFinding({ place, severity, rule, message, remedy, hub }: Finding, style: Style): readonly string[] {
  const where = place === undefined ? (hub ?? '') : `${style.path(place.file)}:${place.line}:${place.column}`;
  return [
    `${style.strong(where)}${where === '' ? '' : ' '}${style.severity(severity, severity)} ${style.muted(rule)}`,
    `  ${message}`,
    style.muted(`  → ${remedy}`),
  ];
}

function faultLines({ faults }: Report, style: Style): readonly string[] {
  return faults.flatMap(({ message, remedy }) => [
    `${style.severity('error', 'error')} ${message}`,
    style.muted(`  → ${remedy}`),
  ]);
}

function tableOf(report: Report): readonly string[] {
  if (report.listed.length > 0) return table(listRows(report));
  if (report.outcomes.length > 0) return table(outcomeRows(report));
  return table(changeRows(report.changes));
}

function listRows({ listed }: Report): readonly (readonly string[])[] {
  const head = ['DEVICE', 'HUB', 'STATUS', 'SIGNS IN BY', 'IN THE MANIFEST'];
  const rows = listed.map(({ device, hub, managed }) => {
    return [device.id, hub, device.status, device.authentication, managed ? 'yes' : 'no'];
  });
  return [head, ...rows];
}

function outcomeRows({ outcomes, changes }: Report): readonly (readonly string[])[] {
  const planned = new Map(changes.map((change) => [`${change.hub}/${change.id}`, change]));
  const told = outcomes.filter(({ result }) => result !== 'unchanged');
  const rows = told.map(({ device, hub, result, reason }) => {
    const change = planned.get(`${hub}/${device}`);
    return [device, hub, result, reason ?? (change === undefined ? '' : why(change))];
  });
  return rows.length === 0 ? [] : [['DEVICE', 'HUB', 'RESULT', 'WHY'], ...rows];
}

function changeRows(changes: readonly Change[]): readonly (readonly string[])[] {
  const rows = changes.filter(({ kind }) => kind !== 'unchanged').map((c) => [c.id, c.hub, c.kind, why(c)]);
  return rows.length === 0 ? [] : [['DEVICE', 'HUB', 'CHANGE', 'WHY'], ...rows];
}

/** Why a change is made, in one line. */
export function why(change: Change): string {
  if (change.kind === 'create') return 'new';
  return change.kind === 'unchanged' ? '' : change.reasons.map(describeReason).join(', ');
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const shown = rows.slice(0, mostRows + 1);
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  const lines = shown.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return rows.length > shown.length ? [...lines, `… and ${rows.length - shown.length} more`] : lines;
}

function same(text: string): string {
  return text;
}
