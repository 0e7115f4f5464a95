import { chmodSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import * as scratch from './scratch-device.ts';
import { directory, file, install, makePair, order, original, type Pair, tree, usual } from './scratch-device.ts';

const certificatePath = '/var/lib/iotedge/identity/edge-001.pem';
const keyPath = '/var/lib/iotedge/identity/edge-001.key.pem';
const configPath = '/etc/iotedge/config.yaml';
const dropInPath = '/etc/systemd/system/iotedge.service.d/proxy.conf';

describeNeeding(['openssl'], 'installing on a scratch device', () => {
  let folder: string;
  let pair: Pair;
  let renewed: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
    renewed = makePair(folder, 'renewed', { subject: '/CN=edge-001', keyType: 'rsa2048' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A device that runs with an old configuration and has the bundle of a new one. It is installed once, and copied. */
  const running = original((minor, place) => {
    const device = scratch.scratchDevice({ ...usual(pair, minor), config: '# old\n' }, place);
    expect(install(device).status).toBe(0);
    device.update(usual(pair, minor, { proxy: { https: 'http://proxy:3128' } }));
    return device;
  });

  // Other shells have their turn in linux-shells.thorough.test.ts, and signals in linux-steps.thorough.test.ts.
  it('1.1: places certificate and configuration, sets owners and modes, restarts, checks', () => {
    const device = scratch.scratchDevice(usual(pair, 1));
    const before = tree(device);
    const { status, stderr, calls } = install(device);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(tree(device)).toEqual({
      ...before,
      [keyPath]: file('iotedge', '400', pair.key),
      [certificatePath]: file('iotedge', '444', pair.certificate),
      [configPath]: file('iotedge', '400', '# new\n'),
    });
    expect(calls).toEqual(['systemctl restart iotedge [# new]', 'iotedge check [# new]']);
  });

  it('1.5: places each file for the service that reads it, and applies', () => {
    const device = scratch.scratchDevice(usual(pair, 5));
    const before = tree(device);
    const { status, stderr, calls } = install(device);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(notDerived(tree(device))).toEqual({
      ...before,
      '/var/aziot/certs': directory('aziotcs', '755'),
      '/var/aziot/certs/edge-001.pem': file('aziotcs', '644', pair.certificate),
      '/var/aziot/secrets': directory('aziotks', '700'),
      '/var/aziot/secrets/edge-001.key.pem': file('aziotks', '600', pair.key),
      '/etc/aziot/config.toml': file('root', '600', '# new\n'),
    });
    expect(calls).toEqual(['iotedge config apply -c /etc/aziot/config.toml [# new]', 'iotedge check [# new]']);
  });

  it('puts everything back when the restart fails', () => {
    const device = running(1);
    const before = tree(device);
    order(device, 'systemctl restart', 'fail');
    const { status, stderr, calls } = install(device);
    expect(status).toBe(1);
    expect(stderr).toMatch(/edge-001 is not installed\..* files are back\./);
    expect(stderr).toContain('journalctl -u iotedge');
    expect(tree(device)).toEqual(before);
    expect(calls.filter((call) => call.includes(' restart '))).toEqual([
      'systemctl restart iotedge [# new]',
      'systemctl restart iotedge [# old]',
    ]);
  });

  it('changes nothing the second time, not even a date, and restarts nothing', () => {
    const device = running(1);
    expect(install(device).status).toBe(0);
    const before = tree(device, true);
    const { status, stdout, calls } = install(device);
    expect({ status, calls }).toEqual({ status: 0, calls: [] });
    expect(stdout).toContain('nothing to do');
    expect(tree(device, true)).toEqual(before);
  });

  it.each([configPath, certificatePath, dropInPath])(
    'puts the mode of %s right, where its content is already',
    (path) => {
      const device = running(1);
      expect(install(device).status).toBe(0);
      const wanted = tree(device);
      chmodSync(join(device.root, path), 0o666);
      const { status, calls } = install(device);
      expect(status).toBe(0);
      expect(calls).toContain('systemctl restart iotedge [# new]');
      expect(tree(device)[path]).toBe(wanted[path]);
    },
  );

  it('puts the owner right, where content and mode are already', () => {
    const device = running(1);
    expect(install(device).status).toBe(0);
    // Not everyone may give files away, but everyone may be told.
    scratch.put(device.root, '/etc/passwd', 'root:x:0:0::/:/bin/sh\niotedge:x:7003:7103::/:/bin/false\n');
    const { stdout } = install(device, { args: ['--root', device.root, '--dry-run'] });
    for (const [path, mode] of [
      [configPath, '400'],
      [certificatePath, '444'],
    ])
      expect(stdout).toContain(`would place ${device.root}${path} (owner 7003:7103, mode ${mode})`);
  });

  it('keeps the file that it replaces, and only the last one', () => {
    const device = running(1);
    expect(install(device).status).toBe(0);
    expect(tree(device)).toMatchObject({
      [configPath]: file('iotedge', '400', '# new\n'),
      [`${configPath}.before-install`]: file('iotedge', '400', '# old\n'),
    });
    device.update({ ...usual(pair, 1), config: '# newest\n' });
    expect(install(device).status).toBe(0);
    expect(tree(device)).toMatchObject({
      [configPath]: file('iotedge', '400', '# newest\n'),
      [`${configPath}.before-install`]: file('iotedge', '400', '# new\n'),
    });
    expect(Object.keys(tree(device)).filter((path) => path.includes('installing'))).toEqual([]);
  });

  it.each([
    ['644', '400'],
    ['440', '400'],
  ])('keeps a file of mode %s to those who may read the new one: %s', (before, after) => {
    const device = scratch.scratchDevice(usual(pair, 1));
    scratch.put(device.root, configPath, 'password: "secret"\n');
    chmodSync(join(device.root, configPath), Number.parseInt(before, 8));
    expect(install(device)).toMatchObject({ status: 0, stderr: '' });
    expect(tree(device)[`${configPath}.before-install`]).toBe(file('iotedge', after, 'password: "secret"\n'));
  });

  it('keeps a link to the certificate as one, and what it leads to as it is', () => {
    const device = scratch.scratchDevice(usual(pair, 1));
    const target = '/var/lib/iotedge/identity/shared.pem';
    scratch.put(device.root, target, renewed.certificate);
    chmodSync(join(device.root, target), 0o664);
    symlinkSync('shared.pem', join(device.root, certificatePath));
    expect(install(device).status).toBe(0);
    expect(tree(device)).toMatchObject({
      [certificatePath]: file('iotedge', '444', pair.certificate),
      [target]: file('root', '664', renewed.certificate),
    });
  });

  it('replaces the certificate together with the configuration, and keeps the old one', () => {
    const device = scratch.scratchDevice(usual(pair, 1));
    install(device);
    const next = usual(renewed, 1, { privateKey: '/var/lib/iotedge/identity/next.key.pem' });
    scratch.put(device.root, '/var/lib/iotedge/identity/next.key.pem', renewed.key);
    device.update(next);
    expect(install(device).status).toBe(0);
    expect(tree(device)).toMatchObject({
      [certificatePath]: file('iotedge', '444', renewed.certificate),
      [`${certificatePath}.before-install`]: file('iotedge', '444', pair.certificate),
      [keyPath]: file('iotedge', '400', pair.key),
    });
  });

  it('removes what it placed, folders too, when a fresh device does not start', () => {
    for (const minor of [1, 5] as const) {
      const device = scratch.scratchDevice(usual(pair, minor, { certificate: '/data/certs/edge-001.pem' }));
      const before = tree(device);
      order(device, 'daemon start', 'fail');
      const { status, stderr, calls } = install(device);
      expect(status).toBe(1);
      expect(stderr).toContain(`${minor === 1 ? 'iotedge' : 'aziot-edged'} failed`);
      expect(tree(device)).toEqual(before);
      // The certificate goes while nothing runs that would miss it.
      expect(calls.at(-1)).toBe(minor === 1 ? 'systemctl stop iotedge []' : 'iotedge system stop [# new]');
    }
  });

  it('1.5: what was applied comes back with the configuration', () => {
    const device = running(5);
    const before = tree(device);
    order(device, 'iotedge config', 'fail');
    const { status, calls } = install(device);
    expect(status).toBe(1);
    expect(tree(device)).toEqual(before);
    expect(before['/etc/aziot/keyd/config.d/00-super.toml']).toContain('# old\n');
    expect(calls.slice(-3)).toEqual([
      'iotedge system stop [# new]',
      'systemctl daemon-reload [# old]',
      'iotedge system restart [# old]',
    ]);
  });

  it('finishes what a power cut left between the files and the restart', () => {
    const device = running(1);
    install(device);
    scratch.put(device.root, `${configPath}.installing`, '');
    const { status, calls } = install(device);
    expect(status).toBe(0);
    expect(calls.slice(0, 2)).toEqual(['systemctl daemon-reload [# new]', 'systemctl restart iotedge [# new]']);
    expect(Object.keys(tree(device))).not.toContain(`${configPath}.installing`);
  });

  it('sets a proxy for the daemon, and takes it away again; a drop-in of somebody else stays', () => {
    const device = running(1);
    const before = tree(device);
    expect(install(device).calls[0]).toBe('systemctl daemon-reload [# new]');
    const [mark] = (tree(device)[dropInPath] ?? '').split('\n');
    expect(`${mark}\n`).toMatch(/^644 \d+:\d+ # Placed by install\.sh/);
    expect(tree(device)[dropInPath]).toContain('\n[Service]\nEnvironment="https_proxy=http://proxy:3128"\n');
    device.update({ ...usual(pair, 1), config: '# old\n' });
    expect(install(device).calls[0]).toBe('systemctl daemon-reload [# old]');
    expect(Object.keys(tree(device))).not.toContain(dropInPath);
    expect(tree(device)).toMatchObject(before);
    scratch.put(device.root, dropInPath, '[Service]\n# mine\n');
    expect(install(device).stdout).toContain('nothing to do');
  });

  it('1.5: the proxy is for both daemons that go out', () => {
    const device = running(5);
    expect(install(device).status).toBe(0);
    for (const unit of ['aziot-edged', 'aziot-identityd']) {
      expect(tree(device)[`/etc/systemd/system/${unit}.service.d/proxy.conf`]).toContain(
        '"https_proxy=http://proxy:3128"',
      );
    }
  });

  it.each([
    [
      1,
      'iotedge',
      '/etc/systemd/system/docker.service.d/http-proxy.conf',
      '[Service]\nEnvironment="HTTPS_PROXY=http://p"\n',
    ],
    [5, 'aziot-edged', '/etc/docker/daemon.json', '{ "proxies": { "https-proxy": "http://p" } }\n'],
  ] as const)(
    '1.%i: says that the container engine has a proxy of its own, until it has one',
    (minor, unit, path, text) => {
      const device = scratch.scratchDevice(usual(pair, minor, { proxy: { https: 'http://proxy:3128' } }));
      const said = () => install(device, { args: ['--root', device.root, '--restart', '--dry-run'] }).stdout;
      const hint = `sed 1d /etc/systemd/system/${unit}.service.d/proxy.conf | sudo tee`;
      scratch.put(device.root, '/etc/docker/daemon.json', '{}\n');
      expect(said()).toContain(hint);
      scratch.put(device.root, path, text);
      expect(said()).not.toContain('container engine');
      device.update(usual(pair, minor));
      expect(said()).not.toContain('container engine');
    },
  );

  it('only says what it would do with --dry-run', () => {
    const device = running(1);
    const before = tree(device, true);
    const { status, stdout, calls } = install(device, { args: ['--root', device.root, '--restart', '--dry-run'] });
    expect({ status, calls }).toEqual({ status: 0, calls: [] });
    expect(stdout).toContain(`would place ${device.root}${configPath} (`);
    expect(stdout).toContain('would restart iotedge');
    expect(tree(device, true)).toEqual(before);
  });

  it('restarts nothing in an image that is being built', () => {
    const device = scratch.scratchDevice(usual(pair, 5));
    const { status, stdout, calls } = install(device, { args: ['--root', device.root] });
    expect({ status, calls }).toEqual({ status: 0, calls: [] });
    expect(stdout).toContain('iotedge config apply');
    expect(tree(device)['/etc/aziot/config.toml']).toBe(file('root', '600', '# new\n'));
  });

  it('ends with 3 where iotedge check complains, and the configuration stays', () => {
    const device = running(1);
    order(device, 'iotedge check', 'fail');
    const { status, stderr } = install(device);
    expect(status).toBe(3);
    expect(stderr).toContain('check found something');
    expect(tree(device)[configPath]).toBe(file('iotedge', '400', '# new\n'));
  });

  it('only sets the owner and the mode of a certificate that the device has and the bundle has not', () => {
    const device = scratch.scratchDevice({
      ...usual(pair, 1, { carriesCertificate: false, privateKey: undefined }),
      has: { [certificatePath]: pair.certificate },
    });
    expect(install(device).status).toBe(0);
    expect(tree(device)[certificatePath]).toBe(file('iotedge', '444', pair.certificate));
    expect(Object.keys(tree(device))).not.toContain(`${certificatePath}.before-install`);
  });

  it('goes to paths with spaces and quotes', () => {
    const places = { certificate: `/data/it's "here" $HOME/a b.pem`, privateKey: `/data/it's "here" $HOME/a b.key` };
    const device = scratch.scratchDevice(usual(pair, 1, places));
    expect(install(device)).toMatchObject({ status: 0, stderr: '' });
    expect(tree(device)).toMatchObject({
      [places.certificate]: file('iotedge', '444', pair.certificate),
      [places.privateKey]: file('iotedge', '400', pair.key),
    });
  });

  const hostile = ["a';touch $HOME;'", '$(exit)', '-rf', '%41%s%n', "#*?!(),+=@$';", '$IFS', '..', '*'].map((id) =>
    id.replaceAll(' ', ''),
  );
  it.each(hostile)('the device id %s is nothing but a name', (id) => {
    const subject = `/CN=${id.replace(/[+\\/]/g, '\\$&')}`;
    const own = makePair(folder, `id-${hostile.indexOf(id)}`, { subject });
    const certificate = `/var/lib/iotedge/identity/${id}.pem`;
    const device = scratch.scratchDevice(usual(own, 1, { device: id, certificate }));
    expect(install(device)).toMatchObject({ status: 0, stderr: '' });
    expect(tree(device)[certificate]).toBe(file('iotedge', '444', own.certificate));
  });
});

/** Without what the stand-in for `iotedge config apply` writes. */
function notDerived(all: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(all).filter(([path]) => !path.endsWith('00-super.toml')));
}
