import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import type { Finding, Place, Severity } from '../../src/model/finding.ts';
import { ownerText } from '../../src/model/owner.ts';
import { listHead } from '../../src/report/devices.ts';
import { elsewhere, leftOut } from '../../src/report/left-out.ts';
import { escapeMarkdown } from '../../src/report/markdown.ts';
import { summaryMarkdown } from '../../src/report/summary.ts';
import { titles } from '../../src/report/titles.ts';
import { visible } from '../../src/report/visible.ts';
import { others } from '../plan/devices.ts';
import { fc, times } from '../support/property.ts';
import { changeOf, everyResult, findingOf, listedOf, outcomeOf, reportOf } from './reports.ts';

const mebibyte = 1024 * 1024;
const link = ({ file, line }: Place) => `https://github.example/${encodeURI(file)}#L${line}`;

/** Resolves character references, as a browser does. */
function decoded(markdown: string): string {
  return markdown.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1;
}

describe('the job summary', () => {
  it.each(Object.entries(everyResult))('of %s begins with the sentence', (_, report) => {
    const markdown = summaryMarkdown(report, link);
    expect(markdown).toMatch(/^## \w/);
    expect(occurrences(markdown, '<details')).toBe(occurrences(markdown, '</details>'));
  });

  it('has findings with links to their lines, and what changes', () => {
    const findings = [findingOf({ severity: 'notice', rule: 'thumbprint/single' }), findingOf()];
    const markdown = decoded(summaryMarkdown(reportOf({ ...everyResult.changes, findings }), link));
    expect(markdown).toContain(`#### ${leftOut.title(titles.findings.error, 1)}`);
    expect(markdown).toContain(
      '[<code>fleet/devices.yaml:12</code>](<https://github.example/fleet/devices.yaml#L12>) <code>certificate/cn-mismatch</code><br>certs/a.pem has the common name "b", expected "a"<br>→ Rename it.\n',
    );
    expect(markdown.indexOf('❌'), 'errors first').toBeLessThan(markdown.indexOf('ℹ️'));
    expect(markdown).toContain('+ a: new\n~ b, c\n    status: enabled → disabled\n');
  });

  it('has no link where there is none to give', () => {
    const markdown = summaryMarkdown(reportOf({ command: 'validate', result: 'valid', findings: [findingOf()] }));
    expect(markdown).not.toContain('](');
    expect(decoded(markdown)).toContain('❌ <code>fleet/devices.yaml:12</code> <code>certificate');
    const without = summaryMarkdown(reportOf({ findings: [findingOf({ place: undefined })] }), link);
    expect(without).not.toContain('](');
  });

  it('shows what devices would run otherwise', () => {
    const configuration = [
      { key: 'agent.image', before: '1.5.10', after: '1.5.21', devices: ['a', 'b', 'c', 'd', 'e', 'f'] },
      { key: 'hostname', after: 'a.local', devices: ['a'] },
    ];
    const markdown = decoded(summaryMarkdown(reportOf({ configuration })));
    expect(markdown).toContain(leftOut.title(titles.configuration, 2));
    expect(markdown).toMatch(
      /^\| 6: .*<code>e<\/code> … \| .*agent\.image.* \| <code>1\.5\.10<\/code> \| <code>1\.5\.21<\/code> \|$/m,
    );
    expect(markdown).toContain('| <code>a</code> | <code>hostname</code> | (none) | <code>a.local</code> |');
  });

  it('shows the devices of list', () => {
    const listed = [listedOf('a', true), listedOf('b', false, others)];
    const markdown = decoded(summaryMarkdown(reportOf({ command: 'list', result: 'listed', listed })));
    expect(markdown).toContain(`| ${listHead.join(' | ')} |`);
    expect(markdown).toContain(
      `| <code>b</code> | contoso.azure-devices.net | enabled | selfSigned | ${ownerText(others)} | no |`,
    );
  });

  it('folds long lists and leaves short ones open; always folds notices, never errors', () => {
    const of = (severity: Severity, count: number) =>
      summaryMarkdown(reportOf({ findings: Array.from({ length: count }, () => findingOf({ severity })) }));
    expect(of('warning', 20)).toContain('<details open>');
    expect(of('warning', 21)).toContain('<details>');
    expect(of('notice', 1)).toContain('<details>');
    expect(of('error', 21)).not.toContain('<details');
  });

  it('raises faults above everything, ten at most', () => {
    const faults = Array.from({ length: 12 }, (_, n) => new Fault(`fault ${n}`, 'Mend it.'));
    const markdown = decoded(summaryMarkdown(reportOf({ faults, findings: [findingOf()] })));
    expect(occurrences(markdown, '> [!CAUTION]\n> fault ')).toBe(10);
    expect(markdown).toContain(leftOut.items(2, elsewhere.log));
    expect(markdown.indexOf('CAUTION')).toBeLessThan(markdown.indexOf('❌'));
  });
});

describe('hostile text in the summary', () => {
  const hostile = [
    'a|b<script>alert(1)</script>',
    '`code` ``x`` ```\nfence',
    '[x](javascript:alert(1))',
    '![x](https://evil.example/pixel.png)',
    'line one\n\n# headline\r\n| a | b |',
    '</details><img src=x onerror=alert(1)>',
    '<!-- comment',
    '&lt;b&gt; &#60;',
    '\\| \\` *bold* _it_ ~~s~~ $x$',
    'www.evil.example https://evil.example @octocat #1 :tada:',
    '\u202eright to left',
    '> [!NOTE]',
    '- list\n1. list',
  ];

  it.each(hostile)('stays text: %j', (text) => {
    const report = reportOf({
      command: 'apply',
      result: 'partial',
      findings: [findingOf({ message: text, remedy: text, place: { file: text, line: 1, column: 1 } })],
      outcomes: [outcomeOf('failed', 'edge-001', text)],
      faults: [new Fault(text, text)],
    });
    const markdown = summaryMarkdown(report);
    // All markup that is left is our own.
    const ours =
      /<\/?details( open)?>|<\/?summary>|<\/?code>|<br>|^<pre lang="diff">$|^<\/pre>$|^#{2,4} |^- (?=❌)|^! |^> \[!CAUTION\]$|^> (?=[\w&\\])|&#\d+;|❌/gm;
    const rest = markdown.replace(ours, '');
    expect(rest).not.toMatch(/[<>&`[\]\\*_#@:$~!]|www\./);
    expect(occurrences(markdown, '<details')).toBe(occurrences(markdown, '</details>'));
    // Nothing of the text is lost.
    expect(occurrences(decoded(markdown), visible(text))).toBe(6);
  });

  it('keeps every character of any text, on one line, with nothing but letters, digits and references', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const escaped = escapeMarkdown(text);
        expect(escaped).toMatch(/^([\p{L}\p{N} ,;/]|&#\d+;)*$/u);
        expect(decoded(escaped)).toBe([...visible(text)].slice(0, 1000).join(''));
      }),
      times(300),
    );
  });

  it('is cut where it is endless', () => {
    expect(escapeMarkdown('x'.repeat(1000))).toBe('x'.repeat(1000));
    expect(decoded(escapeMarkdown('x'.repeat(1001)))).toBe(`${'x'.repeat(999)}…`);
    expect(decoded(escapeMarkdown('💥'.repeat(2000)))).toBe(`${'💥'.repeat(999)}…`);
  });
});

describe('the size of the summary', () => {
  const many = <T>(make: (n: number) => T) => Array.from({ length: 20_000 }, (_, n) => make(n));
  const problem =
    (message: string) =>
    (n: number): Finding => {
      return findingOf({ message, remedy: message, severity: n === 19_999 ? 'error' : 'notice' });
    };

  it.each([
    ['plain', 'certs/a.pem has the common name "b", expected "a"'],
    ['long and hostile', '\u{10ffff}<|>`'.repeat(500)],
    ['wide', '𝕏'.repeat(3000)],
  ])('stays under 1 MiB with 20,000 findings and 20,000 devices, %s, and well-formed', (_, text) => {
    const report = reportOf({
      command: 'apply',
      result: 'partial',
      findings: many(problem(text)),
      outcomes: many((n) => outcomeOf(n === 19_999 ? 'failed' : 'created', `edge-${n}`, text)),
      faults: Array.from({ length: 500 }, () => new Fault(text, text)),
    });
    const markdown = summaryMarkdown(report, link);
    expect(Buffer.byteLength(markdown)).toBeLessThan(mebibyte);
    expect(occurrences(markdown, '<details')).toBe(occurrences(markdown, '</details>'));
    const shown = occurrences(markdown, 'ℹ️');
    expect(markdown).toContain(leftOut.items(19_999 - shown, elsewhere.report));
    const devices = occurrences(markdown, '<code>edge');
    expect(devices, 'the devices have room of their own').toBeGreaterThan(0);
    // The most important items are not cut.
    expect(markdown).toContain('❌');
    expect(markdown).toContain('! edge');
  });

  it('cuts nothing of a fleet that fits', () => {
    const changes = Array.from({ length: 1000 }, (_, n) => changeOf('create', `edge-${n}`));
    expect(summaryMarkdown(reportOf({ result: 'changes', changes }))).not.toContain('more');
  });
});
