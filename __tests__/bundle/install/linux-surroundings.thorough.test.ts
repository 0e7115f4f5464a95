import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import {
  install,
  makePair,
  order,
  type Pair,
  put,
  type ScratchDevice,
  scratchDevice,
  usual,
} from './scratch-device.ts';

const configPath = '/etc/aziot/config.toml';

describeNeeding(['openssl'], 'the surroundings of an installation', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const linked = (target: string, has: Readonly<Record<string, string>> = {}): ScratchDevice => {
    const usually = usual(pair, 5);
    const device = scratchDevice({ ...usually, has: { ...usually.has, ...has } });
    symlinkSync(target, join(device.root, configPath));
    return device;
  };
  const text = (device: ScratchDevice, path: string) => readFileSync(join(device.root, path), 'utf8');

  describe('a configuration that is a link', () => {
    it.each(['/data/config.toml', '../../data/config.toml', '/data/other'])('to %s stays one', (target) => {
      const device = linked(target, { '/data/config.toml': '# old\n' });
      symlinkSync('config.toml', join(device.root, 'data/other'));
      order(device, 'iotedge config', 'fail');
      expect(install(device).status).toBe(1);
      expect(text(device, '/data/config.toml')).toBe('# old\n');
      const { status, stderr, calls } = install(device);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(calls[0]).toContain('iotedge config apply -c /data/config.toml [');
      expect(readlinkSync(join(device.root, configPath))).toBe(target);
      expect(text(device, '/data/config.toml')).toBe('# new\n');
      expect(text(device, '/data/config.toml.before-install')).toBe('# old\n');
      expect(lstatSync(join(device.root, 'data/config.toml')).mode & 0o777).toBe(0o600);
      expect(install(device).stdout).toContain('nothing to do');
    });

    // Above its root a device has nothing: "/.." is "/".
    it.each(['/data/config.toml', '../../../../data/config.toml'])(
      'to %s, which is not there yet, gets it',
      (target) => {
        const device = linked(target, { '/data/more': '' });
        expect(install(device).status).toBe(0);
        expect(text(device, '/data/config.toml')).toBe('# new\n');
      },
    );

    it.each([
      ['/data/config.toml', /config\.toml .*link to .*\/data\/config\.toml, .*missing\. Mount/],
      ['/etc', /link to .*\/etc, expected one/],
      ['config.toml', /links at .*\/config\.toml lead round/],
      ['/out/log', /link to .*\/log, whose folder is missing/],
    ])('to %s is refused', (target, says) => {
      const device = linked(target);
      symlinkSync(device.folder, join(device.root, 'out'));
      const { status, stderr, calls } = install(device);
      expect({ status, calls }).toEqual({ status: 1, calls: [] });
      expect(stderr).toMatch(says);
      expect(stderr).toMatch(/Nothing was changed\.\n$/);
      expect(readlinkSync(join(device.root, configPath))).toBe(target);
    });
  });

  describe('a machine', () => {
    const called = (machine: string, minor: 1 | 5, hostname: string | undefined) => {
      const device = scratchDevice(usual(pair, minor, { hostname }));
      put(device.root, '/etc/hostname', `${machine}\n`);
      return device;
    };
    const dryRun = (device: ScratchDevice, ...more: string[]) =>
      install(device, { args: ['--root', device.root, '--dry-run', ...more] });

    it.each([
      [1, 'raspberrypi', 'edge-001'],
      [5, 'raspberrypi', 'edge-001'],
      [1, 'Edge-001', 'edge-001'],
      [5, 'edge-001', 'edge-0011'],
      [5, 'edge-001.plant.example', 'edge-001'],
      [1, 'edge-001', '10.0.0.1'],
    ] as const)(
      '1.%i: called %s, not %s: is told before iotedge check complains, and installed',
      (minor, name, wanted) => {
        const device = called(name, minor, wanted);
        const { status, stderr } = dryRun(device, '--restart');
        expect(status).toBe(0);
        expect(stderr).toMatch(new RegExp(`machine ${wanted} .* name is ${name}, .*iotedge check`));
        expect(stderr).toContain(`sudo hostnamectl set-hostname '${wanted}'`);
        expect(stderr).toMatch(new RegExp(`config\\.hostname .* to ${name},`));
        // What is said of an image that is being built would be said too early.
        expect(dryRun(device)).toMatchObject({ status: 0, stderr: '' });
      },
    );

    it.each([
      [1, 'edge-001', 'edge-001'],
      [1, 'edge-001', 'edge-001.plant.example'],
      [5, 'Edge-001', 'edge-001.plant.example'],
      [5, 'raspberrypi', '10.0.0.1'],
      [5, 'raspberrypi', 'fd00::1'],
      [5, 'raspberrypi', undefined],
    ] as const)('1.%i: called %s: nothing is said of %s', (minor, name, wanted) => {
      expect(dryRun(called(name, minor, wanted), '--restart')).toMatchObject({ status: 0, stderr: '' });
    });
  });

  it('may have a CDPATH', () => {
    const device = scratchDevice(usual(pair, 5));
    for (const name of ['root', "bundle's folder"])
      mkdirSync(join(device.folder, 'elsewhere', name), { recursive: true });
    put(device.folder, '/elsewhere/log', '');
    const first = `set -- --root root --restart; exec sh "bundle's folder/install.sh" "$@"`;
    const env = { CDPATH: join(device.folder, 'elsewhere') };
    expect(install(device, { env, first })).toMatchObject({ status: 0, stderr: '' });
    expect(text(device, configPath)).toBe('# new\n');
  });
});
