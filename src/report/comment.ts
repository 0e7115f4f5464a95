import { createHash } from 'node:crypto';
import type { Place } from '../model/finding.ts';
import type { ConfigurationChange, Report } from '../model/report.ts';
import { type DeviceRow, deviceRows } from './devices.ts';
import { headline } from './headline.ts';
import { elsewhere } from './left-out.ts';
import {
  alerts,
  configurationHead,
  configurationRow,
  countTable,
  escapeMarkdown,
  names,
  problemHead,
  problemRow,
  type Room,
  section,
  titleOf,
} from './markdown.ts';
import { ruleChangeLines } from './rule-changes.ts';
import { bySeverity } from './severity.ts';
import { sumLines } from './sums.ts';

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
const mostOfAll = 58_000;

/**
 * Returns the comment on a pull request in Markdown: changed rules, headline, counts, faults, problems, changed configuration, changed
 * devices. Equal changes share one row. Every text of the user is escaped. The comment is cut to the size that GitHub
 * takes.
 */
export function commentMarkdown(report: Report, { marker, link, run }: CommentContext): string {
  const rules = ruleChangeLines(report, 'workflow').map((line) => `${ruleChanges(line)}\n\n`);
  const said = `${rules.join('')}${sentence(headline(report))}`;
  const head = `${marker}\n### ${titleOf(report.command)}\n\n${said}\n${countTable(report)}`;
  const sums = sumLines(report).map((line) => `\n${sentence(line)}\n`);
  return `${head}${sums.join('')}${fitted(partsOf(report, link))}\n<sub>${runLink(run)}</sub>\n`;
}

/** The line is not cut: a workflow that changes many rules has to show all of them. */
function ruleChanges(line: string): string {
  return escapeMarkdown(line, line.length);
}

/** The link to the run, in Markdown. */
export function runLink(run: string): string {
  return `[The run and its summary](<${run}>)`;
}

/** Tells whether a report has anything that a reviewer has to know. If not, no new comment is created. */
export function worthSaying(report: Report): boolean {
  const { findings, faults, configuration = [] } = report;
  return findings.length > 0 || faults.length > 0 || configuration.length > 0 || deviceRows(report).length > 0;
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

/** A part of the comment: the number of its items, and a function that writes them into the room it gets. */
interface Part {
  readonly count: number;
  readonly write: (room: Room) => string;
}

function partsOf(report: Report, link: (place: Place) => string): readonly Part[] {
  const problems = bySeverity(report.findings);
  const configuration = equalConfiguration(report.configuration ?? []);
  const parts: readonly Part[] = [
    { count: report.faults.length, write: (room) => alerts(report.faults, room, sentence) },
    {
      count: problems.length,
      write: (room) =>
        section('Problems', { head: problemHead, items: problems, row: problemRow(link, sentence), ...room }),
    },
    {
      count: configuration.length,
      write: (room) =>
        section('Configuration', { head: configurationHead, items: configuration, row: configurationRow, ...room }),
    },
    ...grouped(deviceRows(report), ({ result }) => result).map((rows) => changesOfAKind(rows)),
  ];
  return parts.filter(({ count }) => count > 0);
}

/** Each part may take half of the room that is left, the last part all of it. So no part crowds out the later ones. */
function fitted(parts: readonly Part[]): string {
  let left = mostOfAll;
  let text = '';
  for (const [index, { write }] of parts.entries()) {
    const written = write({ most: index === parts.length - 1 ? left : left / 2, elsewhere: elsewhere.summary });
    left -= Buffer.byteLength(written);
    text += written;
  }
  return text;
}

/** The devices with one result: `Update (400)`, with a row for each reason that devices share. */
function changesOfAKind(rows: readonly DeviceRow[]): Part {
  const { result = '' } = rows[0] ?? {};
  const title = `${result.slice(0, 1).toUpperCase()}${result.slice(1)}`;
  const items = grouped(rows, ({ hub, why }) => JSON.stringify([hub, why]));
  const row = (group: readonly DeviceRow[]) => {
    const { hub = '', why = '' } = group[0] ?? {};
    return [names(group.map(({ device }) => device)), sentence(hub), sentence(why)];
  };
  return {
    count: rows.length,
    write: (room) => section(title, { head: ['Devices', 'Hub', 'Why'], items, row, ...room }, rows.length),
  };
}

/** Merges equal changes of configuration into one with all their devices. The change of most devices comes first. */
function equalConfiguration(changes: readonly ConfigurationChange[]): readonly ConfigurationChange[] {
  const equal = grouped(changes, ({ key, before, after }) => JSON.stringify([key, before ?? null, after ?? null]));
  const merged = equal.flatMap((group) => {
    return group.slice(0, 1).map((first) => ({ ...first, devices: group.flatMap(({ devices }) => devices) }));
  });
  return merged.sort((a, b) => b.devices.length - a.devices.length);
}

/** Groups items by a key. The groups are in the order in which their keys first occur. */
function grouped<Item>(items: readonly Item[], key: (item: Item) => string): readonly (readonly Item[])[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
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
