import type { RuleChanges, Severity } from '../model/finding.ts';
import type { Adjustable } from '../rules/rule.ts';
import { type RuleName, rules } from '../rules/rules.ts';
import { runFault } from './faults.ts';
import type { SettingReader } from './setting-reader.ts';

/** From the heaviest to none. */
const weights = ['error', 'warning', 'notice', 'off'] as const satisfies readonly (Severity | 'off')[];
type Weight = (typeof weights)[number];

/**
 * Reads the setting `rules`: one rule a line, `certificate/is-ca: off`. A rule may be raised as one likes. How far it may be lowered
 * is said by its row. What changes nothing is left out.
 */
export async function readRuleChanges(reader: SettingReader): Promise<RuleChanges> {
  const changes = new Map<RuleName, Weight>();
  const seen = new Set<string>();
  for (const line of reader.lines('rules')) {
    const [, rule = '', weight = ''] = /^([^\s:]+)\s*:\s*(\S.*)$/.exec(line) ?? [];
    if (rule === '') reader.refuse(runFault('not-a-rule-change', { given: line }));
    else if (!isRuleName(rule)) reader.refuse(runFault('no-such-rule', await meant(rule)));
    else if (seen.has(rule)) reader.refuse(runFault('rule-twice', { rule }));
    else {
      const change = weights.find((one) => one === weight);
      if (change === undefined) reader.refuse(runFault('not-a-weight', { rule, given: weight, weights }));
      else judge(reader, rule, change);
      if (change !== undefined && change !== usual(rule)) changes.set(rule, change);
    }
    seen.add(rule);
  }
  return changes;
}

/** What the rule has if the setting does not name it. */
function usual(rule: RuleName): Weight {
  return rules[rule].initially ?? rules[rule].severity;
}

function judge(reader: SettingReader, rule: RuleName, wanted: Weight): void {
  const { severity, adjustable = 'no' } = rules[rule];
  const least = weights[Math.max(rank(severity), rank(lowest[adjustable]))] ?? severity;
  if (rank(wanted) > rank(least)) reader.refuse(runFault('rule-not-lowered', { rule, given: wanted, least }));
}

/** The lightest that a rule of this kind may be. A row that is lighter already stays as it is. */
const lowest: Readonly<Record<Adjustable, Weight>> = { no: 'error', warning: 'warning', off: 'off' };

function rank(weight: Weight): number {
  return weights.indexOf(weight);
}

function isRuleName(text: string): text is RuleName {
  return Object.hasOwn(rules, text);
}

async function meant(given: string): Promise<{ readonly given: string; readonly suggestion?: string }> {
  // Loaded only for a mistake.
  const { suggest } = await import('../manifest/validate.ts');
  const suggestion = suggest(given, Object.keys(rules));
  return { given, ...(suggestion === undefined ? {} : { suggestion }) };
}
