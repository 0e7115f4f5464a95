import { number } from '../counts.ts';
import { hashOf } from './choose.ts';
import { type Content, type Element, el } from './element.ts';
import type { FindingView } from './view.ts';
import { words } from './words.ts';

/** A rule shows at most this number of its findings. */
const mostOfRule = 20;

/** Findings, grouped by rule. What all findings of a rule say to do stands once. */
export function findingsByRule(findings: readonly FindingView[]): Content {
  const rules = new Map<string, FindingView[]>();
  for (const finding of findings) {
    const ofRule = rules.get(finding.rule);
    if (ofRule === undefined) rules.set(finding.rule, [finding]);
    else ofRule.push(finding);
  }
  return [...rules].map(([rule, ofRule]) => rulePart(rule, ofRule));
}

function rulePart(rule: string, findings: readonly FindingView[]): Element {
  const [first] = findings;
  const severity = first?.severity ?? 'notice';
  const isShared = findings.every(({ remedy }) => remedy === first?.remedy);
  const shown = findings.slice(0, mostOfRule);
  const left = findings.length - shown.length;
  return el(
    'section',
    { class: 'rule' },
    el(
      'h3',
      {},
      el('span', severity === 'error' ? { class: 'alarm' } : {}, words.severity[severity]),
      ' ',
      ruleLink(rule),
      findings.length === 1 ? undefined : el('span', { class: 'quiet' }, ` ${number(findings.length)}`),
    ),
    el(
      'ul',
      { class: 'findings' },
      shown.map((finding) => findingItem(finding, !isShared)),
    ),
    left === 0 ? undefined : el('p', { class: 'quiet' }, words.more(left)),
    isShared ? el('p', { class: 'remedy' }, `→ ${first?.remedy ?? ''}`) : undefined,
  );
}

function findingItem({ lines, remedy, place, link }: FindingView, says: boolean): Element {
  return el(
    'li',
    {},
    lines.map((line) => el('p', {}, line)),
    place === undefined
      ? undefined
      : el(
          'p',
          { class: 'place' },
          link === undefined ? el('code', {}, place) : el('a', { href: link, rel: 'noreferrer' }, place),
        ),
    says ? el('p', { class: 'remedy' }, `→ ${remedy}`) : undefined,
  );
}

/** Leads to the devices with findings of a rule. */
export function ruleLink(rule: string): Element {
  return el('a', { href: hashOf({ rule }), class: 'name' }, rule);
}
