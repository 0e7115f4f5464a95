import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import { type Life, limitLife, type Minor, run, unitsOf } from './simulated/device.ts';
import { copy, dash, makePairs, type Prepared, prepare, scratchFolder } from './simulated/scenarios.ts';

// iotedge.service of 1.1 has no RestartSec, which is 100 ms then; aziot-edged.service and the others have 5 s
// (edgelet/contrib/systemd and contrib/systemd of Azure/iotedge and Azure/iot-identity-service).
const delays = { 1: 100, 5: 5_000 } as const;
const lives = Array.from({ length: 60 }, (_, n) => (n + 1) * 100);

describeNeeding(['openssl', 'Linux'], 'a daemon that does not stay up', () => {
  let place: string;
  const prepared = {} as Record<Minor, Prepared>;
  beforeAll(async () => {
    place = scratchFolder();
    const pairs = makePairs(place);
    for (const minor of [1, 5] as const) prepared[minor] = await prepare('rotate', minor, pairs, place);
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  /** Installs on a device one of whose daemons lives so long with the new configuration. Returns whether it says "running". */
  async function saysRunning(minor: Minor, unit: string, life: Life): Promise<boolean> {
    const device = copy(prepared[minor].device, mkdtempSync(join(place, 'device-')));
    limitLife(device, unit, life);
    const { status, output } = await run(device, dash);
    rmSync(device.folder, { recursive: true });
    return status !== 1 || output.includes('and running');
  }

  it.each([
    { minor: 1, unit: 'iotedge' },
    { minor: 5, unit: 'aziot-edged' },
    { minor: 5, unit: 'aziot-keyd' },
  ] as const)('1.$minor: $unit lives 0.1 to 6 s: never called running', async ({ minor, unit }) => {
    const lies: number[] = [];
    const waiting = [...lives];
    const worker = async () => {
      for (let life = waiting.shift(); life !== undefined; life = waiting.shift())
        if (await saysRunning(minor, unit, { milliseconds: life, delay: delays[minor], only: '# new' }))
          lies.push(life);
    };
    await Promise.all([worker(), worker()]);
    expect(lies).toEqual([]);
  });

  it.each(unitsOf[5].filter((unit) => unit !== 'aziot-tpmd'))(
    '1.5: %s ends and systemd leaves it so (exit status 153): not called running',
    async (unit) =>
      expect(await saysRunning(5, unit, { milliseconds: 1_000, delay: 'never', only: '# new' })).toBe(false),
  );

  it.each([1, 5] as const)('1.%i: one that stays up is', async (minor) => {
    expect(await saysRunning(minor, 'other', { milliseconds: 100, delay: 'never' })).toBe(true);
  });
});
