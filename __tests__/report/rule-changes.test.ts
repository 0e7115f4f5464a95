import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import { commentMarkdown, worthSaying } from '../../src/report/comment.ts';
import { headline } from '../../src/report/headline.ts';
import { issueMarkdown } from '../../src/report/issue.ts';
import { reportJson } from '../../src/report/json.ts';
import { ruleChangeLines, ruleChangeTexts } from '../../src/report/rule-changes.ts';
import { summaryMarkdown } from '../../src/report/summary.ts';
import { plainStyle, reportLines } from '../../src/report/text.ts';
import { ruleNames } from '../../src/rules/rules.ts';
import { holdTexts } from '../support/text-table.ts';
import { everyResult, findingOf, reportOf } from './reports.ts';

describe('the text of changed rules', () => {
  const both = ['certificate/is-ca off', 'config/hostname error'];
  holdTexts(ruleChangeTexts, {
    runner: [[both, 'Rules changed by the workflow: certificate/is-ca off, config/hostname error']],
    terminal: [[both, 'Rules changed by --rules: certificate/is-ca off, config/hostname error']],
  });
});

const rules = new Map([
  ['certificate/is-ca', 'off'],
  ['config/hostname', 'error'],
] as const);
const report = reportOf({ rules, findings: [findingOf()], faults: [new Fault('no hub', 'Look.')] });
const [line = ''] = ruleChangeLines(report, 'runner');
const context = { marker: '<!-- m -->', link: () => 'https://a.example', run: 'https://b.example' };

function decoded(markdown: string): string {
  return markdown.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))).replaceAll('\u200b', '');
}

describe('changed rules come after the sentence, before all else', () => {
  it.each([
    ['in a comment', commentMarkdown(report, context), '<!-- m -->\n### '],
    ['in an issue', issueMarkdown(report, context), '<!-- m -->\n### '],
    ['in a summary', summaryMarkdown(report), '## '],
  ])('%s', (_, markdown, title) => {
    expect(decoded(markdown).startsWith(`${title}${headline(report)}\n\n${line}\n`)).toBe(true);
  });

  it('on a terminal, which names the option', () => {
    const [sentence, , ...others] = reportLines(report, plainStyle);
    expect(sentence).toBe(headline(report));
    expect(others.slice(0, 2)).toEqual([...ruleChangeLines(report, 'terminal'), '']);
  });

  it('in JSON, as its schema says', () => {
    const document = JSON.parse(JSON.stringify(reportJson(report)));
    expect(document.rules).toEqual([
      { rule: 'certificate/is-ca', severity: 'off' },
      { rule: 'config/hostname', severity: 'error' },
    ]);
    const validate = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(
      JSON.parse(readFileSync('schemas/report.schema.json', 'utf8')),
    );
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
  });

  it('are nowhere where there are none', () => {
    const none = reportOf();
    const texts = [commentMarkdown(none, context), summaryMarkdown(none), reportLines(none, plainStyle).join('\n')];
    for (const text of texts) expect(decoded(text)).not.toContain('Rules changed');
    expect(reportJson(none)).not.toHaveProperty('rules');
  });

  it('all fit, and with the fullest comment too', () => {
    const all = new Map(ruleNames.map((name) => [name, 'warning'] as const));
    const findings = Array.from({ length: 5_000 }, (_, n) => findingOf({ message: `${n} ${'x'.repeat(300)}` }));
    const markdown = commentMarkdown({ ...everyResult.changes, rules: all, findings }, context);
    expect(decoded(markdown)).toContain(`${ruleNames.at(-1)} warning`);
    expect(markdown.length).toBeLessThan(65_536);
  });

  it('are alone no reason for a comment', () => {
    expect(worthSaying(reportOf({ rules }))).toBe(false);
  });
});
