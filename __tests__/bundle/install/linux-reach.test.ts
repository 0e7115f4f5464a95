import { chmodSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import { install, makePair, type Pair, put, type ScratchDevice, scratchDevice, tree, usual } from './scratch-device.ts';

const gid = process.getgid?.() ?? 0;
/** Users that are nobody here; the folders of the scratch device are not theirs. */
const passwd = (group: number) =>
  ['root:x:0:0', `aziotcs:x:7001:${group}`, `aziotks:x:7002:${group}`, `iotedge:x:7003:${group}`]
    .map((line) => `${line}::/nowhere:/bin/false\n`)
    .join('');
/** Of the warning that a runtime without its certificate deletes the key. */
const hazard = 'delete the key';

describeNeeding(['openssl'], 'the way of the services to their files', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  interface Case {
    readonly minor?: 1 | 5;
    readonly places?: { readonly certificate?: string; readonly privateKey?: string };
    readonly modes?: Readonly<Record<string, number>>;
    /** Folders that are links. */
    readonly links?: Readonly<Record<string, string>>;
    readonly group?: number;
    readonly groups?: string;
  }
  function deviceOf({ minor = 5, places = {}, modes = {}, links = {}, group = 7100, groups }: Case): ScratchDevice {
    const device = scratchDevice(usual(pair, minor, places));
    put(device.root, '/etc/passwd', passwd(group));
    if (groups !== undefined) put(device.root, '/etc/group', groups);
    if (minor === 5) mkdirSync(join(device.root, 'var/aziot/certs'), { recursive: true });
    for (const [path, target] of Object.entries(links)) {
      const real = join(device.root, dirname(path), target);
      mkdirSync(dirname(real), { recursive: true });
      mkdirSync(join(device.root, path), { recursive: true });
      renameSync(join(device.root, path), real);
      symlinkSync(target, join(device.root, path));
    }
    for (const [path, mode] of Object.entries(modes)) {
      mkdirSync(join(device.root, path), { recursive: true });
      chmodSync(join(device.root, path), mode);
    }
    return device;
  }

  const data = { certificate: '/data/pki/edge.pem', privateKey: '/data/pki/edge.key.pem' };
  it.each<[string, Case, readonly (readonly [user: string, file: string, folder: string])[]]>([
    [
      'a certificate at home with root',
      { places: { certificate: '/root/pki/my dir/edge.pem' }, modes: { '/root': 0o700 } },
      [['aziotcs', '/root/pki/my dir/edge.pem', '/root']],
    ],
    [
      'a closed folder above the usual ones',
      { modes: { '/var/aziot': 0o700 } },
      [
        ['aziotcs', '/var/aziot/certs/edge-001.pem', '/var/aziot'],
        ['aziotks', '/var/aziot/secrets/edge-001.key.pem', '/var/aziot'],
      ],
    ],
    [
      'a key alone in a closed folder',
      { places: { privateKey: '/data/edge.key.pem' }, modes: { '/data': 0o744 } },
      [['aziotks', '/data/edge.key.pem', '/data']],
    ],
    [
      "a certificate in the folder of the keys service's keys",
      { places: { certificate: '/var/aziot/secrets/edge.pem' } },
      [['aziotcs', '/var/aziot/secrets/edge.pem', '/var/aziot/secrets']],
    ],
    [
      'a closed folder behind a link',
      { places: data, links: { '/data': 'etc/../mnt/./disk' }, modes: { '/mnt': 0o700 } },
      [
        ['aziotcs', '/data/pki/edge.pem', '/mnt'],
        ['aziotks', '/data/pki/edge.key.pem', '/mnt'],
      ],
    ],
    [
      'a group that the user is not of, while others may',
      { places: { certificate: '/data/edge.pem' }, modes: { '/data': 0o705 }, group: gid },
      [['aziotcs', '/data/edge.pem', '/data']],
    ],
    [
      '1.1: a closed folder',
      { minor: 1, places: data, modes: { '/data': 0o700 } },
      [
        ['iotedge', '/data/pki/edge.pem', '/data'],
        ['iotedge', '/data/pki/edge.key.pem', '/data'],
      ],
    ],
    [
      "1.1: a closed folder of the daemon's configuration",
      { minor: 1, modes: { '/etc/iotedge': 0o700 } },
      [['iotedge', '/etc/iotedge/config.yaml', '/etc/iotedge']],
    ],
  ])('%s: nothing is touched', (_, given, refused) => {
    const device = deviceOf(given);
    const before = tree(device, true);
    const { status, stderr, calls } = install(device);
    expect({ status, calls }).toEqual({ status: 1, calls: [] });
    const lines = stderr.replaceAll(device.root, 'ROOT').split('\n');
    expect(lines).toEqual([...refused.map(() => expect.any(String)), 'install.sh: Nothing was changed.', '']);
    refused.forEach(([user, file, folder], index) => {
      expect(lines[index]).toContain(` ${user} could not read ROOT${file}: the folder ROOT${folder} `);
      expect(lines[index]).toMatch(/; or let this user alone through: sudo setfacl -m u:\d+:x '/);
      expect(lines[index]?.includes(hazard)).toBe(given.minor !== 1);
    });
    expect(tree(device, true)).toEqual(before);
  });

  it.each<[string, Case]>([
    ['folders that let everybody through', { places: data, modes: { '/data': 0o711 } }],
    ['a folder of its own group', { places: data, modes: { '/data': 0o710 }, group: gid }],
    [
      'a folder of one more group of it',
      { places: data, modes: { '/data': 0o710 }, groups: `pki:x:${gid}:somebody,aziotcs,aziotks\n` },
    ],
    [
      'the usual folders, whose modes will be set',
      { modes: { '/var/aziot/certs': 0o700, '/var/aziot/secrets': 0o755 } },
    ],
    ['folders that are missing', { places: { certificate: '/new/folder/edge.pem' } }],
    ['a link to the usual folders', { links: { '/var/aziot': '../mnt/aziot' }, modes: { '/mnt/aziot/certs': 0o700 } }],
  ])('not: %s', (_, given) => {
    const device = deviceOf(given);
    const args = ['--root', device.root, '--restart', '--dry-run'];
    expect(install(device, { args })).toMatchObject({ status: 0, stderr: '' });
  });
});
