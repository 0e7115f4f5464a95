import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { folderWith } from '../support/folder.ts';
import { slowness } from '../support/machine.ts';
import { type Reachable, stockRegistry } from './clients.ts';
import { edgeBody } from './devices/identities.ts';

/** Prints the peak memory of the process it is preloaded into, in MB, as the last line of standard error. */
const peakMemory = `data:text/javascript,process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS/1024+'\\n'))`;

interface RunningHub extends Reachable {
  /** From the start of the process to its JSON line. */
  readonly startMilliseconds: number;
  /** Ends it as Ctrl+C does; gives its peak memory in MB. */
  stop(): Promise<number>;
}

/** `dist/cli.js hub`, as users run it, in a process of its own under the Node that runs the tests. */
async function runHub(directory: string): Promise<RunningHub> {
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    ['--import', peakMemory, resolve('dist/cli.js'), 'hub', '--directory', directory],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  const errors = gathered(child);
  const ready = await firstLine(child, errors);
  const { connectionString, caFile, url } = JSON.parse(ready);
  return {
    startMilliseconds: performance.now() - begun,
    host: new URL(url).host,
    ca: readFileSync(caFile, 'utf8'),
    connectionStrings: { iothubowner: connectionString },
    async stop() {
      const ended = new Promise((done) => child.once('close', done));
      child.kill('SIGTERM');
      expect(await ended, errors()).toBe(0);
      return Number(/peak ([\d.]+)/.exec(errors())?.[1]);
    },
  };
}

function gathered(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  return () => text;
}

function firstLine(child: ChildProcess, errors: () => string): Promise<string> {
  return new Promise((done, failed) => {
    createInterface(child.stdout!).once('line', done);
    child.once('close', (code) => failed(new Error(`The hub ended with ${code}: ${errors()}`)));
  });
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

/** Other work on the machine can slow a measurement down, never speed it up: the best of three, if the first will not do. */
async function best(bar: number, measure: () => Promise<number>): Promise<number> {
  let found = await measure();
  for (let more = 0; more < 2 && found >= bar; more++) found = Math.min(found, await measure());
  return found;
}

describe('the embedded hub, dist/cli.js in a process of its own', () => {
  it('takes 1,000 creations one by one from the stock SDK in under 2 s', { timeout: 300_000 }, async () => {
    const hub = await runHub(folderWith());
    const registry = stockRegistry(hub);
    onTestFinished(() => registry.close());
    let series = 0;
    const slow = slowness();
    const spent = await best(2000 * slow, () => {
      series += 1;
      return milliseconds(async () => {
        for (let at = 0; at < 1000; at++) await registry.create(edgeBody(`edge-${series}-${at}`));
      });
    });
    console.log(`1,000 creations, one by one: ${Math.round(spent)} ms`);
    expect(spent).toBeLessThan(2000 * slow);
    expect((await registry.getRegistryStatistics()).responseBody.totalDeviceCount).toBe(1000 * series);
    await hub.stop();
  });

  it('takes 100,000 devices in bulks in under 10 s, restarts with them in under 3 s, and stays under 500 MB', {
    timeout: 180_000,
  }, async () => {
    const memory: number[] = [];
    let directory = '';
    const slow = slowness();
    const filling = await best(10_000 * slow, async () => {
      directory = folderWith();
      const hub = await runHub(directory);
      const spent = await milliseconds(() => fill(hub, 100_000));
      memory.push(await hub.stop());
      return spent;
    });
    const restart = await best(3000 * slow, async () => {
      const hub = await runHub(directory);
      const registry = stockRegistry(hub);
      const { responseBody: counted } = await registry.getRegistryStatistics();
      registry.close();
      expect(counted.totalDeviceCount).toBe(100_000);
      memory.push(await hub.stop());
      return hub.startMilliseconds;
    });
    console.log(
      `100,000 devices: ${Math.round(filling)} ms in bulks, ${Math.round(restart)} ms to start with them, ` +
        `${memory.map(Math.round).join(' and ')} MB`,
    );
    expect(filling).toBeLessThan(10_000 * slow);
    expect(restart).toBeLessThan(3000 * slow);
    expect(Math.max(...memory)).toBeLessThan(500);
  });
});

/** Bulks of 100 by the stock SDK, four at a time. */
async function fill(hub: Reachable, count: number): Promise<void> {
  const registry = stockRegistry(hub);
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const from = next;
      next += 100;
      const devices = Array.from({ length: 100 }, (_, at) => edgeBody(`edge-${from + at}`));
      const { responseBody } = await registry.addDevices(devices);
      expect(responseBody.isSuccessful).toBe(true);
    }
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
  registry.close();
}
