import { describe, expect, it } from 'vitest';
import type { Refuser, Rule } from '../../src/rules/rule.ts';
import { ruleNames, rules } from '../../src/rules/rules.ts';

type Row = Pick<Rule<never>, 'severity' | 'refusedBy' | 'adjustable'>;

/** Values of these go into a shell, into the configuration or into the installer, or the stage that judges them has no value without them. */
const guards: readonly string[] = [
  'certificate/missing',
  'certificate/unreadable',
  'certificate/outside-workspace',
  'certificate/names-no-device',
  'certificate/no-free-slot',
  'certificate/private-key-present',
  'certificate/shared-between-devices',
  'config/uri',
  'config/proxy',
  'config/pkcs11',
  'config/base',
  'config/placeholder',
  'config/secret-in-manifest',
  'config/unsupported-by-version',
  'device/id-characters',
  'device/not-checked',
];

/** What is wrong with a row of the table. */
function complaints(name: string, { severity, refusedBy, adjustable = 'no' }: Row): readonly string[] {
  const who = refusedBy.map((refuser) => refuser.who);
  const outside = who.some((one) => one === 'hub' || one === 'runtime');
  const mustStay = /^(plan|hub|manifest)\//.test(name) || guards.includes(name);
  const sources = refusedBy.flatMap((refuser) => ('source' in refuser ? [refuser.source] : []));
  return [
    ...(who.length === 0 ? ['names nobody, not even "nobody"'] : []),
    ...(severity === 'error' && !outside && !who.includes('this action') ? ['is an error that nobody refuses'] : []),
    ...(adjustable === 'off' && (outside || who.includes('this action')) ? ['may be off, and is refused'] : []),
    ...(adjustable !== 'no' && mustStay ? ['may be lowered, and guards something'] : []),
    ...(who.includes('nobody') && who.length > 1 ? ['names nobody and somebody'] : []),
    ...sources.filter((source) => !saysWhere(source)).map((source) => `has the source ${source}`),
  ];
}

/** An address, or words that name a file, a version or an address. */
function saysWhere(source: string): boolean {
  return (
    /^https:\/\/[\w.-]+\/\S+$/.test(source) ||
    (/\s/.test(source) && /https:\/\/|\w\.(rs|go|cs|c|lock)\b|\d\.\d/.test(source))
  );
}

describe('who refuses what a rule finds', () => {
  it.each(ruleNames)('%s', (name) => {
    expect(complaints(name, rules[name])).toEqual([]);
  });

  const hub: Refuser = { who: 'hub', source: 'https://learn.microsoft.com/azure' };
  const check: Refuser = { who: 'iotedge check', says: 'error', source: 'https://github.com/Azure/iotedge' };
  it.each<[string, string, Row, string]>([
    ['no one', 'a/b', { severity: 'notice', refusedBy: [] }, 'names nobody, not even "nobody"'],
    [
      'advice as an error',
      'a/b',
      { severity: 'error', refusedBy: [{ who: 'nobody' }] },
      'is an error that nobody refuses',
    ],
    [
      'what only iotedge check says',
      'a/b',
      { severity: 'error', refusedBy: [check] },
      'is an error that nobody refuses',
    ],
    [
      'what the hub refuses, off',
      'a/b',
      { severity: 'error', refusedBy: [hub], adjustable: 'off' },
      'may be off, and is refused',
    ],
    [
      'a plan that may be lowered',
      'plan/x',
      { severity: 'error', refusedBy: [hub], adjustable: 'warning' },
      'may be lowered, and guards something',
    ],
    [
      'a path that may be lowered',
      'config/uri',
      { severity: 'error', refusedBy: [hub], adjustable: 'warning' },
      'may be lowered, and guards something',
    ],
    [
      'nobody beside the hub',
      'a/b',
      { severity: 'error', refusedBy: [hub, { who: 'nobody' }] },
      'names nobody and somebody',
    ],
    [
      'no address',
      'a/b',
      { severity: 'error', refusedBy: [{ who: 'hub', source: 'somewhere' }] },
      'has the source somewhere',
    ],
  ])('would tell of %s', (_, name, row, complaint) => {
    expect(complaints(name, row)).toEqual([complaint]);
  });

  it('knows each guard', () => {
    const names: readonly string[] = ruleNames;
    expect(guards.filter((name) => !names.includes(name))).toEqual([]);
  });
});
