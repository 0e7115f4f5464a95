import { createHash } from 'node:crypto';
import type { Report } from '../../model/report.ts';
import { number } from '../counts.ts';
import { type Statement, statementOf } from '../sections.ts';
import { script, style } from './assets.generated.ts';
import { hashOf, isShown, type Show } from './choose.ts';
import { type Clean, cleaning } from './clean.ts';
import { type PageContext, viewOf } from './data.ts';
import { type Content, type Element, el, html } from './element.ts';
import { findingsByRule } from './findings.ts';
import { fleetPart, leftLine } from './fleet.ts';
import { sectionPart } from './statement.ts';
import { timelineOf } from './timeline.ts';
import { treeOf } from './tree.ts';
import type { View } from './view.ts';
import { words } from './words.ts';

export type { PageContext };

/**
 * Returns report.html: one file that stands alone. It loads nothing and sends nothing. Without its script it shows all but the search and
 * the pages of single devices.
 */
export function reportPage(report: Report, context: PageContext): string {
  const clean = cleaning(context.hide);
  const view = viewOf(report, context);
  const statement = statementOf(report, 'runner');
  const title = clean(statement.sentence, 1_500);
  const head = [
    el('meta', { charset: 'utf-8' }),
    el('meta', { 'http-equiv': 'Content-Security-Policy', content: policy() }),
    el('meta', { name: 'viewport', content: 'width=device-width, initial-scale=1' }),
    el('meta', { name: 'referrer', content: 'no-referrer' }),
    el('meta', { name: 'robots', content: 'noindex' }),
    el('meta', { name: 'color-scheme', content: 'light dark' }),
    // A browser asks a server for an icon if the page names none.
    el('link', { rel: 'icon', href: 'data:,' }),
    el('title', {}, title),
  ];
  const body = [
    el(
      'div',
      { id: 'overview' },
      el('a', { class: 'skip', href: '#fleet' }, words.skip),
      headerPart(report, title, view, context),
      mainPart(statement, report, view, clean, context),
    ),
    el('main', { id: 'device', hidden: true }),
    el('p', { id: 'said', class: 'unseen', role: 'status' }),
    footerPart(context),
  ];
  // As text inside a script nothing but `<` can end it.
  const data = JSON.stringify(view).replaceAll('<', '\\u003c');
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head>${html(head)}<style>${style}</style></head>`,
    `<body>${html(body)}`,
    `<script type="application/json" id="data">${data}</script>`,
    `<script>${script}</script>`,
    '</body>',
    '</html>',
    '',
  ].join('\n');
}

/** Nothing is loaded from anywhere. The style and the script are those of the page, and no others run. */
function policy(): string {
  const digest = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return [
    "default-src 'none'",
    `script-src ${digest(script)}`,
    `style-src ${digest(style)}`,
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join('; ');
}

function headerPart({ command }: Report, title: string, view: View, { run }: PageContext): Element {
  const when = el('time', { datetime: view.at }, `${view.at.slice(0, 16).replace('T', ' ')} UTC`);
  return el(
    'header',
    {},
    el(
      'p',
      { class: 'quiet' },
      `${command} · `,
      when,
      isWeb(run) ? [' · ', el('a', { href: run, rel: 'noreferrer' }, words.run)] : undefined,
    ),
    el('h1', {}, title),
  );
}

/** The address of a run comes from the environment. */
function isWeb(address: string | undefined): address is string {
  return address !== undefined && /^https?:\/\//.test(address);
}

function mainPart(
  { sections, next }: Statement,
  report: Report,
  view: View,
  clean: Clean,
  context: PageContext,
): Element {
  const part = (title: string, id: string, content: Content) =>
    isEmpty(content) ? undefined : el('section', { id }, el('h2', {}, title), content);
  const written = (chosen: (section: (typeof sections)[number]) => boolean) =>
    sections.filter(chosen).map((section) => sectionPart(section, clean, context));
  const isFinding = ({ kind }: (typeof sections)[number]) => kind === 'findings';
  const later = view.findings.filter(
    ({ severity }) =>
      !sections.some((section) => section.kind === 'findings' && section.needsPerson && section.severity === severity),
  );
  return el(
    'main',
    {},
    next.map((line) => el('p', { class: 'lead' }, clean(line, 1_500))),
    figures(report, view),
    part(
      words.attention,
      'attention',
      written(({ needsPerson, kind }) => needsPerson && kind !== 'rules'),
    ),
    part(
      words.changes[view.phase],
      'changes',
      written((section) => !section.needsPerson && !isFinding(section)),
    ),
    part(
      words.rules,
      'rules',
      written(({ kind }) => kind === 'rules'),
    ),
    part(words.timeline, 'ends', timelineOf(view)),
    part(words.fleet, 'fleet', fleetPart(view)),
    part(words.tree, 'tree', treeOf(view)),
    part(words.findings, 'findings', [
      ...(later.length === 0 ? [] : [findingsByRule(later)]),
      leftLine(view.left.findings, words.leftFindings),
    ]),
  );
}

function isEmpty(content: Content): boolean {
  return content === undefined || (Array.isArray(content) && content.every(isEmpty));
}

function figures(report: Report, view: View): Content {
  const count = (show: Show) => view.devices.filter((device) => isShown(device, show, view)).length;
  const all = view.devices.length + view.left.same + view.left.devices;
  if (all === 0) return undefined;
  const shown: readonly (readonly [show: Show, count: number])[] = [
    ['all', Math.max(all, report.devices)],
    ['attention', count('attention')],
    ['changed', count('changed')],
    ['same', report.changes.length + report.outcomes.length === 0 ? 0 : count('same') + view.left.same],
    ['ending', count('ending')],
  ];
  return el(
    'ul',
    { class: 'figures' },
    shown
      .filter(([show, value]) => show === 'all' || value > 0)
      .map(([show, value]) =>
        el(
          'li',
          { class: show },
          el(
            'a',
            { href: hashOf({ show }), 'data-goto': 'fleet' },
            el('b', {}, number(value)),
            ' ',
            words.figures[show](value, view.warningDays, view.phase),
          ),
        ),
      ),
  );
}

function footerPart({ version }: PageContext): Element {
  return el('footer', {}, el('p', {}, words.madeBy(version)));
}
