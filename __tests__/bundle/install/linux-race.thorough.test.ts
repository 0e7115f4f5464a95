import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { describeNeeding } from '../../support/needing.ts';
import { withFunctions } from './installer-functions.ts';
import { ids, outsideOf, reset, type Service, seen } from './outside.ts';
import { install, isRoot, makePair, type Pair, type ScratchDevice, scratchDevice, usual } from './scratch-device.ts';

/** Whole installations in each folder, and those of its files alone, which take a tenth of the time. */
const races = Number(process.env.RACES ?? 1);
const placings = 50;

const folders = [
  { minor: 5, service: 'aziotcs', place: '/var/aziot/certs' },
  { minor: 5, service: 'aziotks', place: '/var/aziot/secrets' },
  { minor: 1, service: 'iotedge', place: '/var/lib/iotedge' },
  { minor: 1, service: 'iotedge', place: '/var/lib/iotedge/identity' },
] as const;

describeNeeding(['openssl'], 'a process that swaps all names in its folder', () => {
  let folder: string;
  let pair: Pair;
  let renewed: Pair;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'provision-'));
    pair = makePair(folder, 'pair', { subject: '/CN=edge-001' });
    renewed = makePair(folder, 'renewed', { subject: '/CN=edge-001' });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** A device whose folder its service's user gets to, and what this user may not change. */
  function contested(minor: 1 | 5, place: string) {
    const device = scratchDevice(usual(pair, minor));
    for (let open = join(device.root, place); open.startsWith(device.folder); open = dirname(open)) {
      mkdirSync(open, { recursive: true });
      chmodSync(open, 0o755);
    }
    const outside = outsideOf(device, pair, renewed);
    reset(device, minor, pair);
    return { device, outside, before: seen(outside) };
  }

  async function race(place: string, service: Service, outside: string, patience: number): Promise<ChildProcess> {
    const [uid, gid] = ids[service];
    const words = [join(import.meta.dirname, 'racer.ts'), place, outside, `${patience}`];
    const child = spawn(process.execPath, words, { uid, gid, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void child.kill('SIGKILL'));
    await once(child.stdout, 'data');
    return child;
  }

  async function stop(racer: ChildProcess): Promise<void> {
    racer.kill('SIGSTOP');
    await expect.poll(() => readFileSync(`/proc/${racer.pid}/stat`, 'utf8'), { interval: 5 }).toMatch(/\) T /);
  }

  it.runIf(isRoot).each(folders)(
    '1.$minor: $service in $place, during installations: nothing outside changes (needs rights of root)',
    async ({ minor, service, place }) => {
      const { device, outside, before } = contested(minor, place);
      const racer = await race(join(device.root, place), service, outside, 150);
      const ends: Record<string, number> = {};
      for (let round = 0; round < races; round++) {
        await stop(racer);
        reset(device, minor, pair);
        racer.kill('SIGCONT');
        const { status } = install(device);
        ends[status ?? -1] = (ends[status ?? -1] ?? 0) + 1;
        expect(seen(outside)).toEqual(before);
      }
      if (process.env.RACES) console.log(place, ends);
    },
    60_000 + races * 5000,
  );

  it.runIf(isRoot).each(folders)(
    `1.$minor: $service in $place, while ${placings} times the files are placed: nothing outside changes (needs rights of root)`,
    async ({ minor, service, place }) => {
      const { device, outside, before } = contested(minor, place);
      const racer = await race(join(device.root, place), service, outside, 100);
      await stop(racer);
      const ends = placeAgainAndAgain(device, minor, place, racer.pid ?? 0);
      expect(seen(outside)).toEqual(before);
      expect(ends).toHaveLength(placings);
      // The racer sleeps the first time. It is a race only if it wins at times.
      expect(ends[0]).toBe('placed');
      expect(ends).toContain('disturbed');
    },
  );

  /** Runs the installer's own functions for the files in the racer's folder: prepares, places, and then finishes or puts back. */
  function placeAgainAndAgain(
    { root, folder: place }: ScratchDevice,
    minor: 1 | 5,
    contestedPlace: string,
    racer: number,
  ) {
    const certificates = minor === 1 ? '/var/lib/iotedge/identity' : '/var/aziot/certs';
    const keys = minor === 1 ? certificates : '/var/aziot/secrets';
    writeFileSync(join(place, 'new.pem'), pair.certificate);
    writeFileSync(join(place, 'key.pem'), pair.key);
    writeFileSync(join(place, 'old.pem'), renewed.certificate);
    const [uid, gid] = ids[minor === 1 ? 'iotedge' : 'aziotcs'];
    const [keyUid, keyGid] = ids[minor === 1 ? 'iotedge' : 'aziotks'];
    const script = `
ME=0 ROOT='' COUNT=0 RESTART='' BACK='' KNOWN_KEYS=$(openssl x509 -in '${place}/new.pem' -noout -pubkey)'
'
certificate='${place}/new.pem' key='${root}${keys}/edge-001.key.pem'
again() {
  kill -STOP ${racer}
  until read -r stat </proc/${racer}/stat && case $stat in *') T '*) ;; *) false ;; esac; do :; done
  rm -rf '${root}${contestedPlace}' && mkdir -p '${root}${certificates}' '${root}${keys}'
  chown ${ids[minor === 1 ? 'iotedge' : 'aziotcs'].join(':')} '${root}${certificates}' '${root}${minor === 1 ? '/var/lib/iotedge' : certificates}'
  chown ${keyUid}:${keyGid} '${root}${keys}'
  chmod 755 '${root}${certificates}' '${root}${keys}' '${root}${contestedPlace}'
  cp '${place}/old.pem' '${root}${certificates}/edge-001.pem' && cp '${place}/key.pem' "$key" && chmod 644 "$key"
  [ "$turn" = 1 ] || kill -CONT ${racer}
}
place_all() ( # finish|undo
  add place '${root}${certificates}/edge-001.pem' certificate_text 644 ${uid}:${gid}
  add mode "$key" "$(mode_now "$key")" 600 ${keyUid}:${keyGid}
  each prepare || { each_back clean; exit 1; }
  { each commit && sync_all; } || { undo; exit 1; }
  case $1 in finish) WELL=yes && each finish && [ -n "$WELL" ] ;; *) undo && [ -n "$BACK" ] ;; esac
)
turn=0
while [ "$turn" -lt ${placings} ]; do
  turn=$((turn + 1))
  again
  if place_all "$([ $((turn % 3)) = 0 ] && echo undo || echo finish)" >/dev/null 2>&1; then echo placed; else echo disturbed; fi
done`;
    const version = { text: `1.${minor}`, major: 1, minor };
    return withFunctions({ version }, script).split('\n').slice(0, -1);
  }
});
