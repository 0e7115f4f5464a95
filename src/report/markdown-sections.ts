import type { Finding, Place } from '../model/finding.ts';
import type { ConfigurationChange } from '../model/report.ts';
import type { DeviceGroup } from './device-groups.ts';
import { groupLines } from './group-lines.ts';
import { elsewhere, leftOut } from './left-out.ts';
import { alerts, code, type Escape, escapeMarkdown, fitting, folded, names, type Room, table } from './markdown.ts';
import { namesSome, saidLines } from './said.ts';
import type { Section } from './sections.ts';

/** How a page writes sections. */
export interface Page {
  /** Returns the web page of a line; absent if there is none. */
  readonly link: ((place: Place) => string) | undefined;
  /** Escapes text that does not stand in code. */
  readonly sentence: Escape;
  /** Where readers find what has no room. */
  readonly elsewhere: string;
  /** Whether the page has room for the ids of all devices. */
  readonly namesAll: boolean;
}

/** The parts that need no person are folded if they have more items. */
const few = 20;

/**
 * Returns sections in Markdown, in `most` bytes and what titles need. Each section may take half of the room that is left, the last one
 * all of it. So none crowds out the later ones.
 */
export function sectionsMarkdown(sections: readonly Section[], page: Page, most: number): string {
  let left = most;
  let text = '';
  for (const [index, section] of sections.entries()) {
    const room = index === sections.length - 1 ? left : left / 2;
    const written = sectionMarkdown(section, page, { most: Math.floor(room), elsewhere: page.elsewhere });
    left = Math.max(0, left - Buffer.byteLength(written));
    text += written;
  }
  return text;
}

function sectionMarkdown(section: Section, page: Page, room: Room): string {
  switch (section.kind) {
    case 'rules':
      // Not cut: a workflow that changes many rules has to show all of them.
      return section.lines.map((line) => `\n${escapeMarkdown(line, line.length)}\n`).join('');
    case 'sums':
      return section.lines.map((line) => `\n${page.sentence(line)}\n`).join('');
    case 'faults':
      return alerts(section.faults, { ...room, elsewhere: elsewhere.log }, page.sentence);
    case 'findings':
      return titled(section, findingList(section.findings, page, room), section.findings.length);
    case 'devices':
      return titled(section, devicesMarkdown(section, page, room), section.groups.length);
    case 'configuration':
      return titled(
        section,
        table({ head: configurationHead, items: section.changes, row: configurationRow, ...room }),
        section.changes.length,
      );
    case 'listed': {
      const { head, rows } = section.table;
      return titled(section, table({ head, items: rows, row: listedRow, ...room }), rows.length);
    }
  }
}

/** What needs a person is never folded, and a notice always. */
function titled(section: Section, content: string, items: number): string {
  const title = leftOut.title(section.title, section.count);
  if (section.needsPerson) return `\n#### ${escapeMarkdown(title)}\n${content}`;
  const isNotice = section.kind === 'findings' && section.severity === 'notice';
  return folded(title, content, !isNotice && items <= few);
}

const marks = { error: '❌', warning: '⚠️', notice: 'ℹ️' } as const;

function findingList(findings: readonly Finding[], { link, sentence }: Page, room: Room): string {
  const item = (finding: Finding) => {
    const { severity, rule, place, remedy } = finding;
    const name = place === undefined ? '' : `${code(`${place.file}:${place.line}`)} `;
    const where = place === undefined || link === undefined ? name : `[${name.trimEnd()}](<${link(place)}>) `;
    const lines = [...saidLines(finding), `→ ${remedy}`].map((line) => sentence(line));
    return `- ${marks[severity]} ${where}${code(rule)}<br>${lines.join('<br>')}\n`;
  };
  const { text, more } = fitting(findings, item, room);
  return `\n${text}${more}`;
}

/** The groups in a block of the form of a difference, which GitHub colours by the sign that a line begins with. */
function devicesMarkdown(section: Section & { kind: 'devices' }, page: Page, room: Room): string {
  const { groups } = section;
  const write = (group: DeviceGroup) => `${groupLines(group, groups).map(escapedLine).join('\n')}\n`;
  const { text, more } = fitting(groups, write, room);
  const block = text === '' ? '' : `\n<pre lang="diff">\n${text}</pre>\n`;
  const many = groups.some(({ devices }) => namesSome(devices));
  if (!many) return `${block}${more}`;
  if (!page.namesAll) return `${block}${more}\n${leftOut.ids(page.elsewhere)}\n`;
  const left = { ...room, most: room.most - Buffer.byteLength(text) };
  return `${block}${more}${allDevices(section, left)}`;
}

/** The sign and the blanks before a field keep their form. */
function escapedLine(line: string): string {
  const [, lead = '', text = ''] = /^([-+~!?]? +)(.*)$/s.exec(line) ?? ['', '', line];
  return `${lead}${escapeMarkdown(text)}`;
}

function allDevices({ groups, count }: Section & { kind: 'devices' }, room: Room): string {
  const ids = groups.flatMap(({ devices }) => devices);
  const { text, more } = fitting(ids, (id) => `${code(id)}\n`, room);
  return folded(leftOut.allDevices(count), `\n${text}${more}`);
}

export const configurationHead = ['Devices', 'Key', 'Before', 'After'];

function configurationRow({ key, before, after, devices }: ConfigurationChange): readonly string[] {
  const value = (text: string | undefined) => (text === undefined ? '(none)' : code(text));
  return [names(devices), code(key), value(before), value(after)];
}

function listedRow([device = '', ...others]: readonly string[]): readonly string[] {
  return [code(device), ...others.map((cell) => escapeMarkdown(cell))];
}
