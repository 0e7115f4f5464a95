import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startHub } from '../../src/emulator/hub.ts';
import { headlines } from '../../src/report/headline.ts';
import { manifestOf, manyIds, writeCertificates } from '../support/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { median, slowness } from '../support/machine.ts';
import { run, runCli } from './runner.ts';

/** A module that prints the peak memory of its process, in MB, as the last line of standard error. */
const peakMemory = `data:text/javascript,process.on('exit',()=>process.stderr.write('peak '+process.resourceUsage().maxRSS/1024+'\\n'))`;

describe('1,000 new devices with 2,000 certificates', () => {
  it('are registered and rendered in under 3 s and 300 MB, and a second apply writes nothing', {
    timeout: 300_000,
  }, async () => {
    const ids = manyIds(1000);
    const workspace = folderWith({ 'devices.yaml': manifestOf(ids) });
    await writeCertificates(workspace, ids);
    const hub = await startHub();
    onTestFinished(() => hub.close());
    const env = {
      IOTHUB_CONNECTION_STRING: hub.connectionString,
      NODE_OPTIONS: `--import ${JSON.stringify(peakMemory)}`,
    };
    const apply = () => runCli(['apply', '--ca-file', hub.caFile], workspace, env);

    const slow = slowness();
    const first = await apply();
    expect(first.code, first.stdout).toBe(0);
    const memory = Number(/peak ([\d.]+)/.exec(first.stderr)?.[1]);
    console.log(`apply of 1,000 new devices: ${Math.round(first.milliseconds)} ms, ${Math.round(memory)} MB`);
    expect(first.milliseconds).toBeLessThan(3000 * slow);
    expect(memory).toBeLessThan(300);
    expect(hub.counts().registryWrites, 'one operation a device').toBe(1000);

    const second = await apply();
    console.log(`apply once more: ${Math.round(second.milliseconds)} ms`);
    expect(second.stdout).toContain(headlines.unchanged({ command: 'apply', devices: 1000 }));
    expect(hub.counts().registryWrites).toBe(1000);
  });
});

describe('validate of one device', () => {
  it('takes at most 2.2 times as long as node itself', { timeout: 300_000 }, async () => {
    const workspace = folderWith();
    writeFileSync(join(workspace, 'devices.yaml'), manifestOf(['edge-1']));
    await writeCertificates(workspace, ['edge-1']);
    let best = Number.POSITIVE_INFINITY;
    // Other work on the machine can make a series slower but never faster, so the best one counts.
    for (let series = 0; series < 10 && best > 2.2; series++) best = Math.min(best, await startRatio(workspace));
    // On a busy machine, compiling our code slows down more than starting Node, which loads a snapshot.
    expect(best).toBeLessThanOrEqual(slowness() < 1.5 ? 2.2 : 2.5);
  });
});

/**
 * Returns the median of 15 whole processes of `validate`, divided by the median of 15 of `node -e 0`. The two take
 * turns, so that both meet the same load.
 */
async function startRatio(workspace: string): Promise<number> {
  const nothing: number[] = [];
  const validate: number[] = [];
  for (let n = 0; n < 15; n++) {
    nothing.push((await run(['-e', '0'], { env: {} })).milliseconds);
    const validated = await runCli(['validate'], workspace);
    expect(validated.code, validated.stdout).toBe(0);
    validate.push(validated.milliseconds);
  }
  console.log(`node -e 0: ${median(nothing).toFixed(1)} ms; validate: ${median(validate).toFixed(1)} ms`);
  return median(validate) / median(nothing);
}
