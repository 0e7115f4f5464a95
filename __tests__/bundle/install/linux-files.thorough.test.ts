import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import {
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

const races = Number(process.env.RACES ?? 2);
const ids = { iotedge: [4001, 5001], aziotcs: [4002, 5002], aziotks: [4003, 5003] } as const;
type Service = keyof typeof ids;

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

  /** What only root may read or change, and the racer is after. */
  function outsideOf({ folder: place }: ScratchDevice): string {
    const outside = join(place, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'shadow'), 'root:secret\n', { mode: 0o600 });
    writeFileSync(join(outside, 'server.pem'), pair.certificate + pair.key, { mode: 0o600 });
    writeFileSync(join(outside, 'edge-001.pem'), renewed.certificate, { mode: 0o600 });
    writeFileSync(join(outside, 'edge-001.key.pem'), pair.key, { mode: 0o600 });
    writeFileSync(join(outside, 'other.key.pem'), renewed.key, { mode: 0o600 });
    return outside;
  }

  /** Makes everything as it is before an installation, and the folder the service's own. */
  function reset({ root }: ScratchDevice, minor: 1 | 5): void {
    const places: Record<string, Service> =
      minor === 1
        ? { '/var/lib/iotedge/identity': 'iotedge', '/var/lib/iotedge': 'iotedge' }
        : { '/var/aziot/certs': 'aziotcs', '/var/aziot/secrets': 'aziotks' };
    if (minor === 1)
      for (const name of readdirSync(join(root, '/var/lib/iotedge')))
        rmSync(join(root, '/var/lib/iotedge', name), { recursive: true });
    for (const [path, service] of Object.entries(places)) {
      const place = join(root, path);
      if (path !== '/var/lib/iotedge') rmSync(place, { recursive: true, force: true });
      mkdirSync(place, { recursive: true });
      const [uid, gid] = ids[service];
      chownSync(place, uid, gid);
      chmodSync(place, 0o755);
    }
    const [first = ''] = Object.keys(places);
    const key = join(root, minor === 1 ? first : '/var/aziot/secrets', 'edge-001.key.pem');
    writeFileSync(key, pair.key, { mode: 0o644 });
    writeFileSync(join(root, first, 'edge-001.pem'), pair.certificate, { mode: 0o600 });
    for (const path of ['/etc/iotedge/config.yaml', '/etc/aziot/config.toml'])
      rmSync(join(root, path), { force: true });
  }

  async function race(place: string, service: Service, outside: string): Promise<ChildProcess> {
    const [uid, gid] = ids[service];
    const racer = join(import.meta.dirname, 'racer.ts');
    const child = spawn(process.execPath, [racer, place, outside], { uid, gid, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  }

  async function stop(racer: ChildProcess): Promise<void> {
    racer.kill('SIGSTOP');
    await expect.poll(() => readFileSync(`/proc/${racer.pid}/stat`, 'utf8'), { interval: 5 }).toMatch(/\) T /);
  }

  it.runIf(isRoot).each([
    { minor: 5, service: 'aziotcs', place: '/var/aziot/certs' },
    { minor: 5, service: 'aziotks', place: '/var/aziot/secrets' },
    { minor: 1, service: 'iotedge', place: '/var/lib/iotedge' },
    { minor: 1, service: 'iotedge', place: '/var/lib/iotedge/identity' },
  ] as const)(
    '1.$minor: whatever $service does in $place meanwhile, nothing outside of it changes (needs rights of root)',
    async ({ minor, service, place }) => {
      const device = scratchDevice(usual(pair, minor));
      for (let open = join(device.root, place); open.startsWith(device.folder); open = dirname(open)) {
        mkdirSync(open, { recursive: true });
        chmodSync(open, 0o755);
      }
      const outside = outsideOf(device);
      const before = seen(outside);
      reset(device, minor);
      const racer = await race(join(device.root, place), service, outside);
      const ends: Record<string, number> = {};
      for (let round = 0; round < races; round++) {
        await stop(racer);
        reset(device, minor);
        racer.kill('SIGCONT');
        const { status, stderr } = install(device);
        ends[status ?? -1] = (ends[status ?? -1] ?? 0) + 1;
        if (process.env.RACES) console.log(status, stderr.split('\n')[0]?.replaceAll(device.root, ''));
        expect(seen(outside)).toEqual(before);
      }
      if (process.env.RACES) console.log(place, ends);
    },
    60_000 + races * 5000,
  );

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
    reset(device, minor);
    put(device.root, minor === 1 ? '/etc/iotedge/config.yaml' : '/etc/aziot/config.toml', '# old\n');
    const outside = outsideOf(device);
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
    expect(install(device, { shell: ['timeout', '20', 'sh'] }).status).not.toBe(124);
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

/** Every name below a folder with all that a racer could have changed. */
function seen(folder: string): Record<string, string> {
  const paths = ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })];
  return Object.fromEntries(
    paths.sort().map((path) => {
      const stat = lstatSync(join(folder, path));
      const content = stat.isFile()
        ? readFileSync(join(folder, path), 'utf8')
        : stat.isSymbolicLink()
          ? readlinkSync(join(folder, path))
          : '';
      return [path, `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${path === '.' ? '' : stat.mtimeMs} ${content}`];
    }),
  );
}
