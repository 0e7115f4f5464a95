import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Pair, ScratchDevice } from './scratch-device.ts';

/** User and group of each service on a scratch device. */
export const ids = { iotedge: [4001, 5001], aziotcs: [4002, 5002], aziotks: [4003, 5003] } as const;
export type Service = keyof typeof ids;

/** What only root may read or change, and the racer is after. */
export function outsideOf({ folder: place }: ScratchDevice, pair: Pair, other: Pair): string {
  const outside = join(place, 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'shadow'), 'root:secret\n', { mode: 0o600 });
  writeFileSync(join(outside, 'server.pem'), pair.certificate + pair.key, { mode: 0o600 });
  writeFileSync(join(outside, 'edge-001.pem'), other.certificate, { mode: 0o600 });
  writeFileSync(join(outside, 'edge-001.key.pem'), pair.key, { mode: 0o600 });
  writeFileSync(join(outside, 'other.key.pem'), other.key, { mode: 0o600 });
  return outside;
}

/** Makes everything as it is before an installation, and the folder the service's own. */
export function reset({ root }: ScratchDevice, minor: 1 | 5, pair: Pair): void {
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
  for (const path of ['/etc/iotedge/config.yaml', '/etc/aziot/config.toml']) rmSync(join(root, path), { force: true });
}

/** Every name below a folder with all that a racer could have changed. */
export function seen(folder: string): Record<string, string> {
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
