import { createHash } from 'node:crypto';
import type { Place } from '../model/finding.ts';
import type { ConfigurationChange, Report } from '../model/report.ts';
import { type DeviceRow, deviceRows } from './devices.ts';
import { headline } from './headline.ts';
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
} from './markdown.ts';
import { bySeverity } from './severity.ts';
import { sumLines } from './sums.ts';

/** What a comment says beside the report. */
export interface CommentContext {
  /** Of `commentMarker`. */
  readonly marker: string;
  /** The web page of a line. */
  readonly link: (place: Place) => string;
  /** The web page of the run. */
  readonly run: string;
}

/**
 * GitHub refuses a comment of more than 65,536 characters. What is kept free is for the headings, and for the words that say
 * what was left out.
 */
const mostOfAll = 58_000;
const elsewhere = "all of them are in the run's summary";

/**
 * The comment on a pull request in Markdown: how it ended, counts, faults, problems, changed configuration, changed devices,
 * equal ones in one row. Every text of the user's stands escaped. Trimmed to what GitHub takes.
 */
export function commentMarkdown(report: Report, { marker, link, run }: CommentContext): string {
  const head = `${marker}\n### IoT Edge provisioning: ${report.command}\n\n${sentence(headline(report))}\n${countTable(report)}`;
  const sums = sumLines(report).map((line) => `\n${sentence(line)}\n`);
  return `${head}${sums.join('')}${fitted(partsOf(report, link))}\n<sub>[The run and its summary](<${run}>)</sub>\n`;
}

/** Whether there is anything that a reviewer has to know; else no comment is made where none is. */
export function worthSaying(report: Report): boolean {
  const { findings, faults, configuration = [] } = report;
  return findings.length > 0 || faults.length > 0 || configuration.length > 0 || deviceRows(report).length > 0;
}

/**
 * The hidden first line by which a comment is found again. Runs with the same parts (workflow, job, manifests, hubs) share one
 * comment, others have their own. A digest, since a part could hold what ends a comment of HTML.
 */
export function commentMarker(parts: readonly string[]): string {
  const digest = createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 20);
  return `<!-- provision-iot-edge: ${digest} -->`;
}

/** A part of the comment: how many things it has to say, and how it says them in the room it gets. */
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

/** Each part may take half of what is left, the last one all of it: nothing that comes first crowds out all others. */
function fitted(parts: readonly Part[]): string {
  let left = mostOfAll;
  let text = '';
  for (const [index, { write }] of parts.entries()) {
    const written = write({ most: index === parts.length - 1 ? left : left / 2, elsewhere });
    left -= Buffer.byteLength(written);
    text += written;
  }
  return text;
}

/** Devices that become the same: `Update (400)`, with a row for each reason that they share. */
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

/** Equal changes of configuration as one, of all their devices; what concerns most devices comes first. */
function equalConfiguration(changes: readonly ConfigurationChange[]): readonly ConfigurationChange[] {
  const equal = grouped(changes, ({ key, before, after }) => JSON.stringify([key, before ?? null, after ?? null]));
  const merged = equal.flatMap((group) => {
    return group.slice(0, 1).map((first) => ({ ...first, devices: group.flatMap(({ devices }) => devices) }));
  });
  return merged.sort((a, b) => b.devices.length - a.devices.length);
}

/** Items of one key together, in the order in which the keys first come. */
function grouped<Item>(items: readonly Item[], key: (item: Item) => string): readonly (readonly Item[])[] {
  const groups = new Map<string, Item[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** Longer ones stand whole in the summary. */
const longestSentence = 400;

/**
 * Text outside of code. GitHub looks for mentions and issues after it has resolved character references, so an invisible space
 * parts what would call a team or touch an issue.
 */
function sentence(text: string): string {
  return escapeMarkdown(text, longestSentence).replace(/(&#64;|&#35;|GH&#45;)(?=[\p{L}\p{N}])/giu, '$1&#8203;');
}
