import { spawnSync } from 'node:child_process';
import { lchownSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { folderWith } from '../../support/folder.ts';
import { describeNeeding } from '../../support/needing.ts';
import { withFunctions } from './installer-functions.ts';
import { file, install, isRoot, makePair, type Pair, put, scratchDevice, tree, usual } from './scratch-device.ts';

const trustBundle = '/etc/pki/trust.pem';
const proxy = { https: 'http://proxy:3128' };
const ofHost = ['root', 'iotedge', 'aziotcs', 'aziotks'].map((user) => `${user}:x:6:6::/:/bin/false\n`).join('');

describeNeeding(['openssl'], 'an image with absolute links', () => {
  let folder: string;
  let pair: Pair;
  let ca: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
    ca = makePair(folder, 'ca', { subject: '/CN=edge-001.ca', extensions: ['basicConstraints=critical,CA:TRUE'] });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /**
   * Moves each path of the image to another place in it, and makes it an absolute link to that place. The machine that builds
   * the image has the same files at the same place.
   */
  function imageWith(minor: 1 | 5, links: readonly string[]) {
    const edgeCa = { certificate: '/var/pki/ca.pem', privateKey: '/var/pki/ca.key.pem' };
    const scratch = usual(pair, minor, { proxy, edgeCa, trustBundle });
    const has = {
      ...scratch.has,
      [edgeCa.certificate]: ca.certificate,
      [edgeCa.privateKey]: ca.key,
      [trustBundle]: ca.certificate,
      [scratch.settings.certificate]: pair.certificate,
      '/etc/hostname': 'image\n',
      '/etc/docker/daemon.json': '{}\n',
    };
    const device = scratchDevice({ ...scratch, has });
    for (const name of ['config.yaml', 'config.toml']) {
      put(device.root, `/etc/${minor === 1 ? 'iotedge' : 'aziot'}/${name}`, '# old\n');
    }
    // Without /run the lock is in /etc.
    if (!links.includes('/run')) rmSync(join(device.root, 'run'), { recursive: true });
    const host = folderWith();
    for (const link of links) {
      const [path, target] = [join(device.root, link), join(host, link)];
      const place = join(device.root, target);
      mkdirSync(dirname(place), { recursive: true });
      mkdirSync(dirname(target), { recursive: true });
      renameSync(path, place);
      symlinkSync(target, path);
      spawnSync('cp', ['-a', place, target]);
    }
    if (links.includes('/etc/passwd')) put(host, '/etc/passwd', ofHost);
    return { device, host, settings: scratch.settings };
  }

  /** The place in the image that a path leads to on the device. */
  const leadsTo = (host: string, links: readonly string[], path: string) =>
    links.some((link) => path === link || path.startsWith(`${link}/`)) ? join(host, path) : path;

  it.each<[1 | 5, readonly string[]]>([
    [1, ['/etc', '/var']],
    [5, ['/etc', '/var']],
    [1, ['/var/lib/iotedge/identity', '/etc/iotedge', '/etc/systemd', '/etc/passwd', '/var/pki', trustBundle]],
    [5, ['/var/aziot/certs', '/var/aziot/secrets', '/etc/systemd/system', '/etc/aziot', '/etc/passwd', '/etc/pki']],
    [5, ['/var/aziot', '/etc/aziot/config.toml', '/etc/aziot/identityd/config.d', '/var/pki/ca.key.pem']],
    [5, ['/run', '/var/aziot/secrets/edge-001.key.pem', '/var/pki/ca.pem', '/etc/systemd']],
  ])('1.%i with %j is filled where the device looks, and nothing else changes', (minor, links) => {
    const { device, host, settings } = imageWith(minor, links);
    const before = tree({ ...device, root: host }, true);
    const args = ['--root', device.root];
    expect(install(device, { args })).toMatchObject({ status: 0, stderr: '' });
    expect(tree({ ...device, root: host }, true)).toEqual(before);
    const [user, keys, mode, keyMode] =
      minor === 1 ? (['iotedge', 'iotedge', '444', '400'] as const) : (['aziotcs', 'aziotks', '644', '600'] as const);
    const config = minor === 1 ? '/etc/iotedge/config.yaml' : '/etc/aziot/config.toml';
    const unit = minor === 1 ? 'iotedge' : 'aziot-edged';
    const found = tree(device);
    const at = (path: string, suffix = '') => found[leadsTo(host, links, path) + suffix];
    expect(at(settings.certificate)).toBe(file(user, mode, pair.certificate));
    expect(at(settings.privateKey ?? '')).toBe(file(keys, keyMode, pair.key));
    expect(at('/var/pki/ca.key.pem')).toBe(file(keys, keyMode, ca.key));
    expect(at(config)).toBe(file(minor === 1 ? 'iotedge' : 'root', minor === 1 ? '400' : '600', '# new\n'));
    expect(at(config, '.before-install')).toContain('# old\n');
    expect(at(`/etc/systemd/system/${unit}.service.d/proxy.conf`)).toContain('proxy:3128');
    for (const link of links) expect(lstatSync(join(device.root, link)).isSymbolicLink()).toBe(true);
    expect(Object.keys(found).filter((path) => path.includes('installing'))).toEqual([]);
    expect(install(device, { args }).stdout).toContain('nothing to do');
  });

  it('the host name is the image’s too', () => {
    const { device, host } = imageWith(5, ['/etc/hostname']);
    put(host, '/etc/hostname', 'host\n');
    const asked = `ME=$(id -u) ROOT='${device.root}'; machine_name`;
    expect(withFunctions({}, asked)).toBe('image\n');
  });

  it('a circle of links is refused', () => {
    const { device } = imageWith(5, []);
    rmSync(join(device.root, 'var/pki'), { recursive: true });
    symlinkSync('/var/pki/on', join(device.root, 'var/pki'));
    const { status, stderr } = install(device, { args: ['--root', device.root] });
    expect(status).toBe(1);
    expect(stderr).toMatch(/links at .*\/var\/pki lead round in a circle/);
  });

  it.runIf(isRoot)('a link of a service’s user is not followed (needs rights of root)', () => {
    const path = '/var/aziot/secrets/edge-001.key.pem';
    const { device } = imageWith(5, [path]);
    lchownSync(join(device.root, path), 4003, 5003);
    // Without times: this image has no /run, so that the lock lay in /etc.
    const before = tree(device);
    const { status, stderr } = install(device, { args: ['--root', device.root] });
    expect(status).toBe(1);
    expect(stderr).toMatch(/link .*edge-001\.key\.pem belongs to the user with the number 4003.* sudo chown -h root '/);
    expect(tree(device)).toEqual(before);
  });
});
