import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
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
import { install, isRoot, makePair, type Pair, type ScratchDevice, scratchDevice, usual } from './scratch-device.ts';

const races = Number(process.env.RACES ?? 6);
const ids = { iotedge: [4001, 5001], aziotcs: [4002, 5002], aziotks: [4003, 5003] } as const;
type Service = keyof typeof ids;

describeNeeding(['openssl'], "the folders of the services' users", () => {
  let folder: string;
  let pair: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** What only root may read or change, and the racer is after. */
  function outsideOf({ folder: place }: ScratchDevice): string {
    const outside = join(place, 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'shadow'), 'root:secret\n', { mode: 0o600 });
    writeFileSync(join(outside, 'server.pem'), pair.certificate + pair.key, { mode: 0o600 });
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
      chownSync(place, ...ids[service]);
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
    '1.$minor: whatever $service does in $place meanwhile, nothing outside of it changes',
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
      return [path, `${stat.mode.toString(8)} ${stat.uid}:${stat.gid} ${stat.nlink} ${stat.mtimeMs} ${content}`];
    }),
  );
}
