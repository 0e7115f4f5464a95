import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import {
  begin,
  called,
  install,
  installAndStop,
  makePair,
  order,
  original,
  type Pair,
  put,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

const configPath = { 1: '/etc/iotedge/config.yaml', 5: '/etc/aziot/config.toml' } as const;
const restartOf = { 1: 'systemctl restart', 5: 'iotedge config' } as const;
const shells = [['dash'], ['busybox', 'sh']].filter(
  ([command = '', ...options]) => spawnSync(command, [...options, '-c', ':']).status === 0,
);

describeNeeding(['openssl'], 'a run that is stopped', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const running = original((minor, place) => {
    const device = scratchDevice({ ...usual(pair, minor), config: '# old\n' }, place);
    expect(install(device).status).toBe(0);
    device.update(usual(pair, minor));
    return device;
  });
  const nothingIsHeld = (device: ScratchDevice) => expect(readdirSync(join(device.root, 'run'))).toEqual([]);

  describe.each(shells.map((shell) => ({ shell, name: shell.join(' ') })))('under $name', ({ shell }) => {
    it.each(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGPIPE', 'SIGTERM'] as const)(
      'by %s has the old files, and says which signal it was',
      async (signal) => {
        const device = running(1);
        const before = tree(device);
        order(device, restartOf[1], 'hang');
        const { status, stderr } = await installAndStop(device, () => called(device, restartOf[1]), { shell, signal });
        expect(status).toBe(128 + constants.signals[signal]);
        expect(stderr).toContain('files are back');
        expect(tree(device)).toEqual(before);
        nothingIsHeld(device);
      },
    );

    it.each([1, 5] as const)('1.%i: does not end because nobody reads what it says', async (minor) => {
      const device = running(minor);
      panicsWithoutReader(device);
      const { child, ended } = begin(device, { shell });
      child.stdout.destroy();
      child.stderr.destroy();
      // Only "iotedge check", which is the last thing, still writes to those who read.
      expect((await ended).status).toBe(3);
      expect(tree(device)[configPath[minor]]).toContain('# new\n');
      nothingIsHeld(device);
    });

    it('puts back what was there, though nobody reads what it says', async () => {
      const device = running(5);
      const before = tree(device);
      panicsWithoutReader(device);
      order(device, restartOf[5], 'fail');
      const { child, ended } = begin(device, { shell });
      child.stdout.destroy();
      child.stderr.destroy();
      const { status, calls } = await ended;
      expect(status).toBe(1);
      expect(calls.slice(-2)).toEqual(['iotedge system stop [# new]', 'iotedge system restart [# old]']);
      expect(tree(device)).toEqual(before);
    });

    it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
      'by %s during "iotedge check" is installed: 3',
      async (signal) => {
        const device = running(1);
        order(device, 'iotedge check', 'hang');
        const { status, stderr } = await installAndStop(device, () => called(device, 'iotedge check'), {
          shell,
          signal,
        });
        expect(status).toBe(3);
        expect(stderr).toMatch(/edge-001 is installed and running\. Only 'iotedge check'/);
        expect(tree(device)[configPath[1]]).toContain('# new\n');
        expect(install(device).stdout).toContain('nothing to do');
      },
    );

    it('in the middle of putting back finishes that, and asks nobody twice to stop the services', async () => {
      const before = tree(running(5));
      const device = running(5);
      order(device, restartOf[5], 'cut');
      expect(install(device).status).toBe(null);
      order(device, 'iotedge system', 'hang');
      const { status, stderr, calls } = await installAndStop(device, () => called(device, 'iotedge system stop'), {
        shell,
      });
      expect(status).toBe(143);
      expect(stderr).toContain('files are back');
      expect(tree(device)).toEqual(before);
      expect(calls).toEqual(['iotedge system stop [# new]', 'iotedge system restart [# old]']);
    });
  });

  it('is not held up by a question that systemd does not answer', async () => {
    const device = running(1);
    const before = tree(device);
    order(device, 'systemctl show', 'hang');
    const start = Date.now();
    const { status, calls } = await installAndStop(device, () => called(device, 'systemctl show'));
    expect({ status, calls }).toEqual({ status: 143, calls: [expect.stringContaining('systemctl show')] });
    expect(Date.now() - start).toBeLessThan(50_000);
    expect(tree(device)).toEqual(before);
  });

  it('puts back though the services do not stop: a second signal ends the wait for them', async () => {
    const device = running(5);
    const before = tree(device);
    order(device, restartOf[5], 'hang');
    order(device, 'iotedge system', 'hang');
    const { child, ended } = begin(device);
    await called(device, restartOf[5]);
    child.kill('SIGTERM');
    await called(device, 'iotedge system stop');
    child.kill('SIGTERM');
    const { status, stderr, calls } = await ended;
    expect(status).toBe(143);
    expect(stderr).toContain("'iotedge system stop' did not end");
    expect(calls.at(-1)).toBe('iotedge system restart [# old]');
    expect(tree(device)).toEqual(before);
  });

  it('that failed by itself finishes what it puts back: the first signal changes nothing', async () => {
    const device = running(5);
    const before = tree(device);
    order(device, 'daemon start', 'fail');
    order(device, 'iotedge system', 'hang');
    const { child, ended } = begin(device);
    await called(device, 'iotedge system stop');
    child.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(child.exitCode).toBe(null);
    child.kill('SIGTERM');
    const { status, calls } = await ended;
    expect(status).toBe(1);
    expect(calls.at(-1)).toBe('iotedge system restart [# old]');
    expect(tree(device)).toEqual(before);
  });
});

/** "iotedge" ends with 101 where its output goes nowhere, as a Rust program that prints does, and does nothing. */
function panicsWithoutReader({ folder }: ScratchDevice): void {
  mkdirSync(join(folder, 'bin/itself'));
  renameSync(join(folder, 'bin/iotedge'), join(folder, 'bin/itself/iotedge'));
  const prints = `echo "at work" 2>/dev/null || exit 101\necho "at work" >&2 || exit 101\n`;
  put(folder, '/bin/iotedge', `#!/bin/sh\ntrap '' PIPE\n${prints}exec "${folder}/bin/itself/iotedge" "$@"\n`);
  chmodSync(join(folder, 'bin/iotedge'), 0o755);
}

describe.each(shells.map((shell) => ({ shell, name: shell.join(' ') })))(
  'a copy that was cut off, under $name',
  ({ shell }) => {
    it('does nothing and fails, wherever it was cut', () => {
      const folder = mkdtempSync(join(tmpdir(), 'provision-'));
      const device = scratchDevice(
        usual({ certificate: '', key: '', sha1: '', sha256: '' }, 5),
        join(folder, 'device'),
      );
      const text = readFileSync(join(device.bundle, 'install.sh'), 'utf8');
      const ends = [...text.matchAll(/\n/g)].map(({ index }) => index + 1);
      // A shell runs a file without a command and is content. The first line is all that can be lost in this way.
      const cuts = ends.filter((end) => end > text.indexOf('{'));
      expect(cuts.length).toBeGreaterThan(1000);
      const loop = `while read -r size; do head -c "$size" <"$0" >cut.sh; ${shell.join(' ')} cut.sh --help >>out 2>/dev/null && echo "$size"; done; cat out`;
      const input = `${cuts.filter((end) => end < text.trimEnd().length).join('\n')}\n`;
      const { stdout } = spawnSync('sh', ['-c', loop, join(device.bundle, 'install.sh')], {
        cwd: folder,
        input,
        encoding: 'utf8',
      });
      expect(stdout).toBe('');
      rmSync(folder, { recursive: true, force: true });
    });
  },
);
