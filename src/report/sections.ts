import type { Fault } from '../model/fault.ts';
import type { Finding, Severity } from '../model/finding.ts';
import { key } from '../model/plan.ts';
import type { ConfigurationChange, Report } from '../model/report.ts';
import { equalConfiguration } from './configuration.ts';
import {
  byDevice,
  changeEntry,
  claimEntry,
  type DeviceEntry,
  type DeviceGroup,
  differenceEntry,
  doneEntry,
  groupsOf,
  troubleEntry,
} from './device-groups.ts';
import { type DeviceTable, listTable } from './devices.ts';
import { headline } from './headline.ts';
import { nextLines } from './next.ts';
import { phaseOf } from './phase.ts';
import type { Reader } from './reader.ts';
import { ruleChangeLines } from './rule-changes.ts';
import { sumLines } from './sums.ts';
import { type DeviceTopic, deviceTitle, deviceTopics, titles } from './titles.ts';

/**
 * What a run has to say, in the order in which every screen says it: the sentence, what needs a person, the changes, the configuration,
 * warnings, notices, what to do next. The texts are not escaped.
 */
export interface Statement {
  readonly sentence: string;
  /** None of them is empty. */
  readonly sections: readonly Section[];
  /** Where the bundles are, and what to do next. The last line is what to do next. */
  readonly next: readonly string[];
}

export type Section = {
  /** `To remove in contoso.azure-devices.net` */
  readonly title: string;
  /** How many devices, findings or changes it is about. */
  readonly count: number;
  /** Whether somebody has to look at it or to allow it. These sections come first. */
  readonly needsPerson: boolean;
} & Content;

type Content =
  | { readonly kind: 'rules'; readonly lines: readonly string[] }
  | { readonly kind: 'faults'; readonly faults: readonly Fault[] }
  | { readonly kind: 'findings'; readonly severity: Severity; readonly findings: readonly Finding[] }
  | { readonly kind: 'devices'; readonly topic: DeviceTopic; readonly groups: readonly DeviceGroup[] }
  | { readonly kind: 'sums'; readonly lines: readonly string[] }
  | { readonly kind: 'configuration'; readonly changes: readonly ConfigurationChange[] }
  | { readonly kind: 'listed'; readonly table: DeviceTable };

/** Returns what a report says. `reader` is who reads it: they change rules and name files in other ways. */
export function statementOf(report: Report, reader: Reader): Statement {
  return { sentence: headline(report), sections: sectionsOf(report, reader), next: nextLines(report, reader) };
}

function sectionsOf(report: Report, reader: Reader): readonly Section[] {
  const devices = deviceSections(report);
  const configuration = equalConfiguration(report.configuration ?? []);
  const rules = ruleChangeLines(report, reader);
  const sums = sumLines(report);
  const table = listTable(report);
  const all: readonly Section[] = [
    { kind: 'rules', title: '', count: rules.length, needsPerson: true, lines: rules },
    { kind: 'faults', title: titles.faults, count: report.faults.length, needsPerson: true, faults: report.faults },
    findingSection(report, 'error', true),
    ...(warningsStop(report) ? [findingSection(report, 'warning', true)] : []),
    ...devices,
    { kind: 'sums', title: '', count: sums.length, needsPerson: false, lines: sums },
    {
      kind: 'configuration',
      title: titles.configuration,
      count: configuration.length,
      needsPerson: false,
      changes: configuration,
    },
    { kind: 'listed', title: titles.listed, count: table.rows.length, needsPerson: false, table },
    ...(warningsStop(report) ? [] : [findingSection(report, 'warning', false)]),
    findingSection(report, 'notice', false),
  ];
  return all.filter(({ count }) => count > 0);
}

/** With `fail-on: warning` the warnings are what stopped the run. */
function warningsStop({ result, findings }: Report): boolean {
  return result === 'invalid' && findings.every(({ severity }) => severity !== 'error');
}

function findingSection({ findings }: Report, severity: Severity, needsPerson: boolean): Section {
  const ofSeverity = findings.filter((finding) => finding.severity === severity);
  return {
    kind: 'findings',
    title: titles.findings[severity],
    count: ofSeverity.length,
    needsPerson,
    severity,
    findings: ofSeverity,
  };
}

function deviceSections(report: Report): readonly Section[] {
  const entries = report.outcomes.length > 0 ? doneEntries(report) : plannedEntries(report);
  return deviceTopics.map((topic) => {
    const ofTopic = entries.get(topic) ?? [];
    const groups = newFirst(groupsOf(ofTopic));
    const hubs = [...new Set(groups.map(({ hub }) => hub))];
    const title = deviceTitle(topic, phaseOf(report), hubs.length === 1 ? hubs[0] : undefined);
    return { kind: 'devices', topic, title, count: ofTopic.length, needsPerson: topic !== 'changed', groups };
  });
}

function newFirst(groups: readonly DeviceGroup[]): readonly DeviceGroup[] {
  const isNew = ({ sign }: DeviceGroup) => sign === '+';
  return [...groups.filter(isNew), ...groups.filter((group) => !isNew(group))];
}

type Entries = ReadonlyMap<DeviceTopic, readonly DeviceEntry[]>;

const topics = {
  create: 'changed',
  update: 'changed',
  disable: 'removed',
  delete: 'removed',
  conflict: 'foreign',
  blocked: 'blocked',
} as const;

function plannedEntries({ command, changes }: Report): Entries {
  const entries = new EntriesByTopic();
  const entryOf = command === 'verify' ? differenceEntry : changeEntry;
  for (const change of changes) {
    entries.add('claimed', claimEntry(change));
    if (change.kind !== 'claim' && change.kind !== 'unchanged') entries.add(topics[change.kind], entryOf(change));
  }
  return entries.all;
}

/** What was done is described as it was planned. */
function doneEntries({ changes, outcomes }: Report): Entries {
  const planned = byDevice(changes);
  const entries = new EntriesByTopic();
  for (const outcome of outcomes) {
    const { result, owner } = outcome;
    const change = planned.get(key(outcome));
    if (result === 'failed' || result === 'unknown') entries.add(result, troubleEntry(outcome, change));
    if ((result === 'claimed' || owner === 'claimed') && change !== undefined)
      entries.add('claimed', claimEntry(change));
    if (result === 'removed') entries.add('removed', doneEntry(outcome, change));
    if (result === 'created' || result === 'updated') entries.add('changed', doneEntry(outcome, change));
  }
  return entries.all;
}

class EntriesByTopic {
  readonly all = new Map<DeviceTopic, DeviceEntry[]>();

  add(topic: DeviceTopic, entry: DeviceEntry | undefined): void {
    if (entry === undefined) return;
    const ofTopic = this.all.get(topic);
    if (ofTopic === undefined) this.all.set(topic, [entry]);
    else ofTopic.push(entry);
  }
}
