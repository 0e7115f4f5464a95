import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { readEvent } from '../../src/github/event.ts';
import { publishPage } from '../../src/github/page.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import { commentMarkdown } from '../../src/report/comment.ts';
import { summaryMarkdown } from '../../src/report/summary.ts';
import { readSettings } from '../../src/run/settings.ts';
import { everyResult } from '../report/reports.ts';
import { folderWith } from '../support/folder.ts';
import { type ResultsService, startResultsService } from '../support/results-service.ts';

let service: ResultsService;
let root = '';
beforeAll(async () => {
  service = await startResultsService();
});
afterAll(() => service?.close());
beforeEach(() => {
  service.reset();
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  root = folderWith();
  mkdirSync(join(root, 'temp'));
  vi.stubEnv('RUNNER_TEMP', join(root, 'temp'));
  for (const [name, value] of Object.entries(service.environment)) vi.stubEnv(name, value);
});
afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

async function publish(report = everyResult.changes, inputs: Record<string, string> = {}, stop = new StopSwitch()) {
  const settings = await readSettings({ command: report.command, ...inputs }, { directory: root });
  return publishPage(
    report,
    root,
    settings,
    { ...readEvent(), run: 'https://github.com/octo/fleet/actions/runs/7' },
    stop,
  );
}

const uploaded = () => service.artifacts.map(({ name }) => name);

describe('report.html of a run on GitHub', () => {
  it.each(['changes', 'partial', 'drift', 'rendered', 'failed', 'invalid'] as const)(
    'is written and uploaded: %s',
    async (result) => {
      const { page, faults } = await publish(everyResult[result]);
      expect(page).toEqual({
        file: join(root, 'temp', 'provision-iot-edge-report.html'),
        url: 'https://github.com/octo/fleet/actions/runs/7/artifacts/1',
      });
      expect(faults).toEqual(everyResult[result].faults);
      const files = await service.files('provision-iot-edge-report');
      expect(files).toEqual({ 'provision-iot-edge-report.html': readFileSync(page!.file, 'utf8') });
    },
  );

  it.each(['valid', 'listed'] as const)('is not written by a command that compares no fleet: %s', async (result) => {
    expect((await publish(everyResult[result])).page).toBeUndefined();
    expect(uploaded()).toEqual([]);
  });

  it('takes another name where a job of the run has taken its own, and names the one hub of a job', async () => {
    for (const _ of ['plan', 'again', 'and again']) await publish();
    await publish(everyResult.partial);
    await publish(everyResult.partial, { 'only-hub': 'contoso.azure-devices.net' });
    const name = 'provision-iot-edge-report';
    expect(uploaded()).toEqual([name, `${name}-plan`, `${name}-plan-2`, `${name}-apply`, `${name}-contoso`]);
  });

  it('is only written where nothing may be uploaded, or the run was stopped', async () => {
    const stop = new StopSwitch();
    stop.press('a test', { hurried: false });
    for (const page of [
      (await publish(everyResult.changes, { artifacts: 'none' })).page,
      (await publish(everyResult.changes, {}, stop)).page,
    ]) {
      expect(page).toEqual({ file: join(root, 'temp', 'provision-iot-edge-report.html') });
    }
    vi.stubEnv('ACTIONS_RUNTIME_TOKEN', '');
    expect((await publish()).page?.url).toBeUndefined();
    expect(uploaded()).toEqual([]);
  });

  it('fails no run when it is not uploaded', async () => {
    service.refuse('provision-iot-edge-report', 403);
    const { page, faults } = await publish();
    expect(page?.url).toBeUndefined();
    expect(faults).toEqual([]);
  });

  it('does not follow a link in a folder of the repository', async () => {
    writeFileSync(join(root, 'victim'), 'victim');
    symlinkSync('../victim', join(root, 'temp', 'provision-iot-edge-report.html'));
    expect((await publish()).page?.file).toBeDefined();
    expect(readFileSync(join(root, 'victim'), 'utf8')).toBe('victim');
    expect(existsSync(join(root, 'temp', 'provision-iot-edge-report.html'))).toBe(true);
  });

  it('holds no secret of the settings', async () => {
    const secret = 'hunter2-hunter2';
    const report = { ...everyResult.failed, faults: [] };
    const settingsOf = { 'github-token': secret };
    const { page } = await publish(
      { ...report, outcomes: [{ ...report.outcomes[0]!, reason: `refused ${secret}` }] },
      settingsOf,
    );
    expect(readFileSync(page!.file, 'utf8')).not.toContain(secret);
  });

  it('is linked from the summary and the comment', async () => {
    const report = await publish();
    const link = { marker: '<!-- m -->', link: () => 'https://x', run: 'https://github.com/octo/fleet/actions/runs/7' };
    for (const text of [summaryMarkdown(report), commentMarkdown(report, link)])
      expect(text).toContain(`(<${report.page?.url}>)`);
    for (const text of [summaryMarkdown(everyResult.changes), commentMarkdown(everyResult.changes, link)]) {
      expect(text).not.toContain('/artifacts/');
    }
  });
});
