import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import type { Finding } from '../../src/model/finding.ts';
import type { Report } from '../../src/model/report.ts';
import { type SarifContext, sarif, sarifNotices } from '../../src/report/sarif.ts';
import { finding, ruleNames, rules } from '../../src/rules/rules.ts';
import { fc, times } from '../support/property.ts';
import { everyResult, findingOf, reportOf } from './reports.ts';

/** The schema is of draft 4. Newer drafts call its `id` `$id`; the rest of this schema means the same in them. */
function loadSchema(): object {
  const { id, $schema, ...schema } = JSON.parse(
    readFileSync('__tests__/report/fixtures/sarif-2.1.0.schema.json', 'utf8'),
  );
  expect($schema).toContain('draft-04');
  return schema;
}

const reference = /^(?:[\w.~!$&'()*+,;=:@/?#-]|%[\dA-F]{2})*$/i;
const ajv = new Ajv({
  allErrors: true,
  strict: false,
  unicodeRegExp: false,
  formats: {
    uri: (text: string) => URL.canParse(text) && reference.test(text),
    'uri-reference': reference,
    'date-time': (text: string) => !Number.isNaN(Date.parse(text)),
  },
});
const validate = ajv.compile(loadSchema());

function read(report: Partial<Report>, context: Partial<SarifContext> = {}) {
  const log = JSON.parse(sarif(reportOf(report), { version: '1.2.3', manifest: 'devices.yaml', ...context }));
  validate(log);
  expect((validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)).toEqual([]);
  const [run] = log.runs;
  return { run, driver: run.tool.driver, results: run.results, invocation: run.invocations[0] };
}

const many = (count: number, make: (n: number) => Partial<Finding> = () => ({})) =>
  Array.from({ length: count }, (_, n) => findingOf(make(n)));

describe('the schema of SARIF', () => {
  it.each([
    ['an unknown key', (log: { runs: [Record<string, unknown>] }) => Object.assign(log.runs[0], { surprise: 1 })],
    ['another version', (log: object) => Object.assign(log, { version: '2.0.0' })],
    ['a space in a URI', (log: { runs: [{ results: object[] }] }) => log.runs[0].results.push(locatedAt('a b'))],
  ])('refuses %s', (_, spoil) => {
    const log = JSON.parse(sarif(reportOf({ findings: [findingOf()] }), { version: '1.2.3', manifest: 'a' }));
    expect(validate(log)).toBe(true);
    spoil(log);
    expect(validate(log)).toBe(false);
  });
});

const locatedAt = (uri: string) => ({
  message: { text: 'm' },
  locations: [{ physicalLocation: { artifactLocation: { uri } } }],
});

describe('SARIF', () => {
  it.each(Object.entries(everyResult))('of %s is as the schema says', (_, report) => {
    expect(read(report).results).toHaveLength(report.findings.length);
  });

  it('has a result for a finding: rule, level, message with remedy, place', () => {
    const { results, driver } = read({ findings: [findingOf()] });
    expect(results).toEqual([
      {
        ruleId: 'certificate/cn-mismatch',
        ruleIndex: driver.rules.findIndex(({ id }: { id: string }) => id === 'certificate/cn-mismatch'),
        level: 'error',
        message: { text: 'certs/a.pem has the common name "b", expected "a"\n→ Rename it.' },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: 'fleet/devices.yaml', uriBaseId: '%SRCROOT%' },
              region: { startLine: 12, startColumn: 5 },
            },
          },
        ],
        partialFingerprints: { 'provisionIotEdge/v1': expect.stringMatching(/^[0-9a-f]{32}:1$/) },
      },
    ]);
  });

  it('stops at no ten, and puts errors first', () => {
    const findings = [...many(30, () => ({ severity: 'notice' })), findingOf({ severity: 'warning' }), findingOf()];
    const levels = read({ findings }).results.map(({ level }: { level: string }) => level);
    expect(levels).toEqual(['error', 'warning', ...Array(30).fill('note')]);
  });

  it.each(ruleNames)('describes the rule %s with help', (name) => {
    const { driver } = read({}, { rulesPage: 'https://github.example/a/b/blob/v1/docs/rules.md' });
    const rule = driver.rules.find(({ id }: { id: string }) => id === name);
    const levels = { error: 'error', warning: 'warning', notice: 'note' };
    expect(rule.defaultConfiguration.level).toBe(levels[rules[name].severity]);
    expect(rule.fullDescription.text).toBe(rules[name].about);
    expect(rule.fullDescription.text.startsWith(rule.shortDescription.text)).toBe(true);
    expect(rule.shortDescription.text).toMatch(/[.)]$/);
    expect(rule.help.text).toContain(rules[name].about);
    expect(rule.help.text).toMatch(/\nFor example: .+\nWhat to do: .+/s);
    expect(rule.help.markdown).toMatch(/\n> .+ {2}\n> → .+/s);
  });

  it('leads from a rule to its heading in docs/rules.md, where that page is known', () => {
    const headings = readFileSync('docs/rules.md', 'utf8').matchAll(/^### (.+)$/gm);
    // https://github.com/gjtorikian/html-pipeline/blob/main/lib/html_pipeline/node_filter/table_of_contents_filter.rb
    const anchors = [...headings].map(([, text = '']) => text.toLowerCase().replace(/[^\w\- ]/g, ''));
    const { driver } = read({}, { rulesPage: 'https://github.example/rules.md' });
    const linked = driver.rules.map(({ helpUri }: { helpUri: string }) => new URL(helpUri).hash.slice(1));
    expect(linked).toEqual(expect.arrayContaining(anchors));
    expect(new Set(linked).size).toBe(ruleNames.length);
    expect(read({}).driver.rules[0]).not.toHaveProperty('helpUri');
  });

  it.each([
    ['a b/#1?.yaml', 'a%20b/%231%3F.yaml'],
    ['gerät%2f.yaml', 'ger%C3%A4t%252f.yaml'],
    ['x:y\\z.yaml', 'x%3Ay%5Cz.yaml'],
    ['\ud800.yaml', '%EF%BF%BD.yaml'],
  ])('encodes the path %j', (file, uri) => {
    const { results } = read({ findings: [findingOf({ place: { file, line: 1, column: 1 } })] });
    expect(results[0].locations[0].physicalLocation.artifactLocation.uri).toBe(uri);
  });

  it('puts a finding without a place on the first line of the manifest: code scanning wants one', () => {
    const { results } = read({ findings: [findingOf({ place: undefined })] }, { manifest: 'fleet/*.yaml' });
    expect(results[0].locations[0].physicalLocation).toEqual({
      artifactLocation: { uri: 'fleet/*.yaml', uriBaseId: '%SRCROOT%' },
      region: { startLine: 1, startColumn: 1 },
    });
  });

  it('tells faults as notifications of the tool', () => {
    const { invocation } = read({ result: 'failed', faults: [new Fault('no hub', 'Look.')] });
    expect(invocation).toEqual({
      executionSuccessful: false,
      toolExecutionNotifications: [{ level: 'error', message: { text: 'no hub\n→ Look.' } }],
    });
    expect(read({}).invocation.executionSuccessful).toBe(true);
  });

  it('holds no secret, no hidden character and no link of a text', () => {
    const message = 'SharedAccessKey=c2VjcmV0 [x](https://evil.example) \u202e\n';
    const { results } = read({
      findings: [findingOf({ message, device: undefined })],
      faults: [new Fault('f', 'Bearer abc')],
    });
    expect(results[0].message.text).toMatch(
      /^SharedAccessKey=\*\*\* \[x\] \(https:\/\/evil\.example\) \\u\{202e\}\\n\n→ /,
    );
    expect(sarif(reportOf({ faults: [new Fault('f', 'Bearer abc')] }), { version: '1', manifest: 'a' })).not.toContain(
      'abc',
    );
  });

  it('is as the schema says for any text', () => {
    const text = fc.string({ unit: 'binary', maxLength: 60 });
    fc.assert(
      fc.property(text, text, text, (message, file, device) => {
        read({ findings: [findingOf({ message, device, place: { file: `a/${file}`, line: 1, column: 1 } })] });
      }),
      times(100),
    );
  });
});

describe('the limits of code scanning', () => {
  const noted = (report: Partial<Report>) => {
    const { invocation, results } = read(report);
    return [
      results.length,
      invocation.toolExecutionNotifications.map(({ message }: { message: { text: string } }) => message.text),
    ];
  };

  it.each([
    [5000, 5000, []],
    [5001, 5001, [sarifNotices.notShown({ all: 5001, shown: 5000 })]],
    [25_000, 25_000, [sarifNotices.notShown({ all: 25_000, shown: 5000 })]],
    [25_003, 25_000, [sarifNotices.leftOut({ all: 25_003, written: 25_000 })]],
  ])(
    'of %i findings %i are written',
    (count, written, notes) => {
      expect(noted({ findings: many(count) })).toEqual([written, notes]);
    },
    300_000,
  );

  it('cut notices before errors', () => {
    const findings = [...many(25_000, () => ({ severity: 'notice' })), findingOf()];
    expect(read({ findings }).results[0].level).toBe('error');
  });

  it('are kept in bytes too, however little a text can be compressed', () => {
    let seed = 1;
    const noise = () =>
      Array.from({ length: 900 }, () => {
        seed = (seed * 48_271) % 2_147_483_647;
        return String.fromCodePoint(0x4e00 + (seed % 20_000));
      }).join('');
    const text = sarif(reportOf({ findings: many(8000, () => ({ message: noise() })) }), {
      version: '1',
      manifest: 'a',
    });
    expect(gzipSync(text).length).toBeLessThan(10_000_000);
    const [{ results, invocations }] = JSON.parse(text).runs;
    expect(results.length).toBeGreaterThan(1000);
    const notice = sarifNotices.leftOut({ all: 8000, written: results.length });
    expect(invocations[0].toolExecutionNotifications[0].message.text).toBe(notice);
  });
});

describe('the fingerprint of a finding', () => {
  const key = rules['certificate/expires-soon'].example;
  const soon = (parts: object = {}) => finding('certificate/expires-soon', { ...key, ...parts }, { device: 'a' });
  const print = (one: Finding) => read({ findings: [one] }).results[0].partialFingerprints['provisionIotEdge/v1'];

  it('stays when its line moves and when its numbers change', () => {
    const moved = findingOf({ place: { file: 'fleet/devices.yaml', line: 99, column: 1 } });
    expect(print(moved)).toBe(print(findingOf()));
    expect(print({ ...soon(), message: 'ends in 9 days' })).toBe(print({ ...soon(), message: 'ends in 12 days' }));
  });

  it.each([
    ['rule', { rule: 'certificate/expired' }],
    ['device', { device: 'b' }],
    ['hub', { hub: 'other.azure-devices.net' }],
    ['message', { message: 'other' }],
  ])('differs by %s', (_, parts) => {
    expect(print(findingOf(parts))).not.toBe(print(findingOf()));
  });

  it('is unique, and is the one of code scanning where findings of a rule share a line', () => {
    const place = { file: 'a.yaml', line: 3, column: 1 };
    const twins = [findingOf({ place }), findingOf({ place }), findingOf({ place, device: 'b' })];
    const { results } = read({ findings: [...twins, findingOf({ rule: 'certificate/expired', place })] });
    const prints = results.map((one: { partialFingerprints: Record<string, string> }) => one.partialFingerprints);
    expect(new Set(prints.map((one: Record<string, string>) => one['provisionIotEdge/v1'])).size).toBe(4);
    for (const one of prints.slice(0, 3)) expect(one.primaryLocationLineHash).toBe(one['provisionIotEdge/v1']);
    expect(prints[3]).not.toHaveProperty('primaryLocationLineHash');
  });
});
