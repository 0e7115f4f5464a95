import { spawnSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeNeeding, itNeeding } from '../../support/needing.ts';
import { pathOf } from '../../support/tools.ts';
import { withFunctions } from './installer-functions.ts';
import {
  install,
  isRoot,
  makePair,
  original,
  type Pair,
  put,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

const key = '/var/aziot/secrets/edge-001.key.pem';
const certificate = '/var/aziot/certs/edge-001.pem';
const config = '/etc/aziot/config.toml';
const proxy = { https: 'http://proxy:3128' };
/** busybox says of everything that root may write it. */
const shells = [['sh'], ['busybox', 'sh']].filter(([name = '']) => pathOf(name) !== undefined);

describeNeeding(['openssl'], 'the places of what is installed', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A device of 1.5 that is installed, and the same with a bundle that changes configuration and proxy. */
  const installed = original((minor, place) => {
    const device = scratchDevice({ ...usual(pair, minor), config: '# old\n' }, place);
    expect(install(device).status).toBe(0);
    return device;
  });
  function rotated(): ScratchDevice {
    const device = installed(5);
    device.update(usual(pair, 5));
    return device;
  }
  const dryRun = (device: ScratchDevice, shell: readonly string[] = ['sh'], first?: string) =>
    install(device, {
      args: ['--root', device.root, '--restart', '--dry-run'],
      shell,
      ...(first === undefined ? {} : { first }),
    });

  it('folders with the setgid bit are set right once', () => {
    const device = installed(5);
    chmodSync(join(device.root, 'var/aziot/certs'), 0o2755);
    chmodSync(join(device.root, 'var/aziot/secrets'), 0o6700);
    expect(install(device)).toMatchObject({ status: 0, stderr: '' });
    expect(install(device)).toMatchObject({ status: 0, stdout: expect.stringContaining('nothing to do') });
    expect(tree(device)).toMatchObject({
      '/var/aziot/certs': expect.stringMatching(/^755 /),
      '/var/aziot/secrets': expect.stringMatching(/^700 /),
    });
  });

  it('folders that are made in one with the setgid bit have none', () => {
    const device = scratchDevice(usual(pair, 5));
    chmodSync(join(device.root, 'var/aziot'), 0o2755);
    expect(install(device)).toMatchObject({ status: 0, stderr: '' });
    expect(install(device).stdout).toContain('nothing to do');
  });

  describe('a place that nobody can change is refused before anything stops', () => {
    const marked: readonly (readonly [mark: string, path: string, prepare: (device: ScratchDevice) => void])[] = [
      ['i', key, (device) => chmodSync(join(device.root, key), 0o640)],
      ['a', key, (device) => chmodSync(join(device.root, key), 0o640)],
      ['i', config, () => {}],
      ['i', '/etc/aziot', () => {}],
      ['a', '/etc/aziot', () => {}],
      ['i', '/etc/aziot/keyd/config.d', () => {}],
      ['i', '/var/aziot/certs', (device) => rmSync(join(device.root, certificate))],
      ['i', '/var/aziot', (device) => rmSync(join(device.root, 'var/aziot/certs'), { recursive: true })],
    ];
    for (const [mark, path, prepare] of marked) {
      itNeeding(['chattr'], `chattr +${mark} ${path}`, () => {
        const device = rotated();
        prepare(device);
        const real = join(device.root, path);
        spawnSync('chattr', [`+${mark}`, real]);
        try {
          for (const shell of path === config ? shells : [['sh']]) {
            const { status, stderr, calls } = dryRun(device, shell);
            expect({ status, calls }).toEqual({ status: 1, calls: [] });
            expect(stderr).toBe(
              `install.sh: ${real} has the attribute ${mark} (chattr), so that nobody can change it. Type: sudo chattr -ia '${real}'\ninstall.sh: Nothing was changed.\n`,
            );
          }
        } finally {
          spawnSync('chattr', ['-ia', real]);
        }
      });
    }

    const bind = (path: string) => `mount --bind '${path}' '${path}' && mount -o remount,ro,bind '${path}'`;
    it.each([['sh'], ['busybox sh']])('read-only, under %s', (shell) => {
      if (!isRoot) return;
      const device = rotated();
      const etc = join(device.root, 'etc');
      const { status, stderr, calls } = dryRun(device, ['unshare', '--mount', ...shell.split(' ')], bind(etc));
      expect({ status, calls }).toEqual({ status: 1, calls: [] });
      expect(stderr).toContain(
        `${device.root}${config} is on a file system that is mounted read-only (${etc}). Type: `,
      );
    });

    itNeeding(['mounts of its own'], 'a read-only device that is as wanted has nothing to do', () => {
      const device = installed(5);
      const shell = ['unshare', '--mount', 'sh'];
      expect(dryRun(device, shell, bind(device.root))).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('nothing to do'),
      });
    });
  });

  itNeeding(['mounts of its own'], 'a folder in memory is told, since it is empty at the next start', () => {
    const device = installed(5);
    const real = join(device.root, 'var/aziot');
    const first = `cp -a '${real}' '${device.folder}/kept'; mount -t tmpfs none '${real}'; cp -a '${device.folder}/kept/.' '${real}'; rm '${device.root}${certificate}'`;
    const { status, stderr } = dryRun(device, ['unshare', '--mount', 'sh'], first);
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /certs\/edge-001\.pem is in memory \(.*\/var\/aziot\) and is gone at .* delete the key pair/,
    );
    expect(stderr.split('\n')).toHaveLength(2);
  });

  describe('kinds of file systems', () => {
    const check = (on: string, call: string) =>
      withFunctions(
        {},
        `mount_of() { say '${on}'; }
        ROOT='' ME=0 SEEN='' IN_MEMORY='' file=/boot/k kind=mode owner=1:1 mode=400
        ${call} /tmp 2>&1; echo "$FAULTS"`.replace('ROOT=', 'FAULTS=0 ROOT='),
      );
    it.each([
      [
        'vfat ,rw, /dev/sda1 /boot',
        /^install\.sh: \/tmp is on a file system without owners and modes \(vfat\), .*\n1\n$/,
      ],
      ['exfat ,rw,noatime, /dev/sda1 /boot', /without owners and modes \(exfat\)/],
      ['squashfs ,ro,relatime, /dev/root /', /mounted read-only \(\/\)/],
      ['ext4 ,rw,errors=remount-ro, /dev/sda1 /', /^0\n$/],
    ])('%s', (on, says) => expect(check(on, 'check_spot')).toMatch(says));
    it.each([
      ['ramfs ,rw, none /my var', /^install\.sh: \/boot\/k is in memory \(\/my var\) .*\n0\n$/],
      ['overlay ,rw,lowerdir=/a, overlayroot /', /is in memory \(\/\)/],
      ['overlay ,rw,lowerdir=/a, overlay /', /^0\n$/],
      ['ext4 ,rw, /dev/sda1 /', /^0\n$/],
    ])('%s: in memory or not', (on, says) => expect(check(on, 'check_memory')).toMatch(says));
  });

  describe('a key with another name', () => {
    const linked = () => {
      const device = installed(5);
      linkSync(join(device.root, key), join(device.root, 'etc/other-program.key'));
      return device;
    };
    it('keeps its owner and mode there: it is refused', () => {
      const device = linked();
      chmodSync(join(device.root, key), 0o640);
      const before = tree(device, true);
      const { status, stderr, calls } = install(device);
      expect({ status, calls }).toEqual({ status: 1, calls: [] });
      expect(stderr).toContain(`${device.root}${key} has another name too (a hard link)`);
      expect(tree(device, true)).toEqual(before);
    });
    it('is fine as it is', () => expect(install(linked()).stdout).toContain('nothing to do'));
  });

  describe('a proxy.conf that somebody made', () => {
    const dropIn = '/etc/systemd/system/aziot-edged.service.d/proxy.conf';
    const withDropIn = (text: string, wanted: object = { proxy }) => {
      const device = installed(5);
      put(device.root, dropIn, text);
      device.update({ ...usual(pair, 5, wanted), config: '# old\n' });
      return device;
    };
    it.each([
      ['[Service]\nEnvironment=https_proxy=http://old:3128\n'],
      ['# by hand\n\n[Service]\n Environment="HTTPS_PROXY=http://old" \'no_proxy=a,b\' all_proxy=x\n;\n'],
      [''],
    ])('with a proxy alone is replaced, told and kept (%#)', (text) => {
      const device = withDropIn(text);
      const { status, stderr } = install(device);
      expect(status).toBe(0);
      expect(stderr).toBe(
        `install.sh: ${device.root}${dropIn} was made by somebody else. It is replaced by the proxy of the manifest (config.proxy) and kept as ${device.root}${dropIn}.before-install.\n`,
      );
      expect(tree(device)[`${dropIn}.before-install`]).toContain(text);
      expect(install(device)).toMatchObject({ stderr: '', stdout: expect.stringContaining('nothing to do') });
    });
    it.each([
      '[Service]\nEnvironment=https_proxy=http://old\nEnvironment=SSL_CERT_FILE=/etc/own.pem\n',
      '[Service]\nEnvironment="https_proxy=http://old" "RUST_LOG=debug"\n',
      '[Service]\nEnvironmentFile=/etc/proxy\n',
      '[Unit]\nAfter=vpn.service\n',
    ])('with more is refused (%#)', (text) => {
      const device = withDropIn(text);
      const before = tree(device, true);
      const { status, stderr, calls } = install(device);
      expect({ status, calls }).toEqual({ status: 1, calls: [] });
      expect(stderr).toContain(`${device.root}${dropIn} was made by somebody else, and has more than a proxy`);
      expect(tree(device, true)).toEqual(before);
    });
    it('stays where the manifest names none', () => {
      const device = withDropIn('[Service]\n', {});
      expect(install(device)).toMatchObject({ stderr: '', stdout: expect.stringContaining('nothing to do') });
    });
  });

  describe('the disk is called full', () => {
    const full = (df: string) => withFunctions({}, `stat() { echo '${df}'; }; full_disk /no/such/folder/file`);
    it.each([
      ['0 4096 100 200', true],
      ['15 4096 100 200', true],
      ['16 4096 100 200', false],
      ['1000 4096 3 200', true],
      ['1000 4096 0 0', false],
    ])('by %s: %s', (df, is) => {
      expect(full(df)).toBe(is ? " The file system of / is full. Make room, and look at: df -h '/'; df -i '/'\n" : '');
    });

    itNeeding(['mounts of its own'], 'only where it is', () => {
      const device = rotated();
      const etc = join(device.root, 'etc');
      const small = `cp -a '${etc}' '${device.folder}/kept'; mount -t tmpfs -o size=300k none '${etc}'; cp -a '${device.folder}/kept/.' '${etc}'`;
      device.update({ ...usual(pair, 5), config: '# a line\n'.repeat(60_000) });
      const { status, stderr } = install(device, { shell: ['unshare', '--mount', 'sh'], first: small });
      expect(status).toBe(1);
      expect(stderr).toMatch(
        /No space left on device\n.*cannot prepare .*The file system of .*\/etc\/aziot is full\./s,
      );
      const limited = install(device, { first: "trap '' XFSZ; ulimit -f 8" });
      expect(limited.status).toBe(1);
      expect(limited.stderr).toMatch(/cannot prepare/);
      expect(limited.stderr).not.toMatch(/is full/);
    });
  });

  it('a dry run that is not of root says so first', () => {
    const device = scratchDevice(usual(pair, 5));
    chmodSync(device.folder, 0o755);
    const shell = isRoot ? ['setpriv', '--reuid', '65534', '--clear-groups', 'sh'] : ['sh'];
    const { stderr } = install(device, { args: ['--dry-run'], shell });
    expect(stderr).toMatch(/^install\.sh: this dry run is not run by root\..*sudo sh install\.sh --dry-run\n/);
    const byRoot = install(device, { args: ['--root', device.root, '--dry-run'] });
    expect(byRoot).toMatchObject({ status: 0, stderr: '' });
  });

  it('a folder behind a link is looked at, not the link', () => {
    const device = rotated();
    renameSync(join(device.root, 'etc/aziot'), join(device.root, 'data'));
    symlinkSync('/data', join(device.root, 'etc/aziot'));
    mkdirSync(join(device.root, 'data/more'));
    expect(dryRun(device)).toMatchObject({ status: 0, stderr: '' });
  });
});
