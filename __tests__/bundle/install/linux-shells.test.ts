import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { describeNeeding, itNeeding } from '../../support/needing.ts';
import { tree } from './scratch-device.ts';
import { minors, run, type Shell, starts } from './simulated/device.ts';
import { copy, dash, makePairs, type Pairs, type Prepared, prepare, scratchFolder } from './simulated/scenarios.ts';
import { shells } from './simulated/shells.ts';

describeNeeding(['openssl', 'Linux'], 'whatever shell and tools a device has', () => {
  let place: string;
  let pairs: Pairs;
  let prepared: readonly Prepared[];
  beforeAll(async () => {
    place = scratchFolder();
    pairs = makePairs(place);
    prepared = await Promise.all(
      minors.flatMap((minor) =>
        (['install', 'rotate', 'roll back'] as const).map((each) => prepare(each, minor, pairs, place)),
      ),
    );
  });
  afterAll(() => rmSync(place, { recursive: true, force: true }));

  for (const { name, needs, make } of shells)
    itNeeding(needs, `${name}: installs, rotates and rolls back as dash does`, async () => {
      const shell = make(place);
      for (const each of prepared) expect(await resultOf(each, shell)).toEqual(await resultOf(each, dash));
    });

  async function resultOf({ device: original }: Prepared, shell: Shell) {
    const device = copy(original, mkdtempSync(join(place, 'shell-')));
    const { status, output, log } = await run(device, shell);
    const result = {
      status,
      output: output.replaceAll(device.root, ''),
      tree: tree(device),
      starts: starts(log, { ...pairs }),
    };
    rmSync(device.folder, { recursive: true });
    return result;
  }
});
