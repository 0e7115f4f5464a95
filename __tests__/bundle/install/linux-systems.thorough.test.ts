import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderWith } from '../../support/folder.ts';
import { describeNeeding } from '../../support/needing.ts';
import { pathOf } from '../../support/tools.ts';
import { withFunctions } from './installer-functions.ts';
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

/** The programs that the installer asks for, each with its package. */
const asked = [
  ...readFileSync('src/bundle/install/install.sh', 'utf8').matchAll(/\bneed ([a-z]+) ([a-z ]+)$/gm),
].flatMap(([, from = '', names = '']) => names.split(' ').map((name) => [name, from] as const));
/** Those that it does without, or asks for where it uses them. */
const optional = ['docker', 'lsattr', 'runuser', 'setpriv', 'su', 'timeout'];

/** A folder with these programs of the machine alone. */
function only(names: readonly string[]): string {
  const folder = folderWith();
  for (const name of names) {
    const real = pathOf(name);
    if (real !== undefined) symlinkSync(real, join(folder, name));
  }
  return folder;
}

describe('the programs of the device', () => {
  it('are asked for', () => expect(asked.length).toBeGreaterThan(25));

  it.each(asked.filter(([, from]) => from !== 'systemd'))('%s (of the package %s)', (name, from) => {
    const path = only(asked.filter(([other]) => other !== name && other !== 'systemctl').map(([other]) => other));
    const answer = (manager: string) => {
      writeFileSync(join(path, manager), '', { mode: 0o755 });
      const script = `PATH='${path}' MODULE=yes RESTART=${name === 'sleep' ? 'yes' : ''} FAULTS=0; check_programs 2>&1; echo "$FAULTS"`;
      return withFunctions({}, script);
    };
    const says = `install.sh: not found on this machine: ${name}. Type: sudo apt-get install ${from}\n`;
    expect(answer('apt-get')).toContain(says);
  });

  it.each([
    [['apt-get'], 'debian', 'Type: sudo apt-get install x\n'],
    [['yum', 'dnf', 'tdnf'], 'linux', 'Type: sudo yum install x\n'],
    [['dnf'], 'linux', 'Type: sudo dnf install x\n'],
    // Azure Linux
    [['tdnf'], 'linux', 'Type: sudo tdnf install x\n'],
    [['dnf', 'apt-get'], 'debian', 'Type: sudo apt-get install x\n'],
    [['dnf'], 'debian', 'Type: sudo dnf install x\n'],
    // Yocto
    [[], 'linux', "No package manager is here that this script knows. Add the package x to the system's image.\n"],
  ] as const)('are installed by one of %s (%s)', (managers, platform, says) => {
    const path = folderWith();
    for (const name of managers) writeFileSync(join(path, name), '', { mode: 0o755 });
    expect(withFunctions({ platform }, `PATH='${path}'; how_to_get x`)).toBe(says);
  });
});

describeNeeding(['openssl'], 'a system', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  describeNeeding(['bash'], 'that has no other program than those', () => {
    const edgeCa = { certificate: '/pki/ca.pem', privateKey: '/pki/ca.key.pem' };
    /** Runs the installer where every program that is not found is written down. */
    function missed(device: ScratchDevice, ...args: readonly string[]) {
      const log = join(device.folder, 'missed');
      writeFileSync(log, '');
      const here = only(asked.map(([name]) => name).filter((name) => name !== 'systemctl' && name !== 'iotedge'));
      for (const name of ['sh', 'test', 'pwd', 'tee']) symlinkSync(pathOf(name)!, join(here, name));
      const handler = `command_not_found_handle() { echo "$1" >>'${log}'; return 127; }; PATH='${join(device.folder, 'bin')}:${here}'; . "$0"`;
      const { status } = install(device, {
        shell: ['bash', '-c', handler],
        args: ['--root', device.root, ...args],
      });
      const names = new Set(readFileSync(log, 'utf8').split('\n').slice(0, -1));
      return { status, missed: [...names].filter((name) => !optional.includes(name)) };
    }
    const authority = ['basicConstraints = CA:TRUE'];
    it.each([1, 5] as const)('1.%i: runs, changes, fails, puts back, and goes on after a power cut', (minor) => {
      const ca = makePair(folder, `ca-${minor}`, { subject: '/CN=ca', extensions: authority });
      const scratch = usual(pair, minor, { edgeCa, trustBundle: '/pki/trust.pem', hostname: 'edge' });
      const has = {
        ...scratch.has,
        [edgeCa.certificate]: ca.certificate,
        [edgeCa.privateKey]: ca.key,
        '/pki/trust.pem': ca.certificate,
      };
      const device = scratchDevice({ ...scratch, has });
      expect(missed(device, '--dry-run')).toEqual({ status: 0, missed: [] });
      expect(missed(device, '--restart')).toEqual({ status: 0, missed: [] });
      device.update({
        ...scratch,
        config: '# next\n',
        settings: { ...scratch.settings, proxy: { https: 'http://p' } },
      });
      const restart = minor === 1 ? 'systemctl restart' : 'iotedge config';
      order(device, restart, 'fail');
      expect(missed(device, '--restart')).toEqual({ status: 1, missed: [] });
      order(device, restart, 'cut');
      expect(missed(device, '--restart')).toMatchObject({ missed: [] });
      expect(missed(device, '--restart')).toEqual({ status: 0, missed: [] });
    });
  });

  const passwd = 'root:x:0:0::/:/bin/sh\n';
  const answer = (has: Readonly<Record<string, string>>, minor: 1 | 5 = 5) => {
    const scratch = usual(pair, minor);
    const device = scratchDevice({ ...scratch, has: { ...scratch.has, '/etc/passwd': passwd, ...has } });
    const { status, stderr } = install(device, { args: ['--root', device.root] });
    return { status, stderr: stderr.replaceAll(device.root, 'ROOT') };
  };
  const expected =
    'IoT Edge 1.5 is not installed in ROOT: expected the users aziotcs and aziotks and the folder ROOT/etc/aziot. ';
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ['without the runtime', {}, `${expected}Install the package aziot-edge in the image.`],
    [
      'whose users systemd makes at the first start',
      { '/usr/lib/sysusers.d/aziot.conf': '#\nu aziotcs - "certificates" /var/lib/aziot/certd\n' },
      "systemd makes the users at the first start (sysusers.d), and files cannot be given to them before. Type: sudo systemd-sysusers --root='ROOT'",
    ],
    [
      'with other users of systemd',
      { '/etc/sysusers.d/other.conf': 'g aziotcs -\nu other -\n' },
      `${expected}Install the package aziot-edge in the image.`,
    ],
    [
      'with the snap',
      { '/var/snap/azure-iot-edge/current/file': '' },
      'sudo snap set azure-iot-edge raw-config="$(cat config.toml)"',
    ],
  ])('%s: is refused with what to do there', (_, has, says) => {
    const { status, stderr } = answer(has);
    expect(status).toBe(1);
    expect(stderr).toContain(says);
    expect(stderr.split('\n')).toHaveLength(3);
  });

  it('an ostree before its deployment has its /etc elsewhere', () => {
    const device = scratchDevice(usual(pair, 5));
    put(device.root, '/usr/etc/passwd', passwd);
    rmSync(join(device.root, 'etc'), { recursive: true });
    const { status, stderr } = install(device, { args: ['--root', device.root] });
    expect(status).toBe(1);
    expect(stderr).toContain('is an ostree that is not deployed');
  });

  it('1.1 has no snap', () => expect(answer({ '/snap/azure-iot-edge/file': '' }, 1).stderr).not.toContain('snap'));
});
