import { mkdtempSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import { withFunctions } from './installer-functions.ts';
import {
  install,
  makePair,
  order,
  original,
  type Pair,
  put,
  type ScratchDevice,
  scratchDevice,
  show,
  tree,
  usual,
} from './scratch-device.ts';

const versions = [{ minor: 1 }, { minor: 5 }] as const;
const restart = {
  1: 'systemctl restart iotedge [# new]',
  5: 'iotedge config apply -c /etc/aziot/config.toml [# new]',
} as const;

describeNeeding(['openssl'], 'a device whose files are as wanted', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const installed = original((minor, place) => {
    const device = scratchDevice(usual(pair, minor), place);
    expect(install(device).status).toBe(0);
    return device;
  });
  const dryRun = (device: ScratchDevice) =>
    install(device, { args: ['--root', device.root, '--restart', '--dry-run'] });
  const down = (device: ScratchDevice, state: string) => put(device.folder, '/state', `${state} 0 5000100\n`);

  it.each(versions)('1.$minor: has nothing to do, and says no more', ({ minor }) => {
    const { status, stdout, stderr, calls } = install(installed(minor));
    expect({ status, stderr, calls }).toEqual({ status: 0, stderr: '', calls: [] });
    expect(stdout).toContain('nothing to do');
  });

  it.each([
    { minor: 1, state: 'inactive' },
    { minor: 1, state: 'failed' },
    { minor: 5, state: 'inactive' },
    { minor: 5, state: 'failed' },
  ] as const)('1.$minor: is started where its service is $state', ({ minor, state }) => {
    const device = installed(minor);
    down(device, state);
    const { status, stdout, calls } = install(device);
    expect(status).toBe(0);
    expect(stdout).toContain('is installed and running');
    expect(calls).toContain(restart[minor]);
    expect(install(device).stdout).toContain('nothing to do');
  });

  it('is restarted where another daemon fails', () => {
    const device = installed(5);
    show(device, 'aziot-keyd', 'ActiveState=failed');
    const { status, stderr, calls } = install(device);
    expect(status).toBe(1);
    expect(stderr).toContain('aziot-keyd failed');
    expect(calls).toContain(restart[5]);
  });

  it('is left as it was, and its state is told, where the service fails again', () => {
    const device = installed(5);
    const before = tree(device);
    down(device, 'failed');
    order(device, 'daemon start', 'fail');
    const { status, stderr, calls } = install(device);
    expect(status).toBe(1);
    expect(stderr).toContain('The files of edge-001 are in place, and aziot-edged does not run with them.');
    expect(tree(device)).toEqual(before);
    expect(calls.at(-1)).toMatch(/^iotedge system stop /);
  });

  it('is applied after it was installed by --root', () => {
    const device = scratchDevice(usual(pair, 5));
    expect(install(device, { args: ['--root', device.root] }).status).toBe(0);
    const { status, stdout, calls } = install(device);
    expect(status).toBe(0);
    expect(stdout).toContain('/etc/aziot/config.toml was never applied, or was changed after that.');
    expect(calls).toContain(restart[5]);
    expect(install(device).stdout).toContain('nothing to do');
  });

  it('is applied where one daemon has no file of the last apply', () => {
    const device = installed(5);
    rmSync(join(device.root, 'etc/aziot/keyd/config.d/00-super.toml'));
    expect(install(device).calls).toContain(restart[5]);
  });

  it.each(versions)('1.$minor: the dry run says that it would be started, and does not start it', ({ minor }) => {
    const device = installed(minor);
    down(device, 'inactive');
    const before = tree(device, true);
    const { status, stdout, stderr, calls } = dryRun(device);
    expect({ status, calls }).toEqual({ status: 0, calls: [] });
    expect(stderr).toContain('is not active');
    expect(stdout).toContain(`would restart ${minor === 1 ? 'iotedge' : 'aziot-edged'}`);
    expect(tree(device, true)).toEqual(before);
  });

  it('is not restarted in an image, nor is anything asked', () => {
    const device = installed(5);
    down(device, 'inactive');
    const { status, stdout, calls } = install(device, { args: ['--root', device.root] });
    expect({ status, calls }).toEqual({ status: 0, calls: [] });
    expect(stdout).toContain('nothing to do');
  });

  it.each([
    [1, 'iotedge'],
    [5, 'aziot-edged'],
    [5, 'aziot-keyd'],
    [5, 'aziot-identityd.socket'],
  ] as const)('1.%i: is refused before anything changes where %s is masked', (minor, unit) => {
    const device = installed(minor);
    device.update({ ...usual(pair, minor), config: '# newest\n' });
    const before = tree(device, true);
    show(device, unit, 'LoadState=masked', 'ActiveState=inactive', 'UnitFileState=masked');
    const { status, stderr, calls } = install(device);
    expect({ status, calls }).toEqual({ status: 1, calls: [] });
    expect(stderr).toContain(`${unit} is masked, so systemd does not start it. Type: sudo systemctl unmask ${unit}\n`);
    expect(stderr).toContain('Nothing was changed.');
    expect(tree(device, true)).toEqual(before);
  });

  it.each([
    [1, ['iotedge', 'iotedge.socket'], 'iotedge'],
    [5, ['aziot-edged', 'aziot-edged.mgmt.socket'], 'aziot-edged'],
    [
      5,
      ['aziot-keyd', 'aziot-keyd.socket', 'aziot-certd', 'aziot-certd.socket'],
      'aziot-certd.socket aziot-keyd.socket',
    ],
    // A daemon starts by itself or by its socket.
    [5, ['aziot-keyd', 'aziot-certd.socket'], undefined],
  ] as const)('1.%i: is told where %j would not start when the device boots', (minor, units, told) => {
    const device = installed(minor);
    for (const unit of units) show(device, unit, 'UnitFileState=disabled');
    const { status, stderr } = dryRun(device);
    expect(status).toBe(0);
    if (told === undefined) expect(stderr).toBe('');
    else expect(stderr).toContain(`when the device boots: ${told}. Type: sudo systemctl enable ${told}\n`);
  });

  it('is refused where systemd does not have the service', () => {
    const device = installed(5);
    show(device, 'aziot-edged', 'LoadState=not-found', 'ActiveState=inactive');
    const { status, stderr, calls } = install(device);
    expect({ status, calls }).toEqual({ status: 1, calls: [] });
    expect(stderr).toContain(
      'systemd has no service aziot-edged, which IoT Edge 1.5 brings. Type: sudo apt-get install',
    );
  });

  it('is refused where systemd does not answer', () => {
    const device = installed(5);
    order(device, 'systemctl show', 'fail');
    const { status, stderr, calls } = install(device);
    expect({ status, calls }).toEqual({ status: 1, calls: [] });
    expect(stderr).toContain('systemctl does not say whether aziot-edged runs');
  });

  it.each(['abc', '1.5', '-1', '015'])('INSTALL_WAIT may not be %s', (seconds) => {
    const { status, stderr } = install(installed(5), { env: { INSTALL_WAIT: seconds } });
    expect(status).toBe(2);
    expect(stderr).toContain(`INSTALL_WAIT is '${seconds}', expected whole seconds`);
  });
});

describe('whether a configuration was applied', () => {
  const five = { version: { text: '1.5', major: 1, minor: 5 } };
  const applied = (script: string, settings = {}) =>
    withFunctions(
      settings,
      `ROOT='' CONFIG=/c STATES='iotedge loaded active running enabled 4711 0 1 success 0'
${script}
if applied; then echo yes; else echo no; fi`,
    ).trim();

  it.each([
    [100, 100, 'yes'],
    [100, 101, 'yes'],
    [101, 100, 'no'],
  ])('1.5: configuration of %i, 00-super.toml of %i: %s', (changed, made, says) => {
    const folder = mkdtempSync(join(tmpdir(), 'provision-'));
    for (const daemon of ['keyd', 'certd', 'identityd', 'edged'])
      put(folder, `/etc/aziot/${daemon}/config.d/00-super.toml`, '');
    const script = `ROOT='${folder}'; changed() { case $1 in /c) echo ${changed} ;; *) echo ${made} ;; esac; }`;
    expect(applied(script, five)).toBe(says);
    rmSync(folder, { recursive: true });
  });

  it.each([
    [102, 'yes'],
    [103, 'no'],
  ])('1.1: configuration of %i, read by a process of 100: %s', (changed, says) => {
    expect(applied(`started_at() { echo 102; }; changed() { echo ${changed}; }`)).toBe(says);
  });

  it('1.1: it is taken for applied where the start of the process is not known', () => {
    expect(applied('started_at() { return 1; }; changed() { echo 999; }')).toBe('yes');
  });

  it('the start of a process is two seconds before what is taken for it', () => {
    const before = Math.floor(Date.now() / 1000);
    const script = `ROOT=''; sh -c 'exec sleep 60' & STATES="iotedge loaded active running enabled $! 0 1 success 0"; started_at; kill $!`;
    const started = Number(withFunctions({}, script));
    expect(started).toBeGreaterThanOrEqual(before);
    expect(started).toBeLessThanOrEqual(before + 4);
  });

  it('a copy that keeps its date is a change', () => {
    const folder = mkdtempSync(join(tmpdir(), 'provision-'));
    put(folder, '/c', '');
    utimesSync(join(folder, 'c'), 1, 1);
    expect(Number(withFunctions({}, `changed '${folder}/c'`))).toBeGreaterThan(1_000_000);
    rmSync(folder, { recursive: true });
  });
});
