import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from '../../../support/tools.ts';
import { tree } from '../scratch-device.ts';
import { pathOf, run, type Shell, starts } from './device.ts';
import { copy, type Prepared } from './scenarios.ts';

/** A shell and the tools beside it, and what the machine needs for them. The folder takes links to the tools. */
interface Row {
  readonly name: string;
  readonly needs: readonly Tool[];
  make(place: string): Shell;
}

/** Each as `sh` of some system, as the tools of one, or both. */
export const shells: readonly Row[] = [
  { name: 'bash --posix', needs: ['bash'], make: () => plain('bash --posix') },
  { name: 'bash', needs: ['bash'], make: () => plain('bash') },
  { name: 'zsh --emulate sh', needs: ['zsh'], make: () => plain('zsh --emulate sh') },
  { name: 'yash --posix', needs: ['yash'], make: () => plain('yash --posix') },
  { name: "busybox sh with busybox's tools", needs: ['busybox'], make: busybox },
  { name: 'dash with uutils', needs: ['uutils'], make: () => ({ ...plain('dash'), tools: uutils }) },
  { name: 'dash with gawk', needs: ['gawk'], make: (place) => withAwk(place, 'gawk') },
  { name: 'dash with mawk', needs: ['mawk'], make: (place) => withAwk(place, 'mawk') },
];

const plain = (command: string): Shell => ({ name: command, command: command.split(' ') });

/** busybox as shell and as tools, which a small device has in place of dash and coreutils. */
export function busybox(place: string): Shell {
  const applets = printed('busybox', '--list').split('\n');
  const own = applets.filter((name) => /^[a-z]/.test(name) && !['busybox', 'openssl', 'sh'].includes(name));
  return { name: 'busybox', command: ['busybox', 'sh'], tools: linked(place, 'busybox', own, pathOf('busybox')) };
}

/** Coreutils in Rust, which Ubuntu has from 25.10 on, where Debian's package puts them. */
const uutils = '/usr/lib/cargo/bin/coreutils';

const withAwk = (place: string, awk: 'gawk' | 'mawk'): Shell => ({
  ...plain('dash'),
  tools: linked(place, awk, ['awk'], pathOf(awk)),
});

function linked(place: string, folder: string, names: readonly string[], program: string): string {
  const tools = join(place, folder);
  if (existsSync(tools)) return tools;
  mkdirSync(tools);
  for (const name of names) symlinkSync(program, join(tools, name));
  return tools;
}

function printed(command: string, ...args: readonly string[]): string {
  return execFileSync(command, args, { encoding: 'utf8' });
}

/** What a run leads to: exit code, output, files with owner and mode, and with what the daemons were started. */
export async function resultOf({ device: original, pairs }: Prepared, shell: Shell, place: string) {
  const device = copy(original, mkdtempSync(join(place, 'shell-')));
  const { status, output, log } = await run(device, shell);
  const left = { tree: tree(device), starts: starts(log, { ...pairs }) };
  rmSync(device.folder, { recursive: true });
  return { status, output: output.replaceAll(device.root, ''), ...left };
}
