import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import {
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

const proxy = { https: 'http://proxy:3128' };
const configPath = { 1: '/etc/iotedge/config.yaml', 5: '/etc/aziot/config.toml' } as const;
const restartOf = { 1: 'systemctl restart', 5: 'iotedge config' } as const;
const versions = [{ minor: 1 }, { minor: 5 }] as const;

describeNeeding(['openssl'], 'after a power cut', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A device that runs with an old configuration and has the bundle of a new one. It is installed once, and copied. */
  const running = original((minor, place) => {
    const device = scratchDevice({ ...usual(pair, minor), config: '# old\n' }, place);
    expect(install(device).status).toBe(0);
    device.update(usual(pair, minor, { proxy }));
    return device;
  });
  /** The same, after a power cut in the middle of the restart. */
  const cutOff = original((minor, place) => {
    const device = running(minor, place);
    cut(device, minor);
    return device;
  });
  function cut(device: ScratchDevice, minor: 1 | 5): void {
    order(device, restartOf[minor], 'cut');
    expect(install(device)).toMatchObject({ status: null });
    expect(tree(device)[configPath[minor]]).toContain('# new\n');
    expect(existsSync(join(device.root, `${configPath[minor]}.installing`))).toBe(true);
  }

  it.each(versions)('1.$minor: the next run puts the old files back when its restart fails', ({ minor }) => {
    const before = tree(running(minor));
    const device = cutOff(minor);
    order(device, restartOf[minor], 'fail');
    const second = install(device);
    expect(second.status).toBe(1);
    expect(second.stderr).toMatch(/edge-001 is not installed\..* files are back\./);
    expect(tree(device)).toEqual(before);
    const third = install(device);
    expect(third).toMatchObject({ status: 0, stdout: expect.stringContaining('edge-001 is installed') });
    expect(third.calls.join('\n')).toContain(`${restartOf[minor]} `);
    expect(tree(device)[`${configPath[minor]}.before-install`]).toContain('# old\n');
  });

  it.each(versions)('1.$minor: of a first installation nothing is left when the next run fails', ({ minor }) => {
    const device = scratchDevice(usual(pair, minor, { proxy }));
    const before = tree(device);
    cut(device, minor);
    order(device, 'daemon start', 'fail');
    const { status, calls } = install(device);
    expect(status).toBe(1);
    expect(tree(device)).toEqual(before);
    // What this run started is stopped too: nothing ran before.
    const stop = minor === 1 ? 'systemctl stop iotedge' : 'iotedge system stop';
    expect(calls.findLastIndex((call) => call.startsWith(stop))).toBeGreaterThan(
      calls.findLastIndex((call) => call.startsWith(restartOf[minor])),
    );
  });

  it.each(versions)(
    '1.$minor: the next run installs, while nothing runs that would miss a certificate',
    ({ minor }) => {
      const device = cutOff(minor);
      const { status, stderr, calls } = install(device);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(calls.slice(0, 2)).toEqual([
        ...(minor === 5 ? ['iotedge system stop [# new]'] : []),
        'systemctl daemon-reload [# new]',
        ...(minor === 1 ? ['systemctl restart iotedge [# new]'] : []),
      ]);
      expect(tree(device)[`${configPath[minor]}.before-install`]).toContain('# old\n');
      expect(Object.keys(tree(device)).filter((path) => path.includes('installing'))).toEqual([]);
      expect(install(device).stdout).toContain('nothing to do');
    },
  );

  it('a bundle that wants what was there before has it restarted too, and its proxy is gone', () => {
    const before = tree(running(1));
    const device = cutOff(1);
    device.update({ ...usual(pair, 1), config: '# old\n' });
    const { status, calls } = install(device);
    expect(status).toBe(0);
    expect(calls.slice(0, 2)).toEqual(['systemctl daemon-reload [# old]', 'systemctl restart iotedge [# old]']);
    expect(tree(device)).toEqual(before);
  });

  it('--dry-run says what would be put back, and changes nothing', () => {
    const device = cutOff(1);
    const before = tree(device, true);
    const { status, stdout, calls } = install(device, { args: ['--root', device.root, '--restart', '--dry-run'] });
    expect({ status, calls }).toEqual({ status: 0, calls: [] });
    expect(stdout).toContain('would put back');
    expect(tree(device, true)).toEqual(before);
  });

  it('cut off in the middle of putting back, it is finished by the next', () => {
    const before = tree(running(5));
    const device = cutOff(5);
    order(device, 'iotedge system', 'cut');
    expect(install(device)).toMatchObject({ status: null });
    order(device, 'iotedge config', 'fail');
    expect(install(device).status).toBe(1);
    expect(tree(device)).toEqual(before);
  });

  it('is not done before a restart has succeeded, be it with the old files', () => {
    const device = running(1);
    order(device, 'systemctl restart', 'fail always');
    const { status, stderr } = install(device);
    expect(status).toBe(1);
    expect(stderr).toContain('old files either');
    device.update({ ...usual(pair, 1), config: '# old\n' });
    expect(install(device)).toMatchObject({ status: 1, stdout: '' });
    rmSync(join(device.folder, 'control', 'systemctl restart'));
    expect(install(device).calls).toContain('systemctl restart iotedge [# old]');
    expect(install(device)).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing to do') });
  });

  it.each(versions)(
    '1.$minor: a check that fails first puts back, and the services run with the old files',
    ({ minor }) => {
      const before = tree(running(minor));
      const device = cutOff(minor);
      put(device.bundle, configPath[minor].replace(/.*\//, '/'), '# broken\n');
      const { status, stderr, calls } = install(device);
      expect(status).toBe(1);
      expect(stderr).toMatch(/not as it was rendered .*\n.*not installed\. The old files are back\./);
      expect(stderr).not.toContain('Nothing was changed');
      expect(tree(device)).toEqual(before);
      expect(calls.at(-1)).toBe(minor === 1 ? 'systemctl restart iotedge [# old]' : 'iotedge system restart [# old]');
      expect(install(device).stderr).toContain('Nothing was changed');
    },
  );

  it('what cannot be put back stays where it is, and is named; the next run tries again', () => {
    const before = tree(running(1));
    const device = cutOff(1);
    const mv = join(device.folder, 'bin/mv');
    put(device.folder, '/bin/mv', '#!/bin/sh\ncase $PWD in *.installing.old) exit 1 ;; esac\nexec /bin/mv "$@"\n');
    chmodSync(mv, 0o755);
    const { status, stderr, calls } = install(device);
    rmSync(mv);
    // Old and new files do not belong together: the service must not start with them.
    expect({ status, calls }).toEqual({ status: 1, calls: ['systemctl stop iotedge [# new]'] });
    expect(stderr).toMatch(
      /cannot put .*config\.yaml back.* kept as (.*config\.yaml)\. Type: sudo mv '\1' '.*config\.yaml'/,
    );
    expect(stderr).toMatch(/is stopped, because.*\n.*sudo sh install\.sh.*\n.*edge-001 is not installed\. Look/);
    order(device, 'systemctl restart', 'fail');
    expect(install(device).stderr).toContain('files are back');
    expect(tree(device)).toEqual(before);
  });
});
