import type { Fault } from '../../model/fault.ts';
import type { ConfigurationChange } from '../../model/report.ts';
import { number } from '../counts.ts';
import type { DeviceGroup } from '../device-groups.ts';
import type { DeviceTable } from '../devices.ts';
import { leftOut } from '../left-out.ts';
import { said } from '../said.ts';
import type { Section } from '../sections.ts';
import type { Clean } from './clean.ts';
import { findingView, type PageContext } from './data.ts';
import { type Content, type Element, el } from './element.ts';
import { findingsByRule } from './findings.ts';
import { deviceLink } from './table.ts';
import { words } from './words.ts';

/** A section has at most this number of groups or rows. */
const mostItems = 100;
/** A group names at most this number of its devices. */
const fewDevices = 5;
/** A section has at most this number of findings, of all rules together. */
const mostFindings = 1_000;

/** Writes a section of the statement. Its title is a heading of the third level. */
export function sectionPart(section: Section, clean: Clean, context: PageContext): Content {
  const content = contentOf(section, clean, context);
  // The heading of a rule says its severity.
  if (section.kind === 'findings') return content;
  if (section.title === '') return content;
  const count = el('span', { class: 'quiet' }, ` ${number(section.count)}`);
  return el('section', {}, el('h3', {}, clean(section.title), count), content);
}

function contentOf(section: Section, clean: Clean, context: PageContext): Content {
  switch (section.kind) {
    case 'rules':
    case 'sums':
      return section.lines.map((line) => el('p', {}, clean(line, 1_500)));
    case 'faults':
      return el(
        'ul',
        { class: 'findings' },
        section.faults.map((fault) => faultItem(fault, clean)),
      );
    case 'findings':
      return findingsByRule(
        section.findings.slice(0, mostFindings).map((finding) => findingView(finding, clean, context)),
      );
    case 'devices':
      return groupList(section.groups, clean);
    case 'configuration':
      return configurationTable(section.changes, clean);
    case 'listed':
      return listedTable(section.table, clean);
  }
}

function faultItem({ message, remedy }: Fault, clean: Clean): Element {
  return el('li', {}, el('p', {}, clean(message, 1_500)), el('p', { class: 'remedy' }, `→ ${clean(remedy, 1_500)}`));
}

function groupList(groups: readonly DeviceGroup[], clean: Clean): Content {
  const severalHubs = groups.some(({ hub }) => hub !== groups[0]?.hub);
  const items = groups.slice(0, mostItems).map(({ sign, hub, devices, what, fields }) => {
    const few = devices.slice(0, fewDevices).map((id) => deviceLink({ hub: clean(hub), id: clean(id) }));
    return el(
      'li',
      {},
      el(
        'p',
        {},
        el('span', { class: 'glyph' }, sign),
        devices.length === 1 ? undefined : el('strong', {}, `${words.devices(devices.length)} `),
        few.map((link, index) => [index === 0 ? undefined : ', ', link]),
        devices.length > few.length ? ` ${words.more(devices.length - few.length)}` : undefined,
        severalHubs ? ` in ${clean(hub)}` : undefined,
      ),
      what === '' ? undefined : el('p', {}, clean(what, 1_500)),
      fields.map((field) => el('p', { class: 'field' }, clean(field, 1_500))),
    );
  });
  return [el('ul', { class: 'groups' }, items), cutLine(groups.length)];
}

function cutLine(all: number): Content {
  return all <= mostItems ? undefined : el('p', { class: 'quiet' }, words.more(all - mostItems));
}

function configurationTable(changes: readonly ConfigurationChange[], clean: Clean): Content {
  const value = (text: string | undefined) =>
    text === undefined ? el('span', { class: 'quiet' }, words.none) : el('code', {}, clean(text));
  const rows = changes
    .slice(0, mostItems)
    .map(({ devices, key, before, after }) => [
      clean(said.someDevices(devices)),
      el('code', {}, clean(key)),
      value(before),
      value(after),
    ]);
  return [tableOf(words.configurationHead, rows, words.configurationChanges), cutLine(changes.length)];
}

function listedTable({ head, rows }: DeviceTable, clean: Clean): Content {
  const cells = rows.slice(0, mostItems).map((row) => row.map((cell) => clean(cell)));
  return [
    tableOf(head, cells, words.fleet),
    rows.length <= mostItems ? undefined : el('p', {}, leftOut.items(rows.length - mostItems, '')),
  ];
}

function tableOf(head: readonly string[], rows: readonly (readonly Content[])[], caption: string): Element {
  return el(
    'div',
    { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': caption },
    el(
      'table',
      { class: 'fields' },
      el('caption', { class: 'unseen' }, caption),
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          head.map((title) => el('th', { scope: 'col' }, title)),
        ),
      ),
      el(
        'tbody',
        {},
        rows.map((row) =>
          el(
            'tr',
            {},
            row.map((cell) => el('td', {}, cell)),
          ),
        ),
      ),
    ),
  );
}
