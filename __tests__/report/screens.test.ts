import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import type { Place } from '../../src/model/finding.ts';
import type { Report } from '../../src/model/report.ts';
import { annotations } from '../../src/report/annotations.ts';
import { commentMarkdown } from '../../src/report/comment.ts';
import { headline } from '../../src/report/headline.ts';
import { issueMarkdown } from '../../src/report/issue.ts';
import { reportJson } from '../../src/report/json.ts';
import { elsewhere, leftOut } from '../../src/report/left-out.ts';
import { code } from '../../src/report/markdown.ts';
import { nextTexts } from '../../src/report/next.ts';
import { said } from '../../src/report/said.ts';
import { sarif } from '../../src/report/sarif.ts';
import { summaryMarkdown } from '../../src/report/summary.ts';
import { plainStyle, reportLines } from '../../src/report/text.ts';
import { titles } from '../../src/report/titles.ts';
import { once } from '../../src/rules/once.ts';
import { ruleNames } from '../../src/rules/rules.ts';
import { at } from '../support/finding.ts';
import { manyIds } from '../support/fleet.ts';
import { elementsOf, pageOf, textOf } from '../support/page.ts';
import { generatedRuns } from './generated-runs.ts';
import { changeOf, findingOf, outcomeOf, reportOf } from './reports.ts';

const link = ({ file, line }: Place) => `https://github.example/octo/fleet/blob/0123/${file}#L${line}`;
const context = { marker: '<!-- provision-iot-edge: 0123 -->', link, run: 'https://github.example/run/4711' };

/** What a person sees of a report: the whole text, and the heads in it. */
interface Screen {
  readonly text: string;
  readonly heads: readonly string[];
}

function terminal(report: Report): Screen {
  const lines = reportLines(report, plainStyle);
  return {
    text: lines.join('\n'),
    heads: [lines[0] ?? '', ...lines.filter((line) => /^[A-Z].* \([\d,]+\)$/.test(line))],
  };
}

function page(markdown: string): Screen {
  const tree = pageOf(markdown);
  return { text: textOf(tree), heads: elementsOf(tree, 'h1', 'h2', 'h3', 'h4', 'summary') };
}

/** Verify alone keeps an issue. */
const watches = generatedRuns.filter(([, { command }]) => command === 'verify');

const screens: readonly (readonly [name: string, show: (report: Report) => Screen, runs: typeof generatedRuns])[] = [
  ['terminal', terminal, generatedRuns],
  ['comment', (report) => page(commentMarkdown(report, context)), generatedRuns],
  ['summary', (report) => page(summaryMarkdown(report, link)), generatedRuns],
  ['issue', (report) => page(issueMarkdown(report, context)), watches],
];

/** The words that stand for each part, in the order of the parts. */
const parts = {
  needsPerson: /x(?:fault|error|failed|unknown|blocked|conflict|disable|delete|claim)\d+/g,
  changes: /x(?:create|update)\d+/g,
  configuration: /xconfig\d+/g,
  warnings: /xwarning\d+/g,
  notices: /xnotice\d+/g,
} as const;

/** Where each word stands first: a long text on a terminal repeats some of them at its end. */
function places(text: string, words: RegExp): readonly number[] {
  const found = new Set([...text.matchAll(words)].map(([word]) => word));
  return [...found].map((word) => text.search(new RegExp(`${word}(?!\\d)`)));
}

describe.each(screens)('%s', (name, screenOf, runs) => {
  const shown = new Map<Report, Screen>();
  const show = (report: Report): Screen => {
    const screen = shown.get(report) ?? screenOf(report);
    shown.set(report, screen);
    return screen;
  };
  // An issue leaves out most warnings, and does not count them.
  const sentenceOf = (report: Report) =>
    name === 'issue' ? headline(report).replace(/ \(\d+ warning.*/, '') : headline(report);

  it.each(runs)('of %s: the sentence, what needs a person, changes, configuration, warnings, notices', (_, report) => {
    const { text, heads } = show(report);
    expect(heads[0]?.startsWith(sentenceOf(report)), heads[0]).toBe(true);
    expect(text.trimStart().startsWith(sentenceOf(report))).toBe(true);
    const isStoppedByWarnings =
      report.result === 'invalid' && !report.findings.some(({ severity }) => severity === 'error');
    const order = Object.entries(parts).filter(([part]) => !(isStoppedByWarnings && part === 'warnings'));
    let last = 0;
    for (const [part, words] of order) {
      const here = places(text, words);
      if (here.length === 0) continue;
      expect(Math.min(...here), part).toBeGreaterThan(last);
      last = Math.max(...here);
    }
    if (isStoppedByWarnings && name !== 'issue') {
      const others = ['changes', 'configuration', 'notices'] as const;
      const first = Math.min(...others.flatMap((part) => places(text, parts[part])), text.length);
      expect(Math.max(...places(text, parts.warnings))).toBeLessThan(first);
    }
  });

  it.each(runs)('of %s: no head names what did not happen', (_, report) => {
    const done = new Set<string>(report.outcomes.map(({ result }) => result));
    const kinds = new Set<string>(report.changes.map(({ kind }) => kind));
    const planned = report.command === 'plan';
    const verified = report.command === 'verify';
    const happened: Readonly<Record<string, boolean>> = {
      created: done.has('created'),
      updated: done.has('updated'),
      claimed: done.has('claimed'),
      disabled: done.has('removed'),
      deleted: done.has('removed'),
      removed: done.has('removed'),
      made: done.has('created') || done.has('updated'),
      applied: done.size > 0,
      failed: done.has('failed') || report.result === 'failed',
      unknown: done.has('unknown'),
      written: report.bundles.length > 0 || done.size > 0,
      rendered: report.result === 'rendered',
      'to create': planned && kinds.has('create'),
      'to update': planned && kinds.has('update'),
      'to claim': (planned || verified) && kinds.has('claim'),
      'to remove': planned && (kinds.has('disable') || kinds.has('delete')),
      'to make': planned && (kinds.has('create') || kinds.has('update')),
      missing: (verified && kinds.has('create')) || report.result === 'written',
      different: verified && (kinds.has('update') || kinds.has('blocked')),
      blocked: kinds.has('blocked'),
      foreign: kinds.has('conflict'),
      drift: report.result === 'drift',
    };
    for (const head of show(report).heads) {
      const said = head
        .toLowerCase()
        .replace(/\bnot (?:made|removed|claimed)\b|\bno(?:thing| bundle) was written\b/g, '');
      for (const [word, is] of Object.entries(happened)) {
        if (!is) expect(said.split(/[^a-z ]/).join('|')).not.toMatch(new RegExp(`\\b${word}\\b`));
      }
      if (!/^(?:\d+ devices?: the manifest is valid|Listed|Rendered|In sync|Plan: nothing|Apply: nothing)/.test(head))
        expect(head).not.toMatch(/\b0 /);
    }
  });

  it.each(runs)('of %s: says everything, and at its end what to do next', (_, report) => {
    const { text } = show(report);
    const all = JSON.stringify([
      name === 'issue' ? [] : report.findings,
      report.changes.filter(({ kind }) => kind !== 'unchanged').map(({ id }) => id),
      report.configuration,
      report.faults.map(({ message }) => message),
      report.listed.map(({ device }) => device.id),
    ]);
    for (const [word] of all.matchAll(/x[a-z]+\d+/g)) expect(text).toContain(word);
    const end = text
      .trimEnd()
      .split('\n')
      .filter((line) => line !== '' && !line.includes('The run and its summary'));
    if (report.result !== 'listed') expect(end.at(-1)).toMatch(/^Next: /);
    for (const { artifact } of name === 'terminal' ? [] : report.bundles) {
      if (report.artifacts !== undefined) expect(text).toContain(artifact);
    }
  });
});

describe('one common warning of 1,000 devices', () => {
  const ids = manyIds(1000);
  const message = (id: string) => `certs/${id}.pem is an authority`;
  const findings = once(
    ids.map((device, n) => {
      const place = at(n < 900 ? 'a.csv' : 'b.csv', n + 2, 1);
      return findingOf({
        severity: 'warning',
        device,
        message: message(device),
        remedy: `Replace certs/${device}.pem.`,
        place,
      });
    }),
  );
  const report = reportOf({ command: 'plan', result: 'unchanged', findings });

  it.each(screens)('is one entry: %s', (name, show) => {
    // An issue shows no warnings but those of certificates that end soon.
    const rule = name === 'issue' ? 'certificate/expires-soon' : 'certificate/is-ca';
    const { text } = show({ ...report, findings: findings.map((finding) => ({ ...finding, rule })) });
    expect(text.split(message('{id}')).length - 1).toBe(1);
    expect(text.split(said.devices(ids)).length - 1).toBe(1);
    expect(text.match(/edge-\d{4}/g)).toHaveLength(5);
  });

  it('is one entry of the JSON, with all ids and places', () => {
    const json = JSON.parse(JSON.stringify(reportJson(report)));
    expect(json.findings).toHaveLength(1);
    expect(json.findings[0].devices).toEqual(ids);
    expect(json.findings[0].places[950]).toEqual({ device: ids[950], file: 'b.csv', line: 952, column: 1 });
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
      JSON.parse(readFileSync('schemas/report.schema.json', 'utf8')),
    );
    validate(json);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('is one result of the SARIF file, with all ids, and as many places as code scanning keeps', () => {
    const { results } = JSON.parse(sarif(report, { version: '1', manifest: 'devices.yaml' })).runs[0];
    expect(results).toHaveLength(1);
    expect(results[0].properties.devices).toEqual(ids);
    expect(results[0].locations).toHaveLength(100);
    expect(results[0].locations[1].physicalLocation.region.startLine).toBe(3);
  });

  it('is one annotation, and one on each line where the lines are few', () => {
    expect(annotations(report).map(({ line }) => line)).toEqual([2]);
    const [finding] = findings;
    const few = { ...finding!, devices: ids.slice(0, 3), places: finding!.places!.slice(0, 3) };
    const shown = annotations({ ...report, findings: [few] });
    expect(shown.map(({ line }) => line)).toEqual([2, 3, 4]);
    expect(shown.map((one) => one.message.split('\n')[0])).toEqual(ids.slice(0, 3).map(message));
  });
});

describe('the largest pages, of 10,000 devices', () => {
  const ids = manyIds(10_000);
  const own = (n: number, text: string) => `${text} ${n} ${'<|`@'.repeat(20)}`;
  const large: Report = reportOf({
    command: 'apply',
    result: 'partial',
    devices: ids.length,
    findings: ids.flatMap((device, n) =>
      (['error', 'warning', 'notice'] as const).map((severity) =>
        findingOf({ severity, device, message: own(n, severity), place: at('a.csv', n + 2, 1) }),
      ),
    ),
    changes: ids.map((id, n) => changeOf(n % 2 === 0 ? 'create' : 'disable', id)),
    outcomes: ids.map((id, n) =>
      n % 4 < 2
        ? outcomeOf(n % 2 === 0 ? 'created' : 'removed', id)
        : outcomeOf(n % 2 === 0 ? 'failed' : 'unknown', id, own(n, 'no')),
    ),
    configuration: ids.map((id, n) => ({ key: 'agent.image', before: String(n), after: own(n, 'v'), devices: [id] })),
    rules: new Map(ruleNames.map((name) => [name, 'warning'] as const)),
    faults: [new Fault('no answer', 'Wait.')],
  });

  it.each([
    ['comment', 65_536, commentMarkdown(large, context), elsewhere.summary],
    ['issue', 65_536, issueMarkdown(large, context), elsewhere.summary],
    ['summary', 1_048_576, summaryMarkdown(large, link), elsewhere.report],
  ])('stay under the limit of GitHub and say what is left out and where it is: %s', (_, limit, markdown, where) => {
    expect(Buffer.byteLength(markdown)).toBeLessThan(limit);
    // A parser takes 20 s for a summary of 900 kB. Another test parses a comment, which is cut in the same way.
    const text = markdown.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    expect(text).toContain(nextTexts.failed());
    // The headings have all counts. What is shown and what is said to be left out come to them.
    const errors = text.match(/❌/g)?.length ?? 0;
    expect(errors).toBeGreaterThan(10);
    expect(text).toContain(leftOut.items(10_000 - errors, where));
    const failed = text.match(/^! /gm)?.length ?? 0;
    expect(failed).toBeGreaterThan(10);
    expect(text).toContain(leftOut.items(2500 - failed, where));
    for (const title of ['Errors', 'Failed', 'Unknown', 'Removed', 'Changes made']) {
      expect(
        text.match(new RegExp(`^(?:#### |<details.*<summary>)${title}.* \\(\\d+,?\\d+\\)`, 'gm')),
        title,
      ).toHaveLength(1);
    }
    expect(text).toContain(`${ruleNames.at(-1)} warning`);
  });

  it('of a comment are well-formed', () => {
    const { text, heads } = page(commentMarkdown(large, context));
    expect(heads[0]).toBe(headline(large));
    expect(heads.map((head) => head.replace(/ in .*| \(.*/, ''))).toEqual([
      expect.stringMatching(/^Applied/),
      'Errors',
      'Failed',
      'Unknown',
      'Removed',
      'Changes made',
      titles.configuration,
      'Warnings',
      'Notices',
    ]);
    expect(text.trimEnd().split('\n').at(-1)).toBe('The run and its summary');
  });

  it('of a summary name every device where there is room', () => {
    const changes = ids.map((id) => changeOf('create', id));
    const markdown = summaryMarkdown(reportOf({ result: 'changes', changes }), link);
    expect(Buffer.byteLength(markdown)).toBeLessThan(1_048_576);
    const named = new Set(markdown.match(/<code>.*?<\/code>/g));
    expect(ids.filter((id) => !named.has(code(id)))).toEqual([]);
    expect(page(commentMarkdown(reportOf({ result: 'changes', changes }), context)).text).toContain(
      leftOut.ids(elsewhere.summary),
    );
  });
});

it('generates at least 50 runs of every command and result', () => {
  expect(generatedRuns.length).toBeGreaterThanOrEqual(50);
  expect(new Set(generatedRuns.map(([, { command }]) => command)).size).toBe(6);
  expect(new Set(generatedRuns.map(([, { result }]) => result)).size).toBe(12);
});
