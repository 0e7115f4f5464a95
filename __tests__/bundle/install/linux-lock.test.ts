import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import {
  begin,
  called,
  install,
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

const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
/** Field 22 of proc_pid_stat(5). */
const startOf = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ')[19];

describeNeeding(['openssl'], 'one installer at a time', () => {
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
  const held = (device: ScratchDevice) => readdirSync(join(device.root, 'run'), { recursive: true });
  const claim = (device: ScratchDevice, name: string) => put(device.root, `/run/iotedge-install.lock/${name}`, '');

  it('a second run refuses while the first one works, and the first one ends as if it was alone', async () => {
    const device = running(1);
    order(device, 'systemctl restart', 'hang');
    const first = begin(device);
    await called(device, 'systemctl restart');
    const before = tree(device);
    const second = install(device);
    expect(second).toMatchObject({ status: 1, stdout: '' });
    expect(second.stderr).toContain(`another install.sh is at work here: process ${first.child.pid}.`);
    expect(second.stderr).toMatch(/Nothing was changed\.\n$/);
    const look = install(device, { args: ['--root', device.root, '--restart', '--dry-run'] });
    expect(look).toMatchObject({ status: 0, stderr: expect.stringContaining('another install.sh') });
    expect(look.stdout).not.toContain('put back');
    expect(tree(device)).toEqual(before);
    first.child.kill('SIGTERM');
    expect((await first.ended).stderr).toContain('files are back');
    expect(held(device)).toEqual([]);
  });

  it('of two that start together one installs, and the other refuses or has nothing to do', async () => {
    const device = running(1);
    const both = await Promise.all([begin(device).ended, begin(device).ended]);
    const installed = both.filter(({ stdout }) => stdout.includes('installed and running'));
    const other = both.filter((end) => !installed.includes(end));
    expect(installed).toHaveLength(1);
    expect(other[0]?.stderr.includes('another install.sh') || other[0]?.stdout.includes('nothing to do')).toBe(true);
    expect(tree(device)['/etc/iotedge/config.yaml']).toContain('# new\n');
  });

  describe.each([['sh'], ['busybox', 'sh']])('under %s', (...shell) => {
    it.each([
      ['a process that is gone', `4194305.1.${boot}`],
      ['another process that has its number now', `${process.pid}.1.${boot}`],
      [
        'a process of before the last start',
        `${process.pid}.${startOf(process.pid)}.5f1e2a7c-0000-4000-8000-000000000000`,
      ],
    ])('the lock of %s holds nothing up, and is removed', (_, name) => {
      const device = running(1);
      claim(device, name);
      expect(install(device, { shell })).toMatchObject({ status: 0, stderr: '' });
      expect(held(device)).toEqual([]);
    });

    it('the lock of a process that lives holds up a run', () => {
      const device = running(1);
      const before = tree(device);
      claim(device, `${process.pid}.${startOf(process.pid)}.${boot}`);
      const { status, stderr, calls } = install(device, { shell });
      expect({ status, calls }).toEqual({ status: 1, calls: [] });
      expect(stderr).toContain(`process ${process.pid}.`);
      expect(tree(device)).toEqual(before);
    });
  });

  it('an image without /run has the lock too', () => {
    const device = running(1);
    rmSync(join(device.root, 'run'), { recursive: true });
    put(device.root, `/etc/iotedge-install.lock/${process.pid}.${startOf(process.pid)}.${boot}`, '');
    expect(install(device)).toMatchObject({ status: 1, stderr: expect.stringContaining('another install.sh') });
    rmSync(join(device.root, 'etc/iotedge-install.lock'), { recursive: true });
    expect(install(device).status).toBe(0);
    expect(Object.keys(tree(device)).filter((path) => path.includes('lock'))).toEqual([]);
  });

  it('a run refuses while somebody applies a configuration', async () => {
    const device = running(5);
    mkdirSync(join(device.folder, 'control'), { recursive: true });
    order(device, 'iotedge config', 'hang');
    const before = tree(device);
    // A stand-in that hangs is "sleep" by then. This one stays what it is.
    const somebody = spawn('sh', ['-c', 'read -r line', join(device.folder, 'bin/iotedge'), 'config', 'apply'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    try {
      const { status, stderr, calls } = install(device);
      expect({ status, calls }).toEqual({ status: 1, calls: [] });
      expect(stderr).toMatch(/'iotedge config apply' runs .*\n.*Nothing was changed\.\n$/);
      expect(tree(device)).toEqual(before);
    } finally {
      somebody.stdin.end('\n');
    }
    rmSync(join(device.folder, 'control/iotedge config'));
    await new Promise((resolve) => somebody.once('exit', resolve));
    expect(install(device).status).toBe(0);
  });
});
