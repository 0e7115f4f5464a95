import { describe, expect, it } from 'vitest';
import { issueMarkdown, needsCare } from '../../src/report/issue.ts';
import { everyResult, findingOf, reportOf } from './reports.ts';

const context = {
  marker: '<!-- marker -->',
  link: () => 'https://github.example/line',
  run: 'https://github.example/run',
};
const soon = findingOf({ rule: 'certificate/expires-soon', severity: 'warning', message: 'ends in 8 days' });
const lasting = findingOf({ rule: 'certificate/is-ca', severity: 'warning', message: 'is an authority' });
const notice = findingOf({ rule: 'thumbprint/single', severity: 'notice', message: 'fills both slots' });
const inSync = reportOf({ command: 'verify', result: 'in-sync' });

describe('whether a fleet needs care', () => {
  it.each([
    ['is in sync', inSync, false],
    ['drifts', everyResult.drift, true],
    ['has a certificate that ends soon', { ...inSync, findings: [soon] }, true],
    ['has a certificate that has ended', { ...inSync, findings: [findingOf({ rule: 'certificate/expired' })] }, true],
    ['has other warnings and notices', { ...inSync, findings: [lasting, notice] }, false],
    ['is invalid', everyResult.invalid, true],
    ['could not be read', everyResult.failed, true],
  ])('%s', (_, report, expected) => {
    expect(needsCare(report)).toBe(expected);
  });
});

describe('the issue', () => {
  it('begins with its marker, says what drifted and links the run', () => {
    const text = issueMarkdown(everyResult.drift, context);
    expect(text.startsWith('<!-- marker -->\n')).toBe(true);
    expect(text).toContain('### Drift');
    expect(text).toContain('https://github.example/run');
  });

  it('leaves out what is no matter of a watch', () => {
    const text = issueMarkdown({ ...inSync, findings: [soon, lasting, notice] }, context);
    expect(text).toContain('ends in 8 days');
    expect(text).not.toContain('authority');
    expect(text).not.toContain('slots');
  });

  it('keeps the warnings that made a run fail', () => {
    const text = issueMarkdown(
      reportOf({ command: 'verify', result: 'invalid', findings: [lasting, notice] }),
      context,
    );
    expect(text).toContain('authority');
    expect(text).not.toContain('slots');
  });
});
