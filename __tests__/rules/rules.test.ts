import { describe, expect, it } from 'vitest';
import type { Severity } from '../../src/model/finding.ts';
import { finding, type RuleName, ruleNames, rules } from '../../src/rules/rules.ts';
import { at } from '../support/finding.ts';
import { type Branch, branches, rendered } from './branches.ts';

/** The rules that are promised, by severity: a name once published does not change, and neither does its weight. */
const promised: Readonly<Record<Severity, readonly string[]>> = {
  error: [
    'manifest/syntax',
    'manifest/unknown-key',
    'manifest/type',
    'manifest/empty',
    'manifest/search-bound',
    'device/id-characters',
    'device/id-shortened',
    'device/duplicate',
    'device/parent-unknown',
    'device/parent-cycle',
    'device/tags',
    'device/not-checked',
    'certificate/missing',
    'certificate/unreadable',
    'certificate/outside-workspace',
    'certificate/cn-mismatch',
    'certificate/names-no-device',
    'certificate/not-yet-valid',
    'certificate/expired',
    'certificate/signing-key',
    'certificate/no-free-slot',
    'certificate/weak-key',
    'certificate/useless-key',
    'certificate/signs-nothing',
    'certificate/more-than-one',
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
    'config/hostname-unusable',
    'config/no-parent-hostname',
    'config/unsupported-by-version',
    'config/base',
    'config/base-syntax',
    'config/base-value',
    'config/secret-in-manifest',
    'config/pkcs11',
    'config/create-options',
    'config/empty-name',
    'config/refused-value',
    'config/proxy',
    'config/placeholder',
    'hub/not-allowed',
    'hub/ambiguous',
    'hub/no-domain',
    'device/parent-hub-name',
    'plan/lockout',
    'plan/carried-certificate',
    'plan/foreign',
    'plan/parent-removed',
    'plan/too-many-changes',
    'plan/differs-from-approved',
    'deployment/syntax',
    'deployment/none',
    'deployment/unknown-form',
    'deployment/placeholder',
    'deployment/empty',
    'deployment/schema-version',
    'deployment/refused-value',
    'deployment/image',
    'deployment/create-options',
    'deployment/create-options-pieces',
    'deployment/reserved-module-name',
    'deployment/null-login',
    'deployment/integrity',
    'deployment/mqtt-broker',
    'deployment/route',
    'deployment/route-condition',
    'deployment/hub-limit',
    'deployment/too-large',
    'deployment/module-name',
    'deployment/port-twice',
  ],
  warning: [
    'device/id-too-long-for-cn',
    'certificate/no-cn',
    'certificate/no-client-auth',
    'certificate/chain-broken',
    'certificate/key-search-bound',
    'certificate/expires-soon',
    'certificate/is-ca',
    'certificate/no-digital-signature',
    'certificate/authority-left-out',
    'certificate/small-key',
    'certificate/chain-not-valid',
    'certificate/chain-order',
    'certificate/weak-signature',
    'certificate/year-2038',
    'certificate/same-key-twice',
    'device/case-collision',
    'config/hostname',
    'config/path-needs-encoding',
    'config/uri-read-otherwise',
    'config/pkcs11-uri',
    'config/create-options-old-patch',
    'config/variable-without-name',
    'config/edge-ca-of-no-days',
    'config/base-dropped',
    'config/base-renewing-identity',
    'config/base-syntax-by-patch',
    'config/base-unknown-key',
    'config/hub-name-changes',
    'hub/service-name',
    'plan/inactive-device',
    'plan/re-enable',
    'plan/shared',
    'runner/public-repository',
    'deployment/lenient-json',
    'deployment/changed-value',
    'deployment/respelt-value',
    'deployment/key-twice',
    'deployment/other-key',
    'deployment/misspelt-key',
    'deployment/misplaced-key',
    'deployment/create-options-key',
    'deployment/create-options-object',
    'deployment/create-options-lenient',
    'deployment/image-not-text',
    'deployment/no-routes',
    'deployment/skipped-route',
    'deployment/no-time-to-live',
    'deployment/not-read',
    'deployment/route-rest',
    'deployment/route-comment',
    'deployment/nearly-too-large',
    'deployment/metrics-port',
    'deployment/route-module',
    'deployment/route-never',
    'deployment/login-unused',
    'deployment/login-missing',
    'deployment/layer-base',
    'deployment/fewer-pieces',
  ],
  notice: [
    'plan/stays',
    'thumbprint/normalised',
    'thumbprint/single',
    'runtime/out-of-support',
    'certificate/chain-repeats',
    'manifest/link-not-followed',
    'manifest/base-unread',
    'deployment/not-strict-json',
    'deployment/version-assumed',
    'deployment/key-case',
    'deployment/unknown-key',
    'deployment/edge-agent-fixed',
    'deployment/no-system-module',
    'deployment/no-tag',
    'deployment/route-name',
    'deployment/latest-tag',
    'deployment/written-secret',
    'deployment/host-mount',
    'deployment/privileged',
    'deployment/no-log-limit',
    'deployment/hub-storage',
    'deployment/finite-time-to-live',
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
    expectText(rules[name].about);
    expectClause(message);
    expectSentences(remedy);
    expect(rules[name].about).toMatch(/^[A-Z].*\.$/);
  });

  it('gives an example of a long id that is as long as it says', () => {
    const { id, length } = rules['device/id-too-long-for-cn'].example;
    expect(id).toHaveLength(length);
    expect(length).toBe(65);
  });

  it('keeps the place of a finding', () => {
    const subject = { place: at('devices.yaml', 3, 7), hub: 'a.b', device: 'edge-001' };
    const { rule, severity } = finding('manifest/syntax', { kind: 'quote-in-cell' }, subject);
    expect(finding('manifest/syntax', { kind: 'quote-in-cell' }, subject)).toMatchObject(subject);
    expect({ rule, severity }).toEqual({ rule: 'manifest/syntax', severity: 'error' });
  });
});

describe('a message or a remedy that depends on its details', () => {
  it.each(branches)('$rule: $message', ({ message, remedy }) => {
    expectClause(message);
    expectSentences(remedy);
  });

  it.each([...new Set(branches.map(({ rule }) => rule))])('%s says something else for each kind of details', (name) => {
    const ofRule = branches.filter(({ rule }) => rule === name);
    const texts = [...ofRule, { ...exampleOf(name) }].map(({ message, remedy }) => `${message}\n${remedy}`);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it.each<[string, Branch, readonly string[]]>([
    [
      'the known keys, where none is suggested',
      rendered('manifest/unknown-key', { key: 'k', where: 'a device', known: ['id', 'hub'] }),
      ['"k"', 'a device', 'id, hub'],
    ],
    [
      'the suggested key',
      rendered('manifest/unknown-key', { key: 'k', where: 'a device', suggestion: 'key', known: ['id'] }),
      ['"k"', 'a device', '"key"'],
    ],
    [
      'what is expected, where no other remedy is known',
      rendered('manifest/type', { key: 'k', expected: 'text', found: 'a map' }),
      ['k: ', 'k text', 'a map'],
    ],
    [
      'the value in quotes',
      rendered('manifest/type', { key: 'k', expected: 'text', found: 'the number 1', remedy: { quote: '1.10' } }),
      ['"1.10"'],
    ],
    [
      'every common name, in quotes',
      rendered('certificate/cn-mismatch', { path: 'p.pem', commonNames: ['a', 'b"'], id: 'c' }),
      ['p.pem', '2', '"a", "b\\""', '"c"', 'CN=c'],
    ],
    [
      'one day',
      rendered('certificate/expires-soon', { path: 'p', id: 'a', slot: 'secondary', notAfter: 'then', days: 1 }),
      ['secondary', '"a"', 'p', '1 day,', 'then'],
    ],
    [
      'several days',
      rendered('certificate/expires-soon', { path: 'p', id: 'a', slot: 'primary', notAfter: 'then', days: 2 }),
      ['2 days,'],
    ],
    [
      'the hubs that are allowed',
      rendered('hub/not-allowed', { hub: 'a.b', allowed: ['c.d', 'e.f'] }),
      ['a.b', 'c.d, e.f'],
    ],
    ['the hubs to choose from', rendered('hub/ambiguous', { allowed: ['c.d', 'e.f'] }), ['2', 'c.d, e.f']],
    ['why a device was disabled', rendered('plan/re-enable', { id: 'a', reason: 'stolen' }), ['"a"', '(stolen)']],
    [
      'the host name that somebody gave',
      rendered('config/hostname', { key: 'config.hostname', hostname: '7', problem: { kind: 'address' } }),
      ['config.hostname, "7"', 'config.hostname'],
    ],
    [
      'a chain by its names',
      rendered('certificate/chain-broken', { path: 'p', subject: 'CN=S', of: 'CN=O', issuer: 'CN=I', why: 'stranger' }),
      ['p: "CN=S"', '"CN=I"', '"CN=O"'],
    ],
    [
      'how many of what was dropped',
      rendered('thumbprint/normalised', {
        dropped: [
          { kind: 'dash', count: 2 },
          { kind: 'dot', count: 1 },
          { kind: 'mark', text: 'U+200E', count: 2 },
          { kind: 'label', text: 'SHA1 Fingerprint=', count: 1 },
        ],
      }),
      ['2 dashes, 1 dot, 2 invisible marks (U+200E), 1 "SHA1 Fingerprint="'],
    ],
    [
      'both values of a field',
      rendered('plan/differs-from-approved', {
        id: 'a',
        differences: [
          {
            kind: 'other-value',
            was: { field: 'status', before: 'enabled', after: 'disabled' },
            now: { field: 'parent', before: null, after: 'b' },
          },
          { kind: 'missing-field', was: { field: 'edge', before: 'false', after: 'true' } },
        ],
      }),
      ['"a"', 'status enabled → disabled', 'parent (none) → b', '; edge false → true'],
    ],
  ])('names %s', (_, { message, remedy }, parts) => {
    for (const part of parts) expect(`${message} → ${remedy}`).toContain(part);
  });

  it.each([
    ['certs/edge-001.pem', 'git rm certs/edge-001.pem,'],
    ['a b.pem', "git rm 'a b.pem',"],
    ['$(reboot).pem', "git rm '$(reboot).pem',"],
    ["it's`id`.pem", "git rm 'it'\\''s`id`.pem',"],
    ['-rf.pem', "git rm '-rf.pem',"],
  ])('names the file %j so that a shell takes it as one word', (path, command) => {
    expect(rendered('certificate/private-key-present', { path, format: 'DER' }).remedy).toContain(command);
  });
});

function expectText(text: string): void {
  expect(text.trim()).toBe(text);
  expect(text.length).toBeGreaterThan(9);
  expect(text).not.toMatch(/undefined|NaN|\[object|\n/);
}

function expectClause(message: string): void {
  expectText(message);
  expect(message, 'is a clause').not.toMatch(/[.!:;,]$/);
}

function expectSentences(remedy: string): void {
  expectText(remedy);
  expect(remedy, 'is one sentence or more').toMatch(/^[A-Z"`{].*\.$/);
}
