import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import type { Fault } from '../../src/model/fault.ts';
import { refusalToFill, refusalToMake } from '../../src/run/named-file.ts';
import { unread } from '../../src/run/unread.ts';
import { terminalFault } from '../../src/terminal/faults.ts';
import { runCommandLine } from '../../src/terminal/program.ts';
import { folderWith } from '../support/folder.ts';
import { describeNeeding } from '../support/needing.ts';

afterEach(() => vi.restoreAllMocks());

const thumbprint = 'A'.repeat(40);

/** A repository with links that lead out of it, beside a file that is not its own. */
function hostile(): { readonly outer: string; readonly root: string } {
  const outer = folderWith({
    victim: '[]\n',
    'repository/.git/config': '[core]\n',
    'repository/fleet.csv': `id,thumbprints.primary\nedge-1,${thumbprint}\n`,
  });
  const root = join(outer, 'repository');
  symlinkSync('..', join(root, 'out'));
  symlinkSync('.git', join(root, 'git'));
  symlinkSync('../victim', join(root, 'seed.json'));
  for (const [folder, entry] of [
    ['state', 'devices.jsonl'],
    ['keys', 'root.key.pem'],
    ['made', 'root.pem'],
  ] as const) {
    mkdirSync(join(root, folder));
    symlinkSync(folder === 'made' ? '../../not-there' : '../../victim', join(root, folder, entry));
  }
  return { outer, root };
}

async function run(folder: string, args: readonly string[]) {
  let err = '';
  vi.spyOn(process, 'cwd').mockReturnValue(folder);
  vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    err += String(text);
    return true;
  });
  const code = await runCommandLine(args);
  vi.restoreAllMocks();
  return { code, err };
}

const printed = ({ message, remedy }: Fault) => `error: ${message}\n  → ${remedy}\n`;
const out = unread.link(unread.outside());
const intoGit = unread.link(unread.inGit());
const entry = (name: string, why: string) => unread.linkIn(name, why);

describeNeeding(['links and modes of POSIX'], 'a path of a command', () => {
  it.each<[args: readonly string[], option: string, path: string, why: string]>([
    [['new', 'fleet.csv', '--output'], 'output', 'out/devices.yaml', out],
    [['new', 'fleet.csv', '--output'], 'output', 'git/devices.yaml', intoGit],
    [['new', 'fleet.csv', '--output'], 'output', '.git/devices.yaml', unread.inGit()],
    [['issue', 'a', '--certificates-directory'], 'certificates-directory', 'out', out],
    [['issue', 'a', '--certificates-directory'], 'certificates-directory', 'git', intoGit],
    [['issue', 'a', '--keys-directory'], 'keys-directory', 'out/keys', out],
    [['issue', 'a', '--keys-directory'], 'keys-directory', 'keys', entry('root.key.pem', out)],
    [['issue', 'a', '--keys-directory'], 'keys-directory', 'made', entry('root.pem', out)],
    [['hub', '--directory'], 'directory', 'out/state', out],
    [['hub', '--directory'], 'directory', '.git', unread.inGit()],
    [['hub', '--directory'], 'directory', 'state', entry('devices.jsonl', out)],
  ])('%s %s %s is refused where a link of the repository leads it elsewhere', async (args, option, path, why) => {
    const { outer, root } = hostile();
    const ended = await run(root, [...args, path]);
    // A link to nothing is told as such, and not by where it would lead.
    const expected = path === 'made' ? entry('root.pem', unread.brokenLink()) : why;
    expect(ended).toEqual({ code: 2, err: printed(terminalFault('path-refused', { option, path, why: expected })) });
    expect(readdirSync(outer).sort()).toEqual(['repository', 'victim']);
    expect(readFileSync(join(outer, 'victim'), 'utf8')).toBe('[]\n');
    expect(readdirSync(join(root, '.git'))).toEqual(['config']);
    for (const made of ['certs', 'device-keys', 'devices.yaml']) expect(existsSync(join(root, made))).toBe(false);
  });

  it('hub --seed is neither read nor quoted there', async () => {
    const { root } = hostile();
    const fault = terminalFault('seed-unreadable', { path: 'seed.json', why: out });
    expect(await run(root, ['hub', '--seed', 'seed.json'])).toEqual({ code: 1, err: printed(fault) });
  });

  it('elsewhere is the caller’s own, and so is a link there', () => {
    const { root } = hostile();
    const mine = folderWith({ 'real/x': '' });
    symlinkSync('real', join(mine, 'link'));
    symlinkSync('/etc/hostname', join(mine, 'real/devices.jsonl'));
    for (const folder of [mine, join(mine, 'link'), join(mine, 'new')]) {
      expect(refusalToFill(folder, root)).toBeUndefined();
      expect(refusalToMake(join(folder, 'devices.yaml'), root)).toBeUndefined();
    }
    for (const folder of [join(root, 'certs'), join(root, 'a/b')]) expect(refusalToFill(folder, root)).toBeUndefined();
  });
});
