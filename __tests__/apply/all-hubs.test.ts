import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { progressText } from '../../src/apply/progress-texts.ts';
import { startHub } from '../../src/emulator/hub.ts';
import type { Disturb } from '../../src/emulator/trouble/disturbance.ts';
import type { Capacity } from '../../src/model/capacity.ts';
import { Fault } from '../../src/model/fault.ts';
import type { Report } from '../../src/model/report.ts';
import { exitCode } from '../../src/model/report.ts';
import { StopSwitch } from '../../src/model/stop.ts';
import type { FilesRead, World } from '../../src/run/request.ts';
import type { Settings } from '../../src/run/settings.ts';
import { digest } from '../plan/devices.ts';
import { folderWith } from '../support/folder.ts';
import { isBulk } from './rig.ts';
import { runOn } from './runs.ts';

interface Seen {
  readonly report: Report;
  readonly folder: string;
  readonly said: readonly string[];
}

/** Applies so many new devices; what is said on the way is kept. */
async function run(count: number, settings: Settings, around: Partial<World> = {}, disturb?: Disturb): Promise<Seen> {
  const devices = Array.from({ length: count }, (_, n) => ({ id: `d${n}`, thumbprints: { primary: digest(`d${n}`) } }));
  const manifest = { version: 1, defaults: { runtime: { version: '1.1', platform: 'debian' } }, devices };
  const folder = folderWith({ 'devices.json': JSON.stringify(manifest) });
  const hub = await startHub({ disturb });
  onTestFinished(() => hub.close());
  const said: string[] = [];
  const progress = {
    waiting: () => {},
    phase: (name: string) => void said.push(name.replaceAll(hub.host, 'HUB')),
    warning: (text: string) => void said.push(`warning: ${text.replaceAll(hub.host, 'HUB')}`),
    written: () => {},
  };
  const all = { command: 'apply', manifest: 'devices.json', ...settings };
  return { report: await runOn(hub, folder, all, { progress, ...around }), folder, said };
}

/** Ends before the first device is written. */
function refusing(): Disturb {
  return (call) => (isBulk(call) ? { kind: 'refuse', code: 'IotHubUnauthorizedAccess' } : undefined);
}

describe('a run whose files are no longer the newest', () => {
  it('is asked for them before anything is written, and writes nothing', async () => {
    const asked: FilesRead[] = [];
    const requireCurrent = async (read: FilesRead) => {
      asked.push(read);
      throw new Fault('older', 'Run the newer one.');
    };
    const { report } = await run(2, { manifest: './*.json' }, { requireCurrent });
    expect([report.result, report.faults.map(({ message }) => message)]).toEqual(['failed', ['older']]);
    expect(report.outcomes).toEqual([]);
    expect(asked).toEqual([{ files: ['devices.json'], manifests: ['*.json'] }]);
    await run(1, { command: 'plan' }, { requireCurrent });
    expect(asked).toHaveLength(1);
  });
});

describe('a run that cannot write its files', () => {
  it.each([
    ['created', []],
    ['unchanged', ['d0']],
  ] as const)('does not say that all is well: its device is %s', async (result, there) => {
    let folder = '';
    const fill = () => writeFileSync(join(folder, 'device-bundles'), 'the disk takes no folder');
    const hub = await startHub({
      disturb: () => {
        fill();
        return undefined;
      },
    });
    onTestFinished(() => hub.close());
    const defaults = { runtime: { version: '1.1', platform: 'debian' } };
    const manifest = { version: 1, defaults, devices: [{ id: 'd0', thumbprints: { primary: digest('d0') } }] };
    folder = folderWith({ 'devices.json': JSON.stringify(manifest) });
    const settings = { command: 'apply', manifest: 'devices.json', 'output-directory': 'device-bundles' };
    for (const _ of there) {
      await runOn(hub, folder, settings);
      rmSync(join(folder, 'device-bundles'));
    }
    const report = await runOn(hub, folder, settings);
    expect(report.outcomes.map((outcome) => outcome.result)).toEqual([result]);
    expect([report.result, report.faults.length, exitCode(report)]).toEqual(['written', 1, 1]);
  });
});

describe('before it starts it says what it will take', () => {
  const s1: Capacity = { tier: 'S1', units: 1 };
  const s3: Capacity = { tier: 'S3', units: 1 };
  it.each([
    [1, {}, { operations: 1, minutes: 0.01, perMinute: 100 }],
    [150, {}, { operations: 150, minutes: 1.5, perMinute: 100 }],
    [150, { 'hub-capacity': 'S1x1' }, { operations: 150, minutes: 1.5, perMinute: 100, capacity: s1 }],
    [9_500, { 'hub-capacity': 'S3x1' }, { operations: 9_500, minutes: 1.9, perMinute: 5_000, capacity: s3 }],
  ])('%d devices, %j', async (count, settings, expected) => {
    const { said } = await run(count, settings, {}, refusing());
    expect(said).toContain(progressText.byBulks({ hub: 'HUB', ...expected }));
    expect(said.filter((line) => line.startsWith('warning'))).toEqual([]);
  });

  it('and warns of what does not fit the time limit, with a way out', async () => {
    const settings = { 'hub-capacity': 'S1x1', 'time-limit': '10' };
    const { said, report } = await run(2_000, settings, {}, refusing());
    expect(said.filter((line) => line.startsWith('warning'))).toEqual([
      `warning: ${progressText.takesLong({ hub: 'HUB', operations: 2_000, minutes: 20, perMinute: 100, capacity: s1, timeLimit: 10 })}`,
    ]);
    expect(exitCode(report)).toBe(1);
  });

  it.each([
    ['hub-capacity', 'S9x1', 'hub-capacity: "S9x1"'],
    ['time-limit', '0', 'time-limit: "0"'],
    ['time-limit', '1.5', 'time-limit: "1.5"'],
  ])('%s takes no %s', async (name, value, message) => {
    await expect(run(1, { [name]: value })).rejects.toThrow(message);
  });
});

it('warns once, as soon as the pace of a hub shows that the time limit comes too early', async () => {
  // 40 s pass with every bulk of 100: 150 a minute.
  let bulks = 0;
  const disturb: Disturb = (call) => {
    if (isBulk(call)) bulks++;
    return undefined;
  };
  const now = () => new Date(Date.UTC(2026, 4, 1) + bulks * 40_000);
  const warned = async (minutes: string) => {
    bulks = 0;
    const { report, said } = await run(600, { 'time-limit': minutes }, { now }, disturb);
    expect(report.result).toBe('changed');
    return said.filter((text) => text.startsWith('warning: '));
  };
  expect(await warned('9')).toEqual([]);
  const [text, ...others] = await warned('3');
  expect(others).toEqual([]);
  // How many devices were done when a minute had passed is chance: bulks are answered side by side.
  const bulksOf100 = [1, 2, 3, 4, 5, 6];
  const possible = bulksOf100.flatMap((done) => bulksOf100.map((begun) => tooSlow(100 * done, (begun * 40) / 60)));
  expect(possible).toContain(text);

  function tooSlow(done: number, minutes: number): string {
    const figures = {
      perMinute: Math.round(done / minutes),
      minutes: (600 * minutes) / done,
      timeLimit: 3,
      inTime: Math.floor((3 * done) / minutes),
    };
    return `warning: ${progressText.tooSlow({ hub: 'HUB', devices: 600, ...figures })}`;
  }
});

describe('a run that is stopped', () => {
  /** Pressed when the first bulk comes, which goes on. */
  function stopping(hurried: boolean) {
    const stop = new StopSwitch();
    const disturb: Disturb = (call) => {
      if (isBulk(call)) stop.press(hurried ? 'SIGTERM' : 'its time is over', { hurried });
      return undefined;
    };
    return { stop, disturb };
  }

  it('by its time limit writes the bundles of what is done', async () => {
    const { stop, disturb } = stopping(false);
    const { report, folder } = await run(1_000, {}, { stop }, disturb);
    expect([report.result, exitCode(report)]).toEqual(['partial', 3]);
    expect(report.faults).toEqual([stop.fault()]);
    const created = report.outcomes.filter(({ result }) => result === 'created').length;
    expect(created).toBeGreaterThan(0);
    expect(created).toBeLessThan(1_000);
    expect(readdirSync(join(folder, 'device-bundles')).filter((name) => !name.startsWith('.'))).toHaveLength(created);
  });

  it('by a signal writes no files any more', async () => {
    const { stop, disturb } = stopping(true);
    const { report, folder } = await run(1_000, {}, { stop }, disturb);
    expect([report.result, exitCode(report), report.bundles]).toEqual(['partial', 3, []]);
    expect(report.faults).toEqual([stop.fault()]);
    expect(existsSync(join(folder, 'device-bundles'))).toBe(false);
  });

  it('when all is done but the files is stopped in part', async () => {
    const { stop, disturb } = stopping(true);
    const { report } = await run(3, {}, { stop }, disturb);
    expect([report.result, exitCode(report)]).toEqual(['written', 3]);
  });

  it('while it reads has written nothing', async () => {
    const stop = new StopSwitch();
    const disturb: Disturb = () => {
      stop.press('SIGINT', { hurried: true });
      return { kind: 'hang', when: 'before' };
    };
    const { report } = await run(3, {}, { stop }, disturb);
    expect([report.result, exitCode(report), report.outcomes]).toEqual(['failed', 3, []]);
    expect(report.faults).toEqual([stop.fault()]);
  });
});
