import { describe, expect, it } from 'vitest';
import { Fault } from '../../src/model/fault.ts';
import type { Place } from '../../src/model/finding.ts';
import type { ConfigurationChange, Report } from '../../src/model/report.ts';
import { commentMarkdown, commentMarker, runLink, worthSaying } from '../../src/report/comment.ts';
import { elsewhere, leftOut } from '../../src/report/left-out.ts';
import { said } from '../../src/report/said.ts';
import { deviceTitle, titles } from '../../src/report/titles.ts';
import { hub } from '../plan/devices.ts';
import { fc } from '../support/property.ts';
import { changeOf, everyResult, findingOf, outcomeOf, reportOf } from './reports.ts';

const marker = commentMarker(['plan', 'devices.yaml']);
const link = ({ file, line }: Place) => `https://github.example/octo/fleet/blob/0123abcd/${encodeURI(file)}#L${line}`;
const run = 'https://github.example/octo/fleet/actions/runs/4711';
const comment = (report: Report) => commentMarkdown(report, { marker, link, run });

/** Resolves character references and removes invisible spaces, as a browser shows the page. */
function decoded(markdown: string): string {
  return markdown.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code))).replaceAll('\u200b', '');
}

const image: ConfigurationChange = { key: 'agent.image', before: '1.5.10', after: '1.5.21', devices: ['a'] };

describe('the comment on a pull request', () => {
  it.each(Object.entries(everyResult))('of %s begins with its marker and the sentence', (_, report) => {
    const markdown = comment(report);
    expect(markdown).toMatch(/^<!-- provision-iot-edge: [0-9a-f]{20} -->\n### \w/);
    expect(markdown).toContain(runLink('https://github.example/octo/fleet/actions/runs/4711'));
    expect(markdown.split('<details').length).toBe(markdown.split('</details>').length);
  });

  it('has findings with links to their lines, and changes with the fields under the devices', () => {
    const markdown = decoded(comment(reportOf({ ...everyResult.changes, findings: [findingOf()] })));
    expect(markdown).toContain(
      '- ❌ [<code>fleet/devices.yaml:12</code>](<https://github.example/octo/fleet/blob/0123abcd/fleet/devices.yaml#L12>) <code>certificate/cn-mismatch</code><br>certs/a.pem has the common name "b", expected "a"<br>→ Rename it.\n',
    );
    expect(markdown).toContain('<pre lang="diff">\n+ a: new\n~ b, c\n    status: enabled → disabled\n</pre>');
  });

  it('puts equal changes into one group, and what needs somebody first', () => {
    const changes = [
      ...Array.from({ length: 400 }, (_, n) => changeOf('create', `edge-${n}`)),
      changeOf('blocked', 'cut'),
    ];
    const markdown = decoded(comment(reportOf({ result: 'invalid', changes })));
    expect(markdown).toContain(leftOut.title(deviceTitle('changed', 'refused', hub), 400));
    expect(markdown).toContain(`+ ${said.devices(changes.slice(0, 400).map(({ id }) => id))}: new`);
    expect(markdown.match(/ edge-/g)).toHaveLength(5);
    expect(markdown).toContain(leftOut.ids(elsewhere.summary));
    expect(markdown.indexOf('! cut')).toBeLessThan(markdown.indexOf('+ 400'));
  });

  it('shows what devices would run otherwise, equal changes as one, most devices first', () => {
    const others = Array.from({ length: 399 }, (_, n) => ({ ...image, devices: [`edge-${n}`] }));
    const hostname: ConfigurationChange = { key: 'hostname', after: 'a.local', devices: ['a'] };
    const gone: ConfigurationChange = { key: 'proxy.https', before: 'http://p', devices: ['a'] };
    const markdown = decoded(comment(reportOf({ configuration: [hostname, gone, image, ...others] })));
    expect(markdown).toContain(leftOut.title(titles.configuration, 3));
    const rows = markdown.split('\n').filter((line) => line.startsWith('| ') && line.includes('<code>a</code>'));
    expect(rows).toEqual([
      '| 400: <code>a</code>, <code>edge-0</code>, <code>edge-1</code>, <code>edge-2</code>, <code>edge-3</code> … | <code>agent.image</code> | <code>1.5.10</code> | <code>1.5.21</code> |',
      '| <code>a</code> | <code>hostname</code> | (none) | <code>a.local</code> |',
      '| <code>a</code> | <code>proxy.https</code> | <code>http://p</code> | (none) |',
    ]);
  });

  it('raises faults above everything', () => {
    const markdown = decoded(comment(reportOf({ faults: [new Fault('no hub', 'Look.')], findings: [findingOf()] })));
    expect(markdown).toContain('> [!CAUTION]\n> no hub<br>Look.\n');
    expect(markdown.indexOf('CAUTION')).toBeLessThan(markdown.indexOf('❌'));
  });

  it('holds nothing that signs in', () => {
    const leak = 'HostName=a.b;SharedAccessKey=c2VjcmV0cw==';
    const report = reportOf({
      findings: [findingOf({ message: leak })],
      outcomes: [outcomeOf('failed', 'a', leak)],
      configuration: [{ ...image, after: leak }],
      faults: [new Fault('f', leak)],
    });
    expect(decoded(comment(report))).not.toContain('c2VjcmV0');
    expect(decoded(comment(report)).split('SharedAccessKey=***')).toHaveLength(5);
  });
});

describe('a comment is worth making', () => {
  it.each<[string, Partial<Report>, boolean]>([
    ['for nothing', {}, false],
    ['for devices that are as they should be', { changes: [changeOf('unchanged')] }, false],
    ['for a change', { changes: [changeOf('update')] }, true],
    ['for a notice', { findings: [findingOf({ severity: 'notice' })] }, true],
    ['for a fault', { faults: [new Fault('a', 'b')] }, true],
    ['for another configuration', { configuration: [image] }, true],
    ['for no other configuration', { configuration: [] }, false],
  ])('%s', (_, parts, worth) => expect(worthSaying(reportOf(parts))).toBe(worth));

  it('for no list', () => expect(worthSaying(everyResult.listed)).toBe(false));
});

describe('the marker', () => {
  it('is the same for the same parts, and another for others', () => {
    expect(commentMarker(['a', 'b'])).toBe(commentMarker(['a', 'b']));
    const others = [['a'], ['ab'], ['a', 'b', ''], ['b', 'a']].map(commentMarker);
    expect(new Set([...others, commentMarker(['a', 'b'])]).size).toBe(5);
  });

  it('cannot be closed or forged by a part', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (parts) => {
        expect(commentMarker(['--> <b>@team', ...parts])).toMatch(/^<!-- provision-iot-edge: [0-9a-f]{20} -->$/);
      }),
    );
  });
});

describe('hostile text in the comment', () => {
  const hostile = [
    '--> <!-- provision-iot-edge: 0123 -->',
    '</details><img src=x onerror=alert(1)>',
    '[x](javascript:alert(1)) ![x](https://evil.example/pixel.png)',
    '`code` ``` | a | b | \n# headline',
    '@octo/team @octocat fixes #1 octo/fleet#2 GH-3 www.evil.example https://evil.example',
    '&lt;b&gt; &#64;octocat',
    '\u202eright to left',
  ];

  it.each(hostile)('stays text and calls nobody: %j', (text) => {
    const report = reportOf({
      command: 'apply',
      result: 'partial',
      findings: [findingOf({ message: text, remedy: text, place: { file: text, line: 1, column: 1 } })],
      outcomes: [outcomeOf('failed', 'a', text)],
      configuration: [{ key: text, before: text, after: text, devices: [text] }],
      faults: [new Fault(text, text)],
    });
    const markdown = comment(report).slice(marker.length);
    const ours =
      /<\/?details( open)?>|<\/?summary>|<\/?code>|<\/?sub>|<br>|\|( --- \|)+|^<pre lang="diff">$|^<\/pre>$|^#{3,4} |^- (?=❌)|^! |^> \[!CAUTION\]$|^> (?=[\w&\\])|\[[^[\]]*\]\(<https:\/\/github\.example\/[^<>\s]*>\)|&#\d+;|❌/gm;
    expect(markdown.replace(ours, '')).not.toMatch(/[<>&`[\]\\*_#@:$~!]|www\./);
    // GitHub looks for mentions and issues outside of code, after it has resolved references.
    const seen = markdown
      .replace(/<code>.*?<\/code>|<pre[\s\S]*?<\/pre>|\(<.*?>\)|^#+ /gm, '')
      .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
    expect(seen).not.toMatch(/@\w|#\d|GH-\d/i);
  });
});

describe('the size of the comment', () => {
  const many = <T>(make: (n: number) => T) => Array.from({ length: 3000 }, (_, n) => make(n));
  const devices = many((n) => `edge-${n}`);

  it.each([
    ['plain', 'certs/a.pem has the common name "b"'],
    ['hostile', '\u{10ffff}<|>`@'.repeat(300)],
    ['wide', '𝕏'.repeat(2000)],
  ])('stays within 65,536 characters with thousands of everything, %s, and well-formed', (_, text) => {
    const report = reportOf({
      command: 'apply',
      result: 'partial',
      findings: many((n) => findingOf({ message: text, remedy: text, severity: n === 2999 ? 'error' : 'notice' })),
      outcomes: many((n) => outcomeOf(n === 2999 ? 'failed' : 'created', `edge-${n}`, `${n} ${text}`)),
      configuration: many((n) => ({ ...image, after: `${n} ${text}`, devices })),
      faults: many(() => new Fault(text, text)),
    });
    const markdown = comment(report);
    expect(Buffer.byteLength(markdown)).toBeLessThan(65_536);
    expect(markdown.split('<details').length).toBe(markdown.split('</details>').length);
    expect(markdown).toContain(`; ${elsewhere.summary}.`);
    expect(markdown).toContain(runLink('https://github.example/octo/fleet/actions/runs/4711'));
    for (const table of markdown.match(/(?:^\|.*\n)+/gm) ?? []) {
      const cells = table
        .trimEnd()
        .split('\n')
        .map((row) => row.split('|').length);
      expect(new Set(cells).size).toBe(1);
    }
  });

  it('leaves all the room to the only thing there is to say', () => {
    const findings = Array.from({ length: 150 }, () => findingOf());
    expect(comment(reportOf({ findings }))).not.toContain(elsewhere.summary);
  });
});
