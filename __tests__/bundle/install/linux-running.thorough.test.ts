import { mkdtempSync, rmSync } from 'node:fs';
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
  show,
  tree,
  usual,
} from './scratch-device.ts';

const versions = [{ minor: 1 }, { minor: 5 }] as const;
const service = { 1: 'iotedge', 5: 'aziot-edged' } as const;
const stop = { 1: 'systemctl stop iotedge', 5: 'iotedge system stop' } as const;

describeNeeding(['openssl'], 'after the restart', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A device that runs with an old configuration and has the bundle of a new one. */
  const running = original((minor, place) => {
    const device = scratchDevice({ ...usual(pair, minor), config: '# old\n' }, place);
    expect(install(device).status).toBe(0);
    device.update(usual(pair, minor));
    return device;
  });
  const withoutLine = (calls: readonly string[]) => calls.map((call) => call.replace(/ \[.*/, ''));

  it.each(versions)('1.$minor: a daemon that cannot read its configuration is told with its journal', ({ minor }) => {
    const device = running(minor);
    const before = tree(device);
    show(device, service[minor], 'ActiveState=failed', 'Result=exit-code', 'ExecMainStatus=153');
    const { status, stderr } = install(device);
    expect(status).toBe(1);
    expect(stderr).toContain(
      `install.sh: ${service[minor]} failed (exit-code, exit status 153: it cannot read its conf`,
    );
    expect(stderr).toContain('\na line of the journal\n');
    expect(tree(device)).toEqual(before);
  });

  it('1.5: the old files come back where another daemon fails, though the service runs', () => {
    const device = running(5);
    const before = tree(device);
    show(device, 'aziot-keyd', 'ActiveState=failed');
    const { status, stderr, calls } = install(device);
    expect(status).toBe(1);
    expect(stderr).toContain('install.sh: aziot-keyd failed (');
    expect(tree(device)).toEqual(before);
    expect(withoutLine(calls).at(-1)).toBe('iotedge system restart');
  });

  it.each([['sh'], ['busybox', 'sh']])('no secret is shown from the journal, in whatever form (%s %s)', (...shell) => {
    const given = { IOTEDGE_A: 'a "word" & more', IOTEDGE_B: 'a "word"', IOTEDGE_C: 'p@ss/1' };
    const encodings = { IOTEDGE_A: 'text', IOTEDGE_B: 'text', IOTEDGE_C: 'uri' } as const;
    const names = ['IOTEDGE_A', 'IOTEDGE_B', 'IOTEDGE_C'] as const;
    const secrets = names.map((variable) => ({
      variable,
      line: `${variable}: "@${variable}@"`,
      placeholder: `@${variable}@`,
      encoding: encodings[variable],
    }));
    const config = secrets.map(({ line }) => `${line}\n`).join('');
    const device = scratchDevice({ ...usual(pair, 1, { secrets }), config });
    const forms = ['a "word" & more', 'a \\"word\\" & more', 'a "word"', 'p@ss/1', 'p%40ss%2F1'];
    put(device.folder, '/control/journal', `line 3: ${forms.join(', ')}.\n`);
    order(device, 'daemon start', 'fail');
    const { stderr } = install(device, { shell: shell.filter((word) => word !== undefined), env: given });
    expect(stderr).toContain(`line 3: ${forms.map(() => '***').join(', ')}.`);
  });

  it('the PIN of a key is not shown from the journal', () => {
    const device = running(5);
    put(device.folder, '/control/journal', 'no key at pkcs11:token=edge;pin-value=123%2045?x, "pin-value=67"\n');
    order(device, 'daemon start', 'fail');
    const { stderr } = install(device);
    expect(stderr).toContain('no key at pkcs11:token=edge;pin-value=*** "pin-value=***"');
  });

  it.each(versions)('1.$minor: what ran before runs again', ({ minor }) => {
    const device = running(minor);
    order(device, 'daemon start', 'fail');
    const { status, calls } = install(device);
    expect(status).toBe(1);
    const again = { 1: 'systemctl restart iotedge [# old]', 5: 'iotedge system restart [# old]' };
    expect(calls.at(-1)).toBe(again[minor]);
  });

  it('1.5: a device runs again that is configured by its own files in config.d', () => {
    const device = running(5);
    for (const daemon of ['keyd', 'certd', 'identityd', 'tpmd', 'edged'])
      rmSync(join(device.root, `etc/aziot/${daemon}/config.d/00-super.toml`));
    rmSync(join(device.root, 'etc/aziot/config.toml'));
    put(device.root, '/etc/aziot/edged/config.d/50-own.toml', '# own\n');
    const before = tree(device);
    order(device, 'daemon start', 'fail');
    const { status, calls } = install(device);
    expect(status).toBe(1);
    expect(tree(device)).toEqual(before);
    expect(withoutLine(calls).slice(-2)).toEqual(['iotedge system stop', 'iotedge system restart']);
  });

  it.each(versions)('1.$minor: a service that did not run is not started by a failure', ({ minor }) => {
    const device = running(minor);
    stopAll(device);
    order(device, 'daemon start', 'fail');
    const { status, calls } = install(device);
    expect(status).toBe(1);
    expect(withoutLine(calls).at(-1)).toBe(stop[minor]);
  });

  it('1.5: other daemons of the runtime that ran without the service run again', () => {
    const device = running(5);
    stopAll(device);
    show(device, 'aziot-keyd', 'ActiveState=active', 'MainPID=5000009');
    show(device, 'aziot-keyd.socket', 'ActiveState=active');
    order(device, 'daemon start', 'fail');
    const { status, calls } = install(device);
    expect(status).toBe(1);
    expect(withoutLine(calls).slice(-2)).toEqual([
      'iotedge system stop',
      'systemctl start aziot-keyd aziot-keyd.socket',
    ]);
  });

  it('what failed before does not count', () => {
    const device = running(5);
    show(device, 'aziot-keyd.socket', 'ActiveState=failed');
    const { status, calls } = install(device);
    expect(status).toBe(0);
    expect(withoutLine(calls)[0]).toBe('systemctl reset-failed aziot-keyd.socket');
  });

  it.each(versions)('1.$minor: what ran before a power cut runs again, if the next run fails', ({ minor }) => {
    const device = running(minor);
    order(device, minor === 1 ? 'systemctl restart' : 'iotedge config', 'cut');
    expect(install(device).status).toBe(null);
    stopAll(device);
    order(device, 'daemon start', 'fail');
    const { status, calls } = install(device);
    expect(status).toBe(1);
    const again = { 1: 'systemctl restart iotedge [# old]', 5: 'iotedge system restart [# old]' };
    expect(calls.at(-1)).toBe(again[minor]);
  });

  function stopAll(device: ScratchDevice): void {
    put(device.folder, '/state', 'inactive 0 5000100\n');
  }
});
