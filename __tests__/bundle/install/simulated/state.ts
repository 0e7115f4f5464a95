import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ScratchDevice, tree } from '../scratch-device.ts';
import { type Minor, unitsOf } from './device.ts';

/** How a device is at a moment: its files, each with mode, owner and content, and the units that run, each with what it read. */
export interface Seen {
  readonly tree: Readonly<Record<string, string>>;
  readonly units: Readonly<Record<string, string>>;
}

export function seen(device: ScratchDevice, minor: Minor): Seen {
  return { tree: tree(device), units: unitsThatRun(device, minor) };
}

/** Unit -> first line of the configuration with which it runs. */
function unitsThatRun({ folder }: ScratchDevice, minor: Minor): Readonly<Record<string, string>> {
  const known = readdirSync(join(folder, 'services'));
  const up = unitsOf[minor].filter((unit) => known.includes(`unit ${unit}`));
  return Object.fromEntries(up.map((unit) => [unit, configurationOf(join(folder, 'services', `unit ${unit}`))]));
}

/** stand-in.sh writes "CLOCK PID LINE". */
const configurationOf = (path: string) => readFileSync(path, 'utf8').trim().split(' ').slice(2).join(' ');

/** Whether each of the device's units runs, none does, or only some do. */
export function running({ units }: Seen, minor: Minor): 'all' | 'none' | 'some' {
  const count = Object.keys(units).length;
  return count === 0 ? 'none' : count === unitsOf[minor].length ? 'all' : 'some';
}

/**
 * All that a run of the installer can find on a device, as one text: two devices with the same text are the same to it.
 * Left out are times and process ids, and with them the name of a lock whose process is gone.
 */
export function everything(device: ScratchDevice, minor: Minor): string {
  const { tree: files, units } = seen(device, minor);
  const names = Object.keys(files).map((path) => lstatSync(join(device.root, path)).nlink);
  return JSON.stringify([files, names, units, locksOf(device)]);
}

function locksOf({ root }: ScratchDevice): readonly string[] {
  return readdirSync(join(root, 'run'), { recursive: true, encoding: 'utf8' })
    .map((path) => path.replace(/[0-9]+\.[0-9]+\.[-0-9a-f]{36}$/, 'PROCESS'))
    .sort();
}
