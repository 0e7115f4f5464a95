import { describe, expect, it } from 'vitest';
import type { Severity } from '../../src/model/finding.ts';
import type { Adjustable } from '../../src/rules/rule.ts';
import { ruleNames, rules } from '../../src/rules/rules.ts';
import { runFault } from '../../src/run/faults.ts';
import { readSettings } from '../../src/run/settings.ts';
import { checkFolder } from '../support/check.ts';
import { said } from '../support/fault.ts';
import { folderWith } from '../support/folder.ts';
import { refused } from './refused.ts';

type Weight = Severity | 'off';
const weights: readonly Weight[] = ['error', 'warning', 'notice', 'off'];

const changes = async (text: string) => {
  const { request } = await readSettings({ rules: text }, { directory: '/' });
  // The plan judges by the same severities.
  expect(request.plan.rules).toBe(request.rules);
  return [...(request.rules ?? [])];
};
const refusals = async (text: string) => {
  return (await refused(readSettings({ rules: text }, { directory: '/' }))).map(said);
};

describe('the setting rules', () => {
  it.each<[string, readonly (readonly [string, Weight])[]]>([
    ['', []],
    ['certificate/is-ca: off', [['certificate/is-ca', 'off']]],
    [
      '\n  certificate/is-ca:off\r\n\n plan/shared :  error \n',
      [
        ['certificate/is-ca', 'off'],
        ['plan/shared', 'error'],
      ],
    ],
    ['certificate/expired: warning', [['certificate/expired', 'warning']]],
    // It has this severity already, so nothing is changed, and nothing is told.
    ['certificate/expired: error', []],
  ])('%j', async (text, expected) => {
    expect(await changes(text)).toEqual(expected);
  });

  it.each<[string, string, ReturnType<typeof runFault>]>([
    ['a name alone', 'certificate/is-ca', runFault('not-a-rule-change', { given: 'certificate/is-ca' })],
    ['no name', ': off', runFault('not-a-rule-change', { given: ': off' })],
    ['another sign', 'certificate/is-ca = off', runFault('not-a-rule-change', { given: 'certificate/is-ca = off' })],
    [
      'a name with a slip',
      'certificate/is_ca: off',
      runFault('no-such-rule', { given: 'certificate/is_ca', suggestion: 'certificate/is-ca' }),
    ],
    ['a name of nothing', 'x/y: off', runFault('no-such-rule', { given: 'x/y' })],
    ['a name of every object', 'constructor: off', runFault('no-such-rule', { given: 'constructor' })],
    [
      'another word',
      'certificate/is-ca: ignore',
      runFault('not-a-weight', { rule: 'certificate/is-ca', given: 'ignore', weights }),
    ],
    [
      'two on a line',
      'certificate/is-ca: off, plan/shared: error',
      runFault('not-a-weight', { rule: 'certificate/is-ca', given: 'off, plan/shared: error', weights }),
    ],
    [
      'one twice',
      'certificate/is-ca: off\ncertificate/is-ca: off',
      runFault('rule-twice', { rule: 'certificate/is-ca' }),
    ],
    [
      'what the hub refuses, off',
      'certificate/expired: off',
      runFault('rule-not-lowered', { rule: 'certificate/expired', given: 'off', least: 'warning' }),
    ],
    [
      'a guard',
      'certificate/private-key-present: warning',
      runFault('rule-not-lowered', { rule: 'certificate/private-key-present', given: 'warning', least: 'error' }),
    ],
    [
      'a warning of the plan',
      'plan/shared: off',
      runFault('rule-not-lowered', { rule: 'plan/shared', given: 'off', least: 'warning' }),
    ],
  ])('%s is refused', async (_, text, fault) => {
    const [seen, ...others] = await refusals(text);
    expect(seen).toEqual(said(fault));
    expect(seen?.kind).toBe('usage');
    expect(others).toEqual([]);
  });

  it('stands in no manifest', async () => {
    const folder = folderWith({ 'devices.yaml': 'rules: { plan/lockout: off }\ndevices: []\n' });
    const { findings } = await checkFolder(folder, ['devices.yaml'], 'validate');
    expect(findings).toMatchObject([{ rule: 'manifest/unknown-key', severity: 'error' }, { rule: 'manifest/empty' }]);
  });

  it('is refused together with the other settings, with a fault for each line', async () => {
    const settings = { rules: 'x/y: off\ncertificate/is-ca: ignore', 'fail-on': 'notice', 'retention-days': 'forever' };
    const seen = (await refused(readSettings(settings, { directory: '/' }))).map(said);
    expect(seen).toHaveLength(4);
    expect(seen).toContainEqual(said(runFault('no-such-rule', { given: 'x/y' })));
  });

  it.each(ruleNames)('raises %s as one likes, and lowers it as far as its row allows', async (name) => {
    const { severity, adjustable = 'no', initially = severity } = rules[name];
    const lowest: Readonly<Record<Adjustable, Weight>> = { no: severity, warning: 'warning', off: 'off' };
    const least = Math.max(weights.indexOf(severity), weights.indexOf(lowest[adjustable]));
    for (const [index, weight] of weights.entries()) {
      const text = `${name}: ${weight}`;
      if (index > least) {
        const fault = runFault('rule-not-lowered', { rule: name, given: weight, least: weights[least]! });
        expect(await refusals(text)).toEqual([said(fault)]);
      } else expect(await changes(text)).toEqual(weight === initially ? [] : [[name, weight]]);
    }
  });
});
