import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { progressText } from '../../src/apply/progress-texts.ts';
import { type EmbeddedHub, startHub } from '../../src/emulator/hub.ts';
import type { Disturb } from '../../src/emulator/trouble/disturbance.ts';
import { modelFault } from '../../src/model/faults.ts';
import { escapeMarkdown } from '../../src/report/markdown.ts';
import { isBulk } from '../apply/rig.ts';
import { folderWith, memory } from '../support/folder.ts';
import { runAction, runCli, type Started, shown } from './runner.ts';

/** A manifest of devices with a thumbprint and nothing else. They belong to the run's only hub. */
function manifest(count: number): string {
  const devices = Array.from({ length: count }, (_, n) => ({
    id: `edge-${n}`,
    thumbprints: { primary: createHash('sha1').update(`${n}`).digest('hex') },
  }));
  return JSON.stringify({ version: 1, defaults: { runtime: { version: '1.1', platform: 'debian' } }, devices });
}

async function hubWith(disturb?: Disturb): Promise<EmbeddedHub> {
  const hub = await startHub({ disturb });
  onTestFinished(() => hub.close());
  return hub;
}

const apply = (hub: EmbeddedHub, folder: string, started?: Started, ...options: readonly string[]) =>
  runCli(
    ['apply', 'devices.json', '--json', '--ca-file', hub.caFile, ...options],
    folder,
    { IOTHUB_CONNECTION_STRING: hub.connectionString },
    started,
  );

interface Outcome {
  readonly device: string;
  readonly result: string;
  readonly reason?: string;
}

/** Lets so many bulks through. The next ones are carried out (`after`) or not (`before`), and never answered. */
function hangingAfter(
  bulks: number,
  when: 'before' | 'after',
): { disturb: Disturb; hung: () => number; release: () => void } {
  let seen = 0;
  let hung = 0;
  let released = false;
  return {
    disturb(call) {
      if (released || !isBulk(call) || ++seen <= bulks) return undefined;
      hung++;
      return { kind: 'hang', when };
    },
    hung: () => hung,
    release: () => {
      released = true;
    },
  };
}

describe('a run that is stopped by a signal', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s ends within 5 s, tells what is known, and the next run does exactly the rest',
    async (signal) => {
      const trouble = hangingAfter(3, 'before');
      const hub = await hubWith(trouble.disturb);
      const folder = folderWith({ 'devices.json': manifest(1000) });
      let signalled = 0;
      const { code, stdout, stderr } = await apply(hub, folder, (child) => {
        void vi
          .waitFor(() => expect(trouble.hung()).toBe(4), { timeout: 60_000, interval: 20 })
          .then(() => {
            signalled = performance.now();
            child.kill(signal);
          });
      });
      expect(performance.now() - signalled).toBeLessThan(5000);
      expect(code, stderr).toBe(3);
      const { result, outcome, faults } = JSON.parse(stdout);
      expect([result, outcome.created, outcome.unknown, outcome.failed]).toEqual(['partial', 300, 400, 300]);
      const untried = outcome.devices.filter((one: Outcome) => one.result === 'failed');
      expect(new Set(untried.map(({ reason }: Outcome) => reason))).toEqual(
        new Set([modelFault('stopped', { why: signal }).message]),
      );
      expect(faults).toEqual([shown(modelFault('stopped', { why: signal }))]);
      expect(existsSync(join(folder, 'device-bundles'))).toBe(false);

      trouble.release();
      const again = await apply(hub, folder);
      expect(again.code, again.stdout).toBe(0);
      expect(JSON.parse(again.stdout).outcome).toMatchObject({ created: 700, unchanged: 300, failed: 0, unknown: 0 });
      expect(hub.counts().registryWrites).toBe(1000);
    },
    300_000,
  );

  it('in the action sets outputs and summary, uploads nothing, and ends with 3', async () => {
    const trouble = hangingAfter(2, 'after');
    const hub = await hubWith(trouble.disturb);
    const workspace = folderWith({ 'devices.json': manifest(700) });
    let signalled = 0;
    const { code, outputs, summary, stdout } = await runAction({
      workspace,
      inputs: {
        command: 'apply',
        manifest: 'devices.json',
        artifacts: 'none',
        'ca-file': hub.caFile,
        'connection-string': hub.connectionString,
      },
      started: (child) => {
        void vi
          .waitFor(() => expect(trouble.hung()).toBe(4), { timeout: 60_000, interval: 20 })
          .then(() => {
            signalled = performance.now();
            child.kill('SIGINT');
          });
      },
    });
    expect(performance.now() - signalled).toBeLessThan(5000);
    expect(code, stdout).toBe(3);
    expect(outputs).toMatchObject({
      result: 'partial',
      created: '200',
      unknown: '400',
      failed: '100',
      'artifact-ids': '',
    });
    expect(summary).toContain(escapeMarkdown(modelFault('stopped', { why: 'SIGINT' }).message));
    expect(stdout).toContain(progressText.byBulks({ hub: hub.host, operations: 700, minutes: 7, perMinute: 100 }));
    // The hub carried out the calls that hung, but did not answer.
    expect(hub.registry.all()).toHaveLength(600);
  }, 300_000);

  it('is ended at once by a second SIGINT', async () => {
    const trouble = hangingAfter(0, 'before');
    const hub = await hubWith(trouble.disturb);
    let signalled = 0;
    const { code } = await apply(hub, folderWith({ 'devices.json': manifest(10) }), (child) => {
      void vi
        .waitFor(() => expect(trouble.hung()).toBe(1), { timeout: 60_000, interval: 20 })
        .then(() => {
          signalled = performance.now();
          child.kill('SIGINT');
          setTimeout(() => child.kill('SIGINT'), 200);
        });
    });
    expect(code).toBe(130);
    // The grace of a first signal is 2.5 s.
    expect(performance.now() - signalled).toBeLessThan(2400);
  }, 300_000);
});

describe('a run that is killed at any moment', () => {
  it('leaves no bundle half written, and the next run finishes the rest', async () => {
    let kill: (() => void) | undefined;
    let bulksLeft = 0;
    const hub = await hubWith((call) => {
      if (isBulk(call) && --bulksLeft === 0) kill?.();
      return undefined;
    });
    const count = 400;
    const bulks = count / 100;
    const folder = folderWith({ 'devices.json': manifest(count) }, memory);
    const bundles = join(folder, 'device-bundles');
    const { code, milliseconds } = await apply(hub, folder);
    expect(code).toBe(0);
    const whole = digests(bundles);
    expect(whole.size).toBeGreaterThan(count);
    const times = 6;
    const moments: string[] = [];
    for (let n = 0; n < times; n++) {
      hub.reset();
      const before = hub.counts().registryWrites;
      // Writing to this hub takes a tenth of the time. Half of the moments lie in that tenth.
      const moment = ((n + 0.5) / times) * milliseconds;
      bulksLeft = n % 2 === 0 ? 1 + Math.round((n * (bulks - 1)) / (times - 2)) : 0;
      await apply(hub, folder, (child) => {
        kill = () => child.kill('SIGKILL');
        if (n % 2 === 1) setTimeout(kill, moment);
      });
      // The hub still carries out what it has received.
      await new Promise((resolve) => setTimeout(resolve, 200));
      const written = hub.registry.all().length;
      moments.push(`${written} devices`);
      // While folders are swapped, the folder may have another name. It is complete there too.
      if (existsSync(bundles)) expect(digests(bundles)).toEqual(whole);
      kill = undefined;
      const again = await apply(hub, folder);
      expect(again.code, again.stdout).toBe(0);
      const { created, unchanged } = JSON.parse(again.stdout).outcome;
      expect([created, unchanged]).toEqual([count - written, written]);
      expect(hub.counts().registryWrites - before).toBe(count);
      expect(digests(bundles)).toEqual(whole);
    }
    console.log(`killed after ${moments.join(', ')}`);
    expect(readdirSync(folder).sort()).toEqual(['device-bundles', 'devices.json']);
  }, 240_000);
});

/** Every file below a folder, by its content. */
function digests(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name);
      return [path, createHash('sha1').update(readFileSync(path)).digest('hex')];
    }),
  );
}

describe('two runs at once', () => {
  it('make every device once, and both say so', async () => {
    const hub = await hubWith();
    const runs = await Promise.all([1, 2].map(() => apply(hub, folderWith({ 'devices.json': manifest(1000) }))));
    const results = new Map<string, string[]>();
    for (const { code, stdout } of runs) {
      expect(code, stdout).toBe(0);
      for (const { device, result } of JSON.parse(stdout).outcome.devices as readonly Outcome[]) {
        results.set(device, [...(results.get(device) ?? []), result].sort());
      }
    }
    expect(new Set([...results.values()].map(String))).toEqual(new Set(['created,unchanged']));
    expect(hub.registry.all()).toHaveLength(1000);
  }, 300_000);
});
