import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { logProgress, logReport, writeSummary } from '../../src/github/log.ts';
import { Fault } from '../../src/model/fault.ts';
import { hub } from '../plan/devices.ts';
import { changeOf, everyResult, findingOf, reportOf } from '../report/reports.ts';
import { folderWith } from '../support/folder.ts';

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** What is printed while it works, as the runner reads it: line by line. */
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

/** The lines that the runner carries out: none while its commands are stopped. */
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

describe('the log', () => {
  it('annotates, folds findings and devices, and closes with one sentence', async () => {
    const findings = [findingOf(), findingOf({ severity: 'warning', place: undefined })];
    const lines = await printed(() =>
      logReport(
        reportOf({ result: 'invalid', findings, changes: [changeOf('create')], faults: [new Fault('f', 'R.')] }),
      ),
    );
    expect(carriedOut(lines)).toEqual([
      '::error::f%0A→ R.',
      '::error title=certificate/cn-mismatch,file=fleet/devices.yaml,line=12,col=5::certs/a.pem has the common name "b", expected "a"%0A→ Name the right file.',
      '::warning title=certificate/cn-mismatch::certs/a.pem has the common name "b", expected "a"%0A→ Name the right file.',
      '::group::Findings (2)',
      expect.stringMatching(/^::stop-commands::/),
      '::endgroup::',
      '::group::Faults (1)',
      expect.stringMatching(/^::stop-commands::/),
      '::endgroup::',
      '::group::Devices',
      expect.stringMatching(/^::stop-commands::/),
      '::endgroup::',
    ]);
    expect(lines).toContain('fleet/devices.yaml:12:5 error certificate/cn-mismatch');
    expect(lines).toContain('error f');
    expect(lines.at(-1)).toBe('plan: 1 error, 1 warning');
  });

  it('has no empty groups', async () => {
    expect(await printed(() => logReport(everyResult['in-sync']))).toEqual([
      'verify: 3 devices: the hub is as the manifest says',
    ]);
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

  it('tells how far a run is', async () => {
    const lines = await printed(() => {
      logProgress.phase('reading a.b');
      logProgress.written(hub, 1, 0, 3);
      logProgress.written(hub, 3, 1, 3);
    });
    expect(lines).toEqual(['reading a.b', `${hub}: 1 of 3 written`, `${hub}: 3 of 3 written, 1 not`]);
  });
});

describe('the file of the summary', () => {
  const link = () => 'https://github.example';

  it('is added to, and what cannot be written is no reason to fail', async () => {
    const file = join(folderWith(), 'summary');
    vi.stubEnv('GITHUB_STEP_SUMMARY', file);
    expect(await printed(() => writeSummary(everyResult.changes, link))).toEqual([
      expect.stringMatching(/^The job summary could not be written: .*summary/),
    ]);
    writeFileSync(file, 'before\n');
    await writeSummary(everyResult.changes, link);
    expect(readFileSync(file, 'utf8')).toMatch(/^before\n[\s\S]*## IoT Edge provisioning: plan/);
  });

  it('may be absent', async () => {
    vi.stubEnv('GITHUB_STEP_SUMMARY', undefined);
    expect(await printed(() => writeSummary(everyResult.changes, link))).toEqual([]);
  });
});
