import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, linkSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import { outsideOf, reset, seen } from './outside.ts';
import {
  begin,
  file,
  install,
  isRoot,
  makePair,
  order,
  type Pair,
  put,
  type ScratchDevice,
  scratchDevice,
  tree,
  usual,
} from './scratch-device.ts';

describeNeeding(['openssl'], "the folders of the services' users", () => {
  let folder: string;
  let pair: Pair;
  let renewed: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
    renewed = makePair(folder, 'renewed', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  interface Swap {
    /** The program of the installer and what is in its arguments, at whose call something is swapped. */
    readonly at: readonly [tool: string, words: string];
    /** After the program instead of before it. */
    readonly after?: boolean;
    /** As shell: $f is the service's folder, $out the one outside. */
    readonly script: string;
  }
  interface Attack {
    readonly minor: 1 | 5;
    readonly swaps: readonly Swap[];
    /** What the restart does. */
    readonly restart?: 'fail';
  }
  const certificates = { 1: '/var/lib/iotedge/identity', 5: '/var/aziot/certs' } as const;

  /** Puts programs before the real ones that swap something once. */
  function arm(device: ScratchDevice, { minor, swaps }: Attack, outside: string): void {
    for (const tool of new Set(swaps.map(({ at }) => at[0]))) {
      const act = (after: boolean) =>
        swaps
          .flatMap((swap, index) =>
            swap.at[0] === tool && (swap.after ?? false) === after ? [{ ...swap, index }] : [],
          )
          .map(
            ({ at, script, index }) =>
              `case "$PWD $*" in *"${at[1]}"*) [ -e '${device.folder}/done.${index}' ] || { : >'${device.folder}/done.${index}'; ${script}; } ;; esac\n`,
          )
          .join('');
      const variables = `f='${join(device.root, certificates[minor])}' out='${outside}'\n`;
      const text = `#!/bin/sh\n${variables}${act(false)}command -p ${tool} "$@"\ncode=$?\n${act(true)}exit $code\n`;
      writeFileSync(join(device.folder, 'bin', tool), text, { mode: 0o755 });
    }
  }

  const pem = 'edge-001.pem';
  const key = 'edge-001.key.pem';
  const planted = (room: string, name: string, target: string) =>
    `mv "$f/${room}" "$f/away"; mkdir -m 700 "$f/${room}"; ln -s "$out/${target}" "$f/${room}/${name}"`;
  const attacks: Record<string, Attack> = {
    'the room becomes a link': {
      minor: 5,
      swaps: [
        {
          at: ['mkdir', `${pem}.installing.new`],
          after: true,
          script: `rmdir "$f/${pem}.installing.new"; ln -s "$out" "$f/${pem}.installing.new"`,
        },
      ],
    },
    "the room becomes the service's own, with a link in it": {
      minor: 5,
      swaps: [
        { at: ['mkdir', `${pem}.installing.new`], after: true, script: `chown 4002:5002 "$f/${pem}.installing.new"` },
        { at: ['chown', `./${pem}`], script: `ln -sf "$out/shadow" ./${pem}` },
      ],
    },
    'a default access list opens the room until it is closed': {
      minor: 5,
      swaps: [
        {
          at: ['mkdir', `${pem}.installing.new`],
          after: true,
          script: `chmod 770 "$f/${pem}.installing.new"; ln -s "$out/shadow" "$f/${pem}.installing.new/${pem}"`,
        },
      ],
    },
    'the file becomes a link to a folder, before the new one is renamed': {
      minor: 5,
      swaps: [{ at: ['mv', `./${pem} ..`], script: `rm -f "$f/${pem}"; ln -s "$out" "$f/${pem}"` }],
    },
    'the same, before the old one is put back': {
      minor: 5,
      restart: 'fail',
      swaps: [{ at: ['mv', `${pem}.installing.old`], script: `rm -f "$f/${pem}"; ln -s "$out" "$f/${pem}"` }],
    },
    'the key becomes a link': {
      minor: 1,
      swaps: [{ at: ['ln', `./${key}`], script: `rm -f "$f/${key}"; ln -s "$out/server.pem" "$f/${key}"` }],
    },
    'the key becomes a hard link': {
      minor: 1,
      swaps: [{ at: ['ln', `./${key}`], script: `ln -f "$out/server.pem" "$f/${key}"` }],
    },
    "the key becomes another one's, which gives up its name in the folder when the room has one": {
      minor: 1,
      swaps: [
        { at: ['ln', `./${key}`], script: `ln -f "$out/other.key.pem" "$f/${key}"` },
        { at: ['ln', `./${key}`], after: true, script: `rm "$f/${key}"` },
      ],
    },
    'the key becomes what is no key': {
      minor: 1,
      swaps: [{ at: ['ln', `./${key}`], script: `rm "$f/${key}"; mv "$out/gone" "$f/${key}"` }],
    },
    'a room of before takes the place of the one with the key': {
      minor: 1,
      swaps: [{ at: ['mv', `./${pem} ..`], script: planted(`${key}.installing.held`, key, 'shadow') }],
    },
    'a room of before takes the place of the one with the old file': {
      minor: 1,
      swaps: [{ at: ['rm', 'config.yaml.installing'], script: planted(`${pem}.installing.old`, pem, 'shadow') }],
    },
    'the folder becomes a link, after the checks': {
      minor: 1,
      swaps: [{ at: ['cmp', pem], after: true, script: 'mv "$f" "$f.away"; ln -s "$out" "$f"' }],
    },
    'what was applied becomes a link, before it is copied': {
      minor: 5,
      restart: 'fail',
      swaps: [{ at: ['ln', '00-super.toml'], script: 'rm ../00-super.toml; ln -s "$out/shadow" ../00-super.toml' }],
    },
  };

  it.runIf(isRoot).each(Object.entries(attacks))('%s: nothing outside changes (needs rights of root)', (_, attack) => {
    const { minor, restart } = attack;
    const device = scratchDevice(usual(pair, minor));
    if (minor === 5) {
      put(device.root, '/etc/aziot/keyd/config.d/00-super.toml', '# applied\n');
    }
    reset(device, minor, pair);
    put(device.root, minor === 1 ? '/etc/iotedge/config.yaml' : '/etc/aziot/config.toml', '# old\n');
    const outside = outsideOf(device, pair, renewed);
    writeFileSync(join(outside, 'gone'), 'root:secret\n', { mode: 0o600 });
    arm(device, attack, outside);
    if (restart !== undefined) order(device, 'iotedge config', restart);
    const before = seen(outside);
    install(device);
    expect(existsSync(join(device.folder, 'done.0'))).toBe(true);
    const { gone, ...others } = seen(outside);
    expect({ gone: before.gone, ...others }).toEqual(before);
    // What the service got must not be what only root may read.
    for (const [path, content] of Object.entries(tree(device))) {
      if (content.includes('root:secret')) expect(`${path} ${content}`).toMatch(/ 600 0:0 root:secret\n$/);
    }
  });

  it.each([
    '/etc/aziot/identityd/config.d/00-super.toml',
    '/etc/aziot/edged/config.d/00-super.toml',
    `/var/aziot/certs/${pem}`,
    `/var/aziot/secrets/${key}`,
  ])('a pipe in place of %s, which nobody writes into, holds up no run', (path) => {
    const device = scratchDevice(usual(pair, 5));
    rmSync(join(device.root, path), { force: true });
    spawnSync('mkfifo', [join(device.root, path)]);
    // 124 is timeout's own.
    const { status, stderr } = install(device, { shell: ['timeout', '20', 'sh'] });
    expect(status).not.toBe(124);
    if (path.startsWith('/etc')) expect(stderr).toContain(`${path} is no plain file`);
  });

  it('a pipe that takes the place of the key after the check lets the run wait; Ctrl-C ends it, and nothing is changed', async () => {
    const device = scratchDevice(usual(pair, 1));
    const outside = outsideOf(device, pair, renewed);
    arm(device, { minor: 1, swaps: [{ at: ['grep', key], script: `rm "$f/${key}"; mkfifo "$f/${key}"` }] }, outside);
    const { child, ended } = begin(device, { shell: ['setsid', 'sh'] });
    await expect.poll(() => existsSync(join(device.folder, 'done.0')), { timeout: 60_000, interval: 10 }).toBe(true);
    process.kill(-(child.pid ?? 0), 'SIGINT');
    expect((await ended).status).toBe(130);
    expect(readdirSync(join(device.root, 'run'))).toEqual([]);
    // Nothing is read: that would wait at the pipe as well.
    const paths = readdirSync(device.root, { recursive: true, encoding: 'utf8' });
    expect(paths.filter((path) => /config.yaml|installing/.test(path))).toEqual([]);
  });

  it('a certificate with its private key is not opened to everybody', () => {
    const device = scratchDevice(usual(pair, 1, { carriesCertificate: false }));
    put(device.root, `${certificates[1]}/${pem}`, pair.certificate + pair.key);
    chmodSync(join(device.root, certificates[1], pem), 0o600);
    const { status, stderr } = install(device);
    expect(status).toBe(1);
    expect(stderr).toMatch(/edge-001\.pem holds a private key .*open to everybody \(mode 444\)/);
    chmodSync(join(device.root, certificates[1], pem), 0o444);
  });

  it('an old file with another name is kept as a copy, and the other name keeps its mode', () => {
    const device = scratchDevice(usual(pair, 1));
    const path = join(device.root, certificates[1], pem);
    writeFileSync(path, renewed.certificate, { mode: 0o644 });
    linkSync(path, `${path}.mine`);
    expect(install(device)).toMatchObject({ status: 0, stderr: '' });
    expect(tree(device)).toMatchObject({
      [`${certificates[1]}/${pem}.mine`]: file('root', '644', renewed.certificate),
      [`${certificates[1]}/${pem}.before-install`]: file('root', '600', renewed.certificate),
    });
  });
});
