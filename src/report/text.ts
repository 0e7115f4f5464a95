import type { Fault } from '../model/fault.ts';
import type { Finding } from '../model/finding.ts';
import type { ConfigurationChange, Report } from '../model/report.ts';
import type { DeviceGroup } from './device-groups.ts';
import type { DeviceTable } from './devices.ts';
import { diagnosticLines } from './diagnostic.ts';
import { groupLines } from './group-lines.ts';
import { elsewhere, leftOut } from './left-out.ts';
import { said } from './said.ts';
import { type Section, type Statement, statementOf } from './sections.ts';
import { plainStyle, type Style } from './style.ts';
import { tableLines } from './table.ts';
import { visible } from './visible.ts';

export { plainStyle, type Style };

/** At most 20 findings of one rule and 200 rows or groups of one section are written out. */
const mostOfOneRule = 20;
const mostRows = 200;

/** A text with more lines scrolls. Its end then says again what matters most. */
const screenful = 20;

/** Returns the report for people, as lines, in the order of its statement. */
export function reportLines(report: Report, style: Style): readonly string[] {
  const statement = statementOf(report, 'terminal');
  const { sentence, sections } = statement;
  const blocks = sections.map((section) => [...titleLines(section, style), ...sectionLines(section, style)]);
  const lines = [style.strong(sentence), '', ...blocks.flatMap((block) => [...block, ''])];
  const closing = lines.length > screenful ? closingLines(statement, style) : nextOf(statement);
  if (closing.length === 0) lines.pop();
  return [...lines, ...closing];
}

/**
 * The end of a long text: devices that failed or of which nothing is known, the sentence, and what to do next. So they stand where a
 * reader looks after a run: above the prompt, or at the end of a log.
 */
export function closingLines(statement: Statement, style: Style): readonly string[] {
  const troubles = statement.sections.flatMap((section) => {
    if (section.kind !== 'devices' || (section.topic !== 'failed' && section.topic !== 'unknown')) return [];
    return [...titleLines(section, style), ...groupsText(section.groups, fewGroups, style), ''];
  });
  return [...troubles, style.strong(statement.sentence), ...nextOf(statement)];
}

const fewGroups = 5;

function nextOf({ next }: Statement): readonly string[] {
  return next.map(visible);
}

/** The title of a section with its count; no lines if its text needs none. */
export function titleLines({ title, count }: Section, { strong }: Style): readonly string[] {
  return title === '' ? [] : [strong(leftOut.title(visible(title), count))];
}

export function sectionLines(section: Section, style: Style): readonly string[] {
  switch (section.kind) {
    case 'rules':
    case 'sums':
      return section.lines.map(visible);
    case 'faults':
      return faultLines(section.faults, style);
    case 'findings':
      return findingLines(section.findings, style);
    case 'devices':
      return groupsText(section.groups, mostRows, style);
    case 'configuration':
      return configurationLines(section.changes);
    case 'listed':
      return cutTable(section.table, style);
  }
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

export function faultLines(faults: readonly Fault[], style: Style): readonly string[] {
  return faults.flatMap(({ message, remedy }) => [
    `${style.severity('error', 'error')} ${visible(message)}`,
    `${style.muted('  →')} ${visible(remedy)}`,
  ]);
}

function groupsText(groups: readonly DeviceGroup[], most: number, style: Style): readonly string[] {
  return cut(groups, most, (group) => {
    const [first = '', ...fields] = groupLines(group, groups);
    const sign = style.sign?.(group.sign) ?? group.sign;
    return [`  ${sign}${first.slice(group.sign.length)}`, ...fields.map((line) => `  ${line}`)];
  });
}

function configurationLines(changes: readonly ConfigurationChange[]): readonly string[] {
  return cut(changes, mostRows, ({ key, before = '(none)', after = '(none)', devices }) => [
    `  ~ ${visible(key)}: ${visible(before)} → ${visible(after)}`,
    `      ${visible(said.someDevices(devices))}`,
  ]);
}

/** Writes the first items, and says how many are left out. */
function cut<Item>(items: readonly Item[], most: number, write: (item: Item) => readonly string[]): readonly string[] {
  const lines = items.slice(0, most).flatMap(write);
  return items.length <= most ? lines : [...lines, `  ${leftOut.items(items.length - most, elsewhere.json)}`];
}

function cutTable({ head, rows }: DeviceTable, { columns }: Style): readonly string[] {
  const lines = tableLines({ head, rows: rows.slice(0, mostRows) }, columns);
  return rows.length > mostRows ? [...lines, leftOut.items(rows.length - mostRows, elsewhere.json)] : lines;
}
