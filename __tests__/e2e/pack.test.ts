import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundleNames } from '../../src/bundle/name.ts';
import { isDeviceId, isHubHost } from '../../src/model/fleet.ts';
import { folderWith } from '../support/folder.ts';
import { describeNeeding } from '../support/needing.ts';

/** Makes bundles as `render` does, and the report that names them. */
function rendered(devices: readonly { readonly id: string; readonly hub?: string }[]): {
  readonly root: string;
  readonly directories: readonly string[];
} {
  const named = devices.map(({ id, hub }) => {
    if (!isDeviceId(id) || (hub !== undefined && !isHubHost(hub))) throw new Error(`no id: ${id}`);
    return { id, hub };
  });
  const directories = bundleNames(named).map(({ directory }) => directory);
  const bundles = named.map(({ id: device, hub }, n) => ({ device, hub, directory: directories[n], files: [] }));
  const root = folderWith({ 'report.json': JSON.stringify({ bundles }) });
  for (const [n, directory] of directories.entries()) {
    mkdirSync(join(root, 'bundles', directory), { recursive: true });
    writeFileSync(join(root, 'bundles', directory, 'config.toml'), `device = "${named[n]?.id}"\n`);
  }
  return { root, directories };
}

function pack(root: string, env: Readonly<Record<string, string>> = {}): ReadonlyMap<string, Buffer> {
  const args = ['report.json', 'bundles', 'archives'].map((name) => join(root, name));
  execFileSync('bash', ['.github/actions/pack/pack.sh', ...args], { env: { PATH: process.env.PATH ?? '', ...env } });
  const archives = join(root, 'archives');
  return new Map(readdirSync(archives).map((name) => [name, readFileSync(join(archives, name))]));
}

interface Entry {
  readonly device: string;
  readonly hub: string | null;
  readonly archive: string;
  readonly directory: string;
}

function indexOf(packed: ReadonlyMap<string, Buffer>): readonly Entry[] {
  return JSON.parse(packed.get('index.json')!.toString());
}

/** Returns for each device the file in the archive that the index names. */
function unpacked(root: string, packed: ReadonlyMap<string, Buffer>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    indexOf(packed).map(({ device, archive, directory }) => {
      const inside = directory.slice(directory.lastIndexOf('/') + 1);
      const args = ['-xzOf', join(root, 'archives', archive), '--', `${inside}/config.toml`];
      return [device, execFileSync('tar', args, { encoding: 'utf8' })];
    }),
  );
}

describeNeeding(['jq'], 'packing bundles for a release', () => {
  it('gives each device an archive that unpacks to its folder, an index and checksums', () => {
    const { root } = rendered([{ id: 'edge-1' }, { id: 'edge_2' }]);
    const packed = pack(root);
    expect([...packed.keys()].sort()).toEqual(['SHA256SUMS', 'edge-1.tar.gz', 'edge_2.tar.gz', 'index.json']);
    expect(unpacked(root, packed)).toEqual({ 'edge-1': 'device = "edge-1"\n', edge_2: 'device = "edge_2"\n' });
    const digest = (name: string) => createHash('sha256').update(packed.get(name)!).digest('hex');
    const names = ['edge-1.tar.gz', 'edge_2.tar.gz', 'index.json'];
    expect(packed.get('SHA256SUMS')!.toString()).toBe(names.map((name) => `${digest(name)}  ${name}\n`).join(''));
  });

  it('names archives so that GitHub renames none, and no two are the same where case does not count', () => {
    const odd = ['a:b', 'a*b', 'a?b', 'a%b', "a'b", 'a;b', '.a', '-a', 'A', 'a', 'a#b', 'a(b)', '$a', '@a=b,c!d+e'];
    const { root } = rendered(odd.map((id) => ({ id })));
    const packed = pack(root);
    const archives = indexOf(packed).map(({ archive }) => archive);
    for (const archive of archives) expect(archive).toMatch(/^[A-Za-z0-9_-][A-Za-z0-9._-]*\.tar\.gz$/);
    expect(new Set(archives.map((archive) => archive.toLowerCase())).size).toBe(odd.length);
    expect(unpacked(root, packed)).toEqual(Object.fromEntries(odd.map((id) => [id, `device = "${id}"\n`])));
  });

  it('tells devices of the same id in two hubs apart', () => {
    const hubs = ['contoso-asia.azure-devices.net', 'contoso-europe.azure-devices.net'];
    const { root } = rendered(hubs.map((hub) => ({ id: 'edge-1', hub })));
    expect(indexOf(pack(root)).map(({ hub, archive }) => [hub, archive])).toEqual([
      [hubs[0], 'contoso-asia_edge-1.tar.gz'],
      [hubs[1], 'contoso-europe_edge-1.tar.gz'],
    ]);
  });

  it('gives the same bytes whatever the machine: times, modes, order, time zone', () => {
    const devices = [{ id: 'edge-1' }, { id: 'edge-2' }];
    const [first, second] = [rendered(devices), rendered([...devices])];
    const file = join(second.root, 'bundles/edge-1/config.toml');
    chmodSync(file, 0o600);
    utimesSync(file, 1, 1);
    for (const { root } of [first, second]) writeFileSync(join(root, 'bundles/edge-1/install.sh'), '', { mode: 0o755 });
    const packed = pack(first.root);
    expect(pack(second.root, { TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8' })).toEqual(packed);
    expect(pack(first.root), 'again in the same place').toEqual(packed);
    expect(pack(first.root, { SOURCE_DATE_EPOCH: '86400' }).get('edge-1.tar.gz')).not.toEqual(
      packed.get('edge-1.tar.gz'),
    );
  });

  it('packs more than 900 devices by hub, since a release holds 1,000 files', () => {
    const many = Array.from({ length: 901 }, (_, n) => ({ id: `edge-${n}` }));
    const one = rendered(many);
    const ofOne = pack(one.root);
    expect([...ofOne.keys()].sort()).toEqual(['SHA256SUMS', 'devices.tar.gz', 'index.json']);
    expect(entriesOf(one.root, 'devices.tar.gz')).toHaveLength(901);
    const two = rendered(many.map(({ id }, n) => ({ id, hub: `hub-${n % 2}.azure-devices.net` })));
    expect([...pack(two.root).keys()].sort()).toEqual(['SHA256SUMS', 'hub-0.tar.gz', 'hub-1.tar.gz', 'index.json']);
    expect([...entriesOf(two.root, 'hub-0.tar.gz'), ...entriesOf(two.root, 'hub-1.tar.gz')].sort()).toEqual(
      two.directories.map((directory) => `${directory}/config.toml`).sort(),
    );
  });

  it('fails where there is nothing to pack', () => {
    const root = folderWith({ 'report.json': '{"bundles": []}' });
    const args = ['.github/actions/pack/pack.sh', join(root, 'report.json'), root, join(root, 'archives')];
    const { status, stdout } = spawnSync('bash', args, { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stdout).toContain('::error title=nothing to pack::');
  });
});

/** Returns the paths of the files in an archive. */
function entriesOf(root: string, archive: string): readonly string[] {
  const listed = execFileSync('tar', ['-tzf', join(root, 'archives', archive)], { encoding: 'utf8' });
  return listed.split('\n').filter((line) => line.endsWith('.toml'));
}
