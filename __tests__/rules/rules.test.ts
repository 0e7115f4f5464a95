import { describe, expect, it } from 'vitest';
import type { Severity } from '../../src/model/finding.ts';
import { type DetailsOf, finding, type RuleName, ruleNames, rules } from '../../src/rules/rules.ts';

/** The rules that are promised, by severity: a name once published does not change, and neither does its weight. */
const promised: Readonly<Record<Severity, readonly string[]>> = {
  error: [
    'manifest/syntax',
    'manifest/unknown-key',
    'manifest/type',
    'manifest/empty',
    'device/id-characters',
    'device/id-too-long-for-cn',
    'device/duplicate',
    'device/parent-unknown',
    'device/parent-cycle',
    'device/tags',
    'certificate/missing',
    'certificate/unreadable',
    'certificate/outside-workspace',
    'certificate/no-cn',
    'certificate/cn-mismatch',
    'certificate/not-yet-valid',
    'certificate/expired',
    'certificate/signing-key',
    'certificate/chain-broken',
    'certificate/no-free-slot',
    'certificate/no-client-auth',
    'certificate/weak-key',
    'certificate/year-2050',
    'certificate/key-type-unsupported',
    'certificate/private-key-present',
    'certificate/shared-between-devices',
    'thumbprint/missing',
    'thumbprint/length',
    'thumbprint/not-hex',
    'thumbprint/mixed-lengths',
    'thumbprint/mismatch',
    'thumbprint/only-secondary',
    'config/uri',
    'config/hostname',
    'config/unsupported-by-version',
    'config/base',
    'config/secret-in-manifest',
    'config/pkcs11',
    'config/proxy',
    'config/placeholder',
    'hub/not-allowed',
    'hub/ambiguous',
    'plan/lockout',
    'plan/foreign',
    'plan/parent-removed',
    'plan/too-many-changes',
    'plan/differs-from-approved',
  ],
  warning: [
    'certificate/expires-soon',
    'certificate/is-ca',
    'certificate/chain-not-valid',
    'certificate/chain-order',
    'certificate/weak-signature',
    'certificate/year-2038',
    'certificate/same-key-twice',
    'device/case-collision',
    'config/path-needs-encoding',
    'config/base-unknown-key',
    'plan/re-enable',
    'runner/public-repository',
  ],
  notice: [
    'thumbprint/normalised',
    'thumbprint/single',
    'runtime/out-of-support',
    'certificate/chain-repeats',
    'certificate/authority-left-out',
  ],
};

/** Promised for a later release: none is left, all of them are here. */
const later: readonly string[] = [];

function exampleOf<Name extends RuleName>(name: Name) {
  return finding(name, rules[name].example, { device: 'edge-001' });
}

describe('the table of rules', () => {
  it.each(['error', 'warning', 'notice'] as const)('has every promised %s, and no other', (severity) => {
    const there = ruleNames.filter((name) => rules[name].severity === severity);
    expect([...there].sort()).toEqual(promised[severity].filter((name) => !later.includes(name)).sort());
  });

  it('has none of those that are for later', () => {
    const names: readonly string[] = ruleNames;
    expect(later.filter((name) => names.includes(name))).toEqual([]);
  });

  it.each(ruleNames)('%s says what it is about, what it found, and what to do', (name) => {
    expect(name).toMatch(/^[a-z]+\/[a-z0-9-]+$/);
    const { message, remedy, rule, severity, device } = exampleOf(name);
    expect({ rule, severity, device }).toEqual({ rule: name, severity: rules[name].severity, device: 'edge-001' });
    for (const text of [rules[name].about, message, remedy]) {
      expect(text.trim()).toBe(text);
      expect(text.length).toBeGreaterThan(10);
      expect(text).not.toMatch(/undefined|NaN|\[object|\n/);
    }
    expect(message, 'a message is a clause').not.toMatch(/[.!:;,]$/);
    expect(remedy, 'a remedy is one sentence or more').toMatch(/^[A-Z"`].*\.$/);
    expect(rules[name].about).toMatch(/^[A-Z].*\.$/);
  });

  it('gives an example of a long id that is as long as it says', () => {
    const { id, length } = rules['device/id-too-long-for-cn'].example;
    expect(id).toHaveLength(length);
    expect(length).toBe(65);
  });

  it('keeps the place of a finding', () => {
    const place = { file: 'devices.yaml', line: 3, column: 7 };
    expect(finding('manifest/syntax', { what: 'w' }, { place, hub: 'a.b' })).toMatchObject({ place, hub: 'a.b' });
  });
});

describe('a message or a remedy that depends on its details', () => {
  const said = <Name extends RuleName>(name: Name, details: DetailsOf[Name]) => {
    const { message, remedy } = rules[name];
    return `${message(details)} → ${remedy(details)}`;
  };

  it.each([
    ['without a remedy of its own', said('manifest/syntax', { what: 'w' }), 'while you type.'],
    ['with one', said('manifest/syntax', { what: 'w', remedy: 'Do it.' }), 'w → Do it.'],
    [
      'without a suggestion',
      said('manifest/unknown-key', { key: 'k', where: 'a device', known: ['id', 'hub'] }),
      'unknown key "k" in a device → Remove it. Known keys here: id, hub.',
    ],
    ['of any type', said('manifest/type', { key: 'k', expected: 'text', found: 'a map' }), '→ Give k text.'],
    [
      'of two common names',
      said('certificate/cn-mismatch', { path: 'p', commonNames: ['a', 'b"'], id: 'a' }),
      'p has 2 common names ("a", "b\\""), expected one, "a"',
    ],
    [
      'of one day',
      said('certificate/expires-soon', { path: 'p', id: 'a', slot: 'secondary', notAfter: 'then', days: 1 }),
      'the secondary certificate of device "a", p, ends in 1 day, at then',
    ],
    [
      'of a hub where none is allowed',
      said('hub/not-allowed', { hub: 'a.b', allowed: [] }),
      'is not named by the workflow, which names none',
    ],
    ['of no hub at all', said('hub/ambiguous', { allowed: [] }), 'no hub: neither the manifest nor the run names one'],
    [
      'of a device that was disabled without a reason',
      said('plan/re-enable', { id: 'a', reason: '' }),
      'device "a" is disabled in the hub and would be enabled',
    ],
    [
      'of a host name that somebody gave',
      said('config/hostname', { key: 'config.hostname', hostname: 'a_b', problem: 'has "_"', implied: false }),
      'config.hostname, "a_b", has "_" → Give config.hostname the name',
    ],
  ])('%s', (_, text, part) => expect(text).toContain(part));

  it.each([
    ['certs/edge-001.pem', 'git rm certs/edge-001.pem,'],
    ['a b.pem', "git rm 'a b.pem',"],
    ['$(reboot).pem', "git rm '$(reboot).pem',"],
    ["it's`id`.pem", "git rm 'it'\\''s`id`.pem',"],
    ['-rf.pem', "git rm '-rf.pem',"],
  ])('names the file %j so that a shell takes it as one word', (path, command) => {
    expect(said('certificate/private-key-present', { path, what: 'a key' })).toContain(command);
  });
});
