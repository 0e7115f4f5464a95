import { spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ScratchDevice } from '../scratch-device.ts';
import { run, shim } from './device.ts';
import { type Disk, makeDisk } from './disk.ts';
import { alwaysFaults, notNew, wholeFaults } from './judge.ts';
import type { Moment } from './moments.ts';
import { copy, dash, failWithNew, type Prepared } from './scenarios.ts';
import { seen } from './state.ts';

/** What the kernel has written of its own when the power is cut: it may be any of the two file systems, or none. */
export const written = ['nothing', 'etc', 'var'] as const;
export type Written = (typeof written)[number];

export interface PowerCut {
  /** Undefined: just after the run has ended. */
  readonly moment: Moment | undefined;
  readonly written: Written;
}

/**
 * Cuts the power of a device whose /etc and /var are file systems of their own, and runs again, with daemons that do not
 * start with the new configuration: what is put back must be whole. Returns what is wrong.
 */
export async function powerCutFaults(
  prepared: Prepared,
  { moment, written }: PowerCut,
  place: string,
): Promise<readonly string[]> {
  const device = copy(prepared.device, mkdtempSync(join(place, 'cut-')));
  const disks = { etc: onDisk(device, 'etc'), var: onDisk(device, 'var') };
  const all = Object.values(disks);
  try {
    for (const { folder } of all) spawnSync('sync', ['-f', folder]);
    if (moment !== undefined) {
      shim(device, [moment.program]);
      writeFileSync(join(device.folder, 'control/fire'), `${moment.call} KILL all\n`);
    }
    const first = await run(device, dash);
    if (written !== 'nothing') spawnSync('sync', ['-f', disks[written].folder]);
    for (const disk of all) disk.cut();
    for (const disk of all) disk.restart();
    const now = seen(device, prepared.minor);
    const faults = alwaysFaults(now, prepared, first).map((fault) => `after the cut: ${fault}`);
    const installed = first.status === 0;
    if (installed) faults.push(...notNew(now, prepared).map((fault) => `after "installed": ${fault}`));
    shim(device, []);
    rmSync(join(device.folder, 'control/fire'), { force: true });
    failWithNew(device, prepared.minor);
    const again = await run(device, dash);
    const later = wholeFaults(seen(device, prepared.minor), prepared, again, ['old', 'new']).map(
      (fault) => `after the next run: ${fault}`,
    );
    return later.length === 0 ? faults : [...faults, ...later, `the next run said: ${again.output}`];
  } finally {
    for (const disk of all) disk.remove();
    rmSync(device.folder, { recursive: true });
  }
}

/** Moves a folder of the device to a disk of its own, which is mounted in its place. */
function onDisk(device: ScratchDevice, name: string): Disk {
  const folder = join(device.root, name);
  const moved = `${folder}.moved`;
  renameSync(folder, moved);
  const disk = makeDisk(folder, join(device.folder, `${name}.img`));
  rmdirSync(join(folder, 'lost+found'));
  const { status, stderr } = spawnSync('cp', ['-a', `${moved}/.`, folder], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  rmSync(moved, { recursive: true });
  return disk;
}
