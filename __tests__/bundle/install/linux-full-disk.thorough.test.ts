import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import {
  install,
  makePair,
  original,
  type Pair,
  put,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

/** More than a file may have under `limit`, which is the full disk that every machine has. */
const long = 'a line of it\n'.repeat(1000);
const limit = "trap '' XFSZ; ulimit -f 8";
const daemons = ['keyd', 'certd', 'identityd', 'tpmd', 'edged'] as const;
const derivedOf = (daemon: string) => `/etc/aziot/${daemon}/config.d/00-super.toml`;
const proxy = { https: 'http://proxy:3128' };

describeNeeding(['openssl'], 'a disk that is full', () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A device that runs with an old configuration. It is installed once, and copied. */
  const running = original((minor, place) => {
    const device = scratchDevice({ ...usual(pair, minor), config: '# old\n' }, place);
    expect(install(device).status).toBe(0);
    return device;
  });
  const next = (minor: 1 | 5) => usual(pair, minor, { proxy });
  const update = (device: ScratchDevice, minor: 1 | 5, more: object) => device.update({ ...next(minor), ...more });

  const deep = `/data/${'a-folder-with-a-long-name/'.repeat(40)}edge-001.pem`;
  const steps: Record<string, (device: ScratchDevice, minor: 1 | 5) => void> = {
    'the certificate': (device, minor) => update(device, minor, { carried: `${long}${pair.certificate}` }),
    'the configuration': (device, minor) => update(device, minor, { config: long }),
    "the proxy's drop-in": (device, minor) =>
      device.update(usual(pair, minor, { proxy: { ...proxy, noProxy: `${'host,'.repeat(2000)}end` } })),
    'the note of what was there': (device, minor) => device.update(usual(pair, minor, { proxy, certificate: deep })),
  };
  const derived = daemons.map((daemon) => ({
    minor: 5 as const,
    name: `what ${daemon} was given`,
    fill: (device: ScratchDevice) => {
      update(device, 5, {});
      put(device.root, derivedOf(daemon), long);
    },
  }));
  const common = ([1, 5] as const).flatMap((minor) =>
    Object.entries(steps).map(([name, fill]) => ({ minor, name, fill })),
  );

  it.each([...common, ...derived])('1.$minor: at $name: everything is as it was', ({ minor, fill }) => {
    const device = running(minor);
    fill(device, minor);
    const before = tree(device);
    const { status, stderr, calls } = install(device, { first: limit });
    expect({ status, calls }).toEqual({ status: 1, calls: [] });
    expect(stderr).toContain('files are back');
    expect(tree(device)).toEqual(before);
  });

  it('1.5: what a run that was killed had left is not taken for what was there', () => {
    const device = running(5);
    update(device, 5, { config: long });
    put(device.root, `${derivedOf('keyd')}.installing.old`, '# of long ago\n');
    put(device.root, '/etc/aziot/config.toml.installing.old', '# of long ago\n');
    const before = tree(device);
    expect(install(device, { first: limit }).status).toBe(1);
    for (const path of [derivedOf('keyd'), '/etc/aziot/config.toml']) expect(tree(device)[path]).toBe(before[path]);
  });

  // In addition, where it may be mounted: a real one, on which also a new empty file can be had while nothing can be written.
  if (canMount()) {
    it('1.5: a real one, with room for one step more each time', () => {
      const device = running(5);
      update(device, 5, {});
      onSmallDisk(device, () => {
        const page = 4096;
        const filler = join(device.root, 'filler');
        const { bavail, bsize } = statfsSync(device.root);
        let size = bavail * bsize;
        writeFileSync(filler, Buffer.alloc(size));
        let refused = 0;
        for (;;) {
          const before = tree(device);
          const { status } = install(device);
          if (status === 0) break;
          expect(tree(device)).toEqual(before);
          refused++;
          size -= page;
          truncateSync(filler, size);
        }
        // The configuration, two drop-ins, five of the daemons and the note.
        expect(refused).toBeGreaterThanOrEqual(9);
      });
    }, 300_000);
  }
});

function onSmallDisk({ root, folder }: ScratchDevice, use: () => void): void {
  const copy = join(folder, 'copy');
  spawnSync('cp', ['-a', root, copy]);
  expect(mount(root)).toBe(true);
  try {
    spawnSync('cp', ['-a', `${copy}/.`, root]);
    use();
  } finally {
    spawnSync('umount', [root]);
  }
}

function mount(folder: string): boolean {
  return spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder]).status === 0;
}

function canMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'provision-'));
  const can = mount(folder);
  if (can) spawnSync('umount', [folder]);
  rmSync(folder, { recursive: true });
  return can;
}
