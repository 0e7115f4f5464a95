import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { githubLines } from '../../src/github/lines.ts';
import { logProgress, logReport, writeSummary } from '../../src/github/log.ts';
import { Fault } from '../../src/model/fault.ts';
import { headlines } from '../../src/report/headline.ts';
import { leftOut } from '../../src/report/left-out.ts';
import { nextTexts } from '../../src/report/next.ts';
import { ruleChangeTexts } from '../../src/report/rule-changes.ts';
import { deviceTitle, titles } from '../../src/report/titles.ts';
import { writingLine } from '../../src/report/writing.ts';
import { hostOf, hub } from '../plan/devices.ts';
import { changeOf, everyResult, findingOf, reportOf } from '../report/reports.ts';
import { folderWith } from '../support/folder.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Returns what is printed during the work, line by line, as the runner reads it. */
async function printed(work: () => unknown): Promise<readonly string[]> {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    text += chunk;
    return true;
  });
  await work();
  spy.mockRestore();
  return text.split(/\r?\n/).slice(0, -1);
}

const far = { hub, total: 10_000, done: 2_000, failed: 1, operations: 2_000, elapsed: 120_000 };

/** Returns the lines that the runner reads as commands. While commands are stopped it reads none. */
function carriedOut(lines: readonly string[]): readonly string[] {
  let token: string | undefined;
  return lines.filter((line) => {
    const command = line.trimStart();
    if (token !== undefined) {
      if (command === `::${token}::`) token = undefined;
      return false;
    }
    token = /^::stop-commands::(.+)$/.exec(command)?.[1];
    return command.startsWith('::') || line.includes('##[');
  });
}

const asItIs = (text: string) => text;

describe('the log', () => {
  it('says the sentence, annotates, folds each section, and closes with the sentence and what to do next', async () => {
    const findings = [findingOf(), findingOf({ severity: 'warning', place: undefined })];
    const lines = await printed(() =>
      logReport(
        reportOf({ result: 'invalid', findings, changes: [changeOf('create')], faults: [new Fault('f', 'R.')] }),
      ),
    );
    const group = (title: string) => `::group::${leftOut.title(title, 1)}`;
    const stopped = expect.stringMatching(/^::stop-commands::/);
    expect(carriedOut(lines)).toEqual([
      '::error::f%0A→ R.',
      '::error title=certificate/cn-mismatch,file=fleet/devices.yaml,line=12,col=5::certs/a.pem has the common name "b", expected "a"%0A→ Rename it.',
      '::warning title=certificate/cn-mismatch::certs/a.pem has the common name "b", expected "a"%0A→ Rename it.',
      ...[
        titles.faults,
        titles.findings.error,
        deviceTitle('changed', 'refused', hub),
        titles.findings.warning,
      ].flatMap((title) => [group(title), stopped, '::endgroup::']),
      stopped,
    ]);
    expect(lines).toContain('fleet/devices.yaml:12:5 error certificate/cn-mismatch');
    expect(lines).toContain('error f');
    const sentence = headlines.invalid({ command: 'plan', errors: 1, warnings: 1 });
    expect([lines[0], ...lines.slice(-3, -2)]).toEqual([sentence, sentence]);
    expect(lines.at(-2)).toContain(nextTexts.errors({ errors: 1, command: 'plan' }));
  });

  it('says first which rules the workflow changed', async () => {
    const report = { ...everyResult['in-sync'], rules: new Map([['certificate/is-ca', 'off'] as const]) };
    const [sentence, , rules] = await printed(() => logReport(report));
    expect(sentence).toBe(headlines['in-sync']({ devices: 3 }));
    expect(rules).toBe(ruleChangeTexts.runner(['certificate/is-ca off']));
  });

  it('has no empty groups', async () => {
    const lines = await printed(() => logReport(everyResult['in-sync']));
    expect(lines.filter((line) => line.startsWith('::group'))).toEqual([]);
    expect(lines[0]).toBe(headlines['in-sync']({ devices: 3 }));
  });

  it.each([
    '::set-output name=result::changed',
    'x\n::add-mask::e',
    '  ::stop-commands::x',
    'x ##[set-output name=result]changed',
    '\r::error::x',
  ])('carries out no command that hides in a name: %j', async (text) => {
    const report = reportOf({
      findings: [findingOf({ message: text, remedy: text, place: { file: text, line: 1, column: 1 } })],
      changes: [changeOf('create', '::add-mask::e')],
      faults: [new Fault(text, text)],
    });
    const commands = carriedOut(await printed(() => logReport(report)));
    for (const command of commands) expect(command).toMatch(/^::(error|group|endgroup|stop-commands)[: ]/);
    expect(commands.filter((command) => command.startsWith('::error'))).toHaveLength(2);
  });

  it('stops commands by a word that nobody can know before', async () => {
    const word = async () =>
      (await printed(() => logReport(everyResult.changes))).find((l) => l.includes('stop-commands'));
    expect(await word()).not.toBe(await word());
  });

  it('tells at most every 10 s how far a run is', async () => {
    let now = Date.UTC(2026, 0, 1, 12);
    const other = { ...far, hub: hostOf('fabrikam.azure-devices.net'), failed: 0 };
    const lines = await printed(() => {
      const progress = logProgress(() => now);
      progress.phase('reading a.b');
      progress.warning('a hub takes its time');
      for (let second = 0; second < 25; second++) {
        now += 1000;
        progress.written(far);
        if (second > 15) progress.written(other);
      }
    });
    const tenth = writingLine(far, Date.UTC(2026, 0, 1, 12, 0, 10));
    const twentieth = Date.UTC(2026, 0, 1, 12, 0, 20);
    expect(lines).toEqual([
      'reading a.b',
      '::warning title=time::a hub takes its time',
      tenth,
      `${writingLine(far, twentieth)} | ${writingLine(other, twentieth)}`,
    ]);
  });
});

describe('the file of the summary', () => {
  const link = () => 'https://github.example';

  it('is added to, and what cannot be written is no reason to fail', async () => {
    const file = join(folderWith(), 'summary');
    vi.stubEnv('GITHUB_STEP_SUMMARY', file);
    expect(await printed(() => writeSummary(everyResult.changes, link, asItIs))).toEqual([
      githubLines['summary-failed']({
        reason: `Unable to access summary file: '${file}'. Check if the file has correct read/write permissions.`,
      }),
    ]);
    writeFileSync(file, 'before\n');
    await writeSummary(everyResult.changes, link, asItIs);
    expect(readFileSync(file, 'utf8')).toMatch(/^before\n[\s\S]*## Plan/);
  });

  it('may be absent', async () => {
    vi.stubEnv('GITHUB_STEP_SUMMARY', undefined);
    expect(await printed(() => writeSummary(everyResult.changes, link, asItIs))).toEqual([]);
  });
});
