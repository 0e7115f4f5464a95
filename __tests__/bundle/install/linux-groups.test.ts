import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderWith } from '../../support/folder.ts';
import { describeNeeding, itNeeding } from '../../support/needing.ts';
import { withFunctions } from './installer-functions.ts';
import {
  install,
  isRoot,
  makePair,
  type Pair,
  put,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

const gid = process.getgid?.() ?? 0;
const uid = process.getuid?.() ?? 0;

describeNeeding(['openssl'], 'the group of the services', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A key in a folder of this test's group, and users in a group of their own, as Debian's package of 1.1 makes one. */
  function deviceOf(minor: 1 | 5, files: Readonly<Record<string, string>>, mode = 0o750): ScratchDevice {
    const device = scratchDevice(usual(pair, minor, { privateKey: '/pki/edge.key.pem' }));
    chmodSync(join(device.root, 'pki'), mode);
    const owner = isRoot ? 7003 : uid;
    const lines = ['root:x:0:0', ...['iotedge', 'aziotcs', 'aziotks'].map((name) => `${name}:x:${owner}:65534`)];
    put(device.root, '/etc/passwd', lines.map((line) => `${line}::/:/bin/false\n`).join(''));
    put(device.root, '/etc/group', `nogroup:x:65534:\nkeepers:x:${gid}:\n`);
    for (const [path, text] of Object.entries(files)) put(device.root, path, text);
    return device;
  }
  const unit = (name: string, text: string) => ({ [`/lib/systemd/system/${name}.service`]: `[Service]\n${text}` });
  const dryRun = (device: ScratchDevice) => install(device, { args: ['--root', device.root, '--dry-run'] });

  const refused = { status: 1 };
  const fine = { status: 0, stderr: '' };
  it.each<[string, 1 | 5, Readonly<Record<string, string>>, object]>([
    ['none: that of the user counts', 1, {}, refused],
    ["the unit's counts", 1, unit('iotedge', 'User=iotedge\nGroup=keepers\n'), fine],
    ['as a number', 1, unit('iotedge', `Group = ${gid}\r\n`), fine],
    ['of another section: it does not count', 1, unit('iotedge', '[Unit]\nGroup=keepers\n'), refused],
    ['of another service: it does not count', 5, unit('aziot-certd', 'Group=keepers\n'), refused],
    ["the keys service's", 5, unit('aziot-keyd', 'Group=keepers\n'), fine],
    ['more groups of the unit count', 5, unit('aziot-keyd', 'SupplementaryGroups=nogroup keepers\n'), fine],
    [
      'an empty line takes them away',
      5,
      unit('aziot-keyd', 'SupplementaryGroups=keepers\nSupplementaryGroups=\n'),
      refused,
    ],
    [
      'a drop-in counts after the unit',
      5,
      {
        ...unit('aziot-keyd', 'Group=nogroup\n'),
        '/etc/systemd/system/aziot-keyd.service.d/own.conf': '[Service]\nGroup=keepers\n',
      },
      fine,
    ],
    [
      'a unit in /etc hides the one of the package',
      5,
      { ...unit('aziot-keyd', 'Group=keepers\n'), '/etc/systemd/system/aziot-keyd.service': '[Service]\n' },
      refused,
    ],
    [
      'ostree: users and groups are in /usr/lib',
      5,
      {
        '/etc/passwd': 'root:x:0:0::/:/bin/sh\n',
        '/usr/lib/passwd': `aziotcs:x:7001:7001::/:/bin/false\naziotks:x:${isRoot ? 7002 : uid}:7002::/:/bin/false\n`,
        '/etc/group': '',
        '/usr/lib/group': `keepers:x:${gid}:aziotks\n`,
      },
      fine,
    ],
  ])('%s (1.%i)', (_, minor, files, expected) => {
    // The owner of the folder is let through whatever the group is.
    if (!isRoot && expected === refused) return;
    expect(dryRun(deviceOf(minor, files))).toMatchObject(expected);
  });

  it.runIf(isRoot)("is given to the files, not the user's nogroup (needs rights of root)", () => {
    const device = deviceOf(1, unit('iotedge', 'Group=keepers\n'));
    expect(install(device)).toMatchObject(fine);
    expect(tree(device)).toMatchObject({
      '/pki/edge.key.pem': expect.stringContaining(`400 7003:${gid} `),
      '/etc/iotedge/config.yaml': expect.stringContaining(`400 7003:${gid} `),
    });
    expect(install(device).stdout).toContain('nothing to do');
  });

  itNeeding(['setfacl', 'rights of root'], 'an access list of an image counts, both ways', () => {
    const device = deviceOf(5, {}, 0o700);
    expect(dryRun(device)).toMatchObject(refused);
    setfacl(device, 'u:7003:x');
    expect(dryRun(device)).toMatchObject(fine);
    chmodSync(join(device.root, 'pki'), 0o755);
    // With no right for any group, Linux does not look at the list.
    setfacl(device, 'u:7003:-,g::rx');
    expect(dryRun(device)).toMatchObject(refused);
  });
  const setfacl = (device: ScratchDevice, entry: string) =>
    expect(spawnSync('setfacl', ['-m', entry, join(device.root, 'pki')]).status).toBe(0);
});

describe('on the device itself', () => {
  const asked = 'setpriv --reuid 1 --regid 77 --groups 77,99 -- test -x .';
  /** Stand-ins of the tools that can become another user. Each says what it was asked, and answers with 3. */
  function toolsOf(there: readonly string[], properties: string): string {
    const bin = folderWith();
    const tool = (name: string, text: string) => writeFileSync(join(bin, name), `#!/bin/sh\n${text}`, { mode: 0o755 });
    for (const name of ['setpriv', 'runuser', 'su'])
      tool(
        name,
        there.includes(name)
          ? `case "$*" in *-d*) exit 0 ;; esac; echo "$(env | grep -c SECRET) ${name} $*"; exit 3\n`
          : 'exit 1\n',
      );
    tool('systemctl', `[ "$1 $2 $3" != 'show -p Group' ] || printf '${properties}'\n`);
    tool('id', 'case "$*" in -u) echo 0 ;; "-u "*) echo 1 ;; "-g "*) echo 88 ;; "-G "*) echo 88 99 ;; esac\n');
    return bin;
  }
  function answer(there: readonly string[], properties = ''): string {
    const script = `ROOT='' ME=0 CERTS='' SECRETS='' CERTIFICATE_USER=daemon KEY_USER=daemon CONFIG_USER=daemon
      find_users; mkdir closed; chmod 700 closed; (may x closed daemon); echo "$?"; let_through closed daemon`;
    const path = `${toolsOf(there, properties)}:${process.env.PATH}`;
    return withFunctions({}, `cd '${folderWith()}'; ${script}`, { PATH: path, IOTEDGE_SECRET: 's' });
  }
  const group = String.raw`Group=77\nSupplementaryGroups=99\n`;

  it.each([
    ['setpriv', group, /^0 setpriv --reuid 1 --regid 77 --groups 77,99 -- test -x \.\n3\n/],
    ['setpriv', '', /^0 setpriv --reuid 1 --regid 88 --groups 88,99 -- test -x \.\n3\n/],
    ['runuser', group, /^0 runuser -u daemon -g 77 -- test -x \.\n3\n/],
    ['su', '', /^0 su -s \/bin\/sh daemon -c {2}'test' '-x' '\.'\n3\n/],
    // su knows no group but that of passwd.
    ['su', group, /^1\n.*not looked at/],
    ['none of them', '', /^1\n Access lists \(ACLs\) were not looked at: none of/],
  ])('the kernel is asked by %s, in an environment without secrets (%#)', (tool, properties, says) => {
    expect(answer([tool], properties)).toMatch(says);
  });

  it('setpriv is asked first, since it takes the very groups', () => {
    expect(answer(['setpriv', 'runuser', 'su'], group)).toContain(asked);
  });

  it('the tools are found without /usr/sbin on PATH, as cron has it', () => {
    expect(withFunctions({}, 'echo "$PATH"', { PATH: '/usr/bin:/bin' })).toBe('/usr/bin:/bin:/usr/sbin:/sbin\n');
  });
});
