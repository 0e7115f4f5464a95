import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import type { Pair, ScratchDevice } from '../scratch-device.ts';

/**
 * A device in a folder whose services are simulated: they run or not, live for a while, are started again by systemd,
 * and each start is logged with what the daemon reads at that time. Time is simulated too. See stand-in.sh.
 */
export const minors = [1, 5] as const;
export type Minor = (typeof minors)[number];

export const unitsOf = {
  1: ['iotedge'],
  5: ['aziot-keyd', 'aziot-certd', 'aziot-identityd', 'aziot-tpmd', 'aziot-edged'],
} as const;

/** Programs of the device itself, which come before those of the machine. */
const standIns = ['systemctl', 'iotedge', 'sleep', 'journalctl', 'docker'] as const;

/** Gives a device simulated services, none of which runs. The certificate's path is one on the device. */
export function simulateServices({ folder }: ScratchDevice, minor: Minor, certificate: string): void {
  const bin = join(folder, 'bin');
  rmSync(bin, { recursive: true });
  for (const path of ['bin', 'services', 'control']) mkdirSync(join(folder, path), { recursive: true });
  for (const name of standIns) program(join(import.meta.dirname, 'stand-in.sh'), join(bin, name));
  writeFileSync(join(folder, 'services/clock'), '1000000\n');
  writeFileSync(join(folder, 'services/pid'), '1000\n');
  writeFileSync(join(folder, 'control/device'), `${minor === 1 ? 'yaml' : 'toml'} ${certificate}\n`);
}

function program(from: string, to: string): void {
  copyFileSync(from, to);
  chmodSync(to, 0o755);
}

/** How a daemon that starts from now on fails: it lives so long each time, and systemd starts it again after a delay, or never. */
export interface Life {
  readonly milliseconds: number;
  readonly delay: number | 'never';
  /** The first line of the configuration with which it is so. By default with each. */
  readonly only?: string;
}

export function limitLife({ folder }: ScratchDevice, unit: string, life: Life | undefined): void {
  const path = join(folder, 'control', `lives ${unit}`);
  if (life === undefined) rmSync(path, { force: true });
  else
    writeFileSync(
      path,
      `${life.milliseconds} ${life.delay} ${text(folder, 'services/pid').trim()} ${life.only ?? 'any'}\n`,
    );
}

/** The shell that runs the installer, and the folder with its tools, which comes before the machine's. */
export interface Shell {
  readonly name: string;
  readonly command: readonly string[];
  readonly tools?: string;
}

export interface Ended {
  /** The exit code; 128 and the signal's number if one ended the shell. */
  readonly status: number;
  readonly output: string;
  /** The shell or a child of it went on for longer than any installation takes. */
  readonly hung: boolean;
  /** What the stand-ins logged. */
  readonly log: readonly string[];
}

/** Where a run comes from and is recorded, if not the device's own bundle and folder. */
export interface Apart {
  readonly bundle: string;
  readonly records: string;
}

/** Runs the installer in a session of its own, with its output in a pipe that `control/fire` may close. */
export async function run(device: ScratchDevice, shell: Shell, apart?: Apart): Promise<Ended> {
  const { folder, root } = device;
  const { bundle, records } = apart ?? { bundle: device.bundle, records: folder };
  const [program = '', ...options] = shell.command;
  // By its path: no shim may stand before the shell, whose name is a word of the script too.
  const command = [pathOf(program), ...options, join(bundle, 'install.sh'), '--root', root, '--restart'];
  const path = [
    join(folder, 'shims'),
    join(folder, 'bin'),
    ...(shell.tools === undefined ? [] : [shell.tools]),
    system,
  ];
  const settings = [`PATH=${path.join(delimiter)}`, 'SSL_CERT_FILE=/dev/null'];
  if (apart === undefined) writeFileSync(join(folder, 'log'), '');
  const child = spawn(join(import.meta.dirname, 'launch.sh'), [records, 'env', ...settings, ...command], {
    env: { PATH: system },
    cwd: folder,
    stdio: 'ignore',
  });
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    process.kill(-leaderOf(records), 'SIGKILL');
  }, longest);
  await once(child, 'exit');
  // What the installer started and did not wait for.
  while (isAlive(leaderOf(records))) await after(5);
  clearTimeout(timer);
  return { status: Number(text(records, 'status')), output: text(records, 'out'), hung, log: logOf(device) };
}

const leaderOf = (records: string) => Number(text(records, 'pid'));

function isAlive(leader: number): boolean {
  try {
    return process.kill(-leader, 0);
  } catch {
    return false;
  }
}

function logOf({ folder }: ScratchDevice): readonly string[] {
  return text(folder, 'log').split('\n').slice(0, -1);
}

const system = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Where this machine has a program, beside which nothing of a device stands. */
export function pathOf(name: string): string {
  const path = system
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find(isProgram);
  if (path === undefined) throw new Error(`${name} is missing`);
  return path;
}

export function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds. An installation takes less than a second. A busy machine needs far more. */
const longest = 300_000;

function text(folder: string, name: string): string {
  return existsSync(join(folder, name)) ? readFileSync(join(folder, name), 'utf8') : '';
}

/** Every start of a daemon, with what it read: the configuration's first line, and the pair whose certificate it was. */
export function starts(log: readonly string[], pairs: Readonly<Record<string, Pair>>) {
  return log
    .filter((line) => line.startsWith('start '))
    .map((line) => {
      const [, unit = '', config = '', second = ''] = /^start (\S+) (.*)\|(.*)$/.exec(line) ?? [];
      const known = Object.entries(pairs).find(([, { certificate }]) => certificate.split('\n')[1] === second);
      return { unit, config, certificate: known?.[0] ?? second };
    });
}

/** Puts shims before the programs of these names. */
export function shim({ folder }: ScratchDevice, names: readonly string[]): void {
  const shims = join(folder, 'shims');
  rmSync(shims, { recursive: true, force: true });
  mkdirSync(shims);
  for (const name of names) symlinkSync(join(folder, 'shim.sh'), join(shims, name));
  program(join(import.meta.dirname, 'shim.sh'), join(folder, 'shim.sh'));
}
