import { spawn, spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type InstallerSettings, renderInstaller } from '../../../src/bundle/install/linux.ts';
import { folderWith } from '../../support/folder.ts';
import { makeCertificate, type Wanted } from '../../support/openssl.ts';

const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Root may give files away; anyone else plays all users of the device. */
export const isRoot = self.uid === 0;
const users = ['root', 'iotedge', 'aziotcs', 'aziotks'] as const;
type User = (typeof users)[number];
const ownerOf = (user: User) =>
  isRoot && user !== 'root' ? `${4000 + users.indexOf(user)}:${5000 + users.indexOf(user)}` : `${self.uid}:${self.gid}`;

/** As `tree` shows a file that has the owner, the mode and the text. */
export const file = (user: User, mode: string, text: string) => `${mode} ${ownerOf(user)} ${text}`;
export const directory = (user: User, mode: string) => `${mode} ${ownerOf(user)} /`;

/** What the digests are of is at hand where the bundle is written. */
type Settings = Omit<InstallerSettings, 'sha256'>;

export interface Scratch {
  readonly settings: Settings;
  /** Beside install.sh; the configuration's name follows from the version. */
  readonly config: string;
  readonly carried?: string;
  /** What the device has already, by absolute path. */
  readonly has?: Readonly<Record<string, string>>;
}

/** A device in a folder: a file system with the runtime installed, the bundle, and stand-ins for systemctl and iotedge. */
export function scratchDevice(scratch: Scratch) {
  const folder = folderWith({ 'bin/systemctl': standIn, 'bin/iotedge': standIn, log: '' });
  const root = join(folder, 'root');
  const bundle = join(folder, "bundle's folder");
  for (const name of ['systemctl', 'iotedge']) chmodSync(join(folder, 'bin', name), 0o755);
  for (const path of ['etc/iotedge', 'etc/aziot', 'etc/systemd/system', 'control']) {
    mkdirSync(join(path === 'control' ? folder : root, path), { recursive: true });
  }
  for (const daemon of daemons) mkdirSync(join(root, 'etc/aziot', daemon, 'config.d'), { recursive: true });
  const passwd = users.map((user) => `${user}:x:${ownerOf(user)}::/nowhere:/bin/false\n`).join('');
  for (const [path, text] of Object.entries({ '/etc/passwd': passwd, ...scratch.has })) put(root, path, text);
  const device = { folder, root, bundle, update };
  function update({ settings, config, carried }: Scratch) {
    const sha256 = {
      configuration: digest(config),
      ...(carried === undefined ? {} : { certificate: digest(carried) }),
    };
    put(bundle, '/install.sh', renderInstaller({ ...settings, sha256 }));
    put(bundle, settings.version.minor < 2 ? '/config.yaml' : '/config.toml', config);
    if (carried !== undefined) put(bundle, '/identity-certificate.pem', carried);
  }
  update(scratch);
  return device;
}
const digest = (text: string) => createHash('sha256').update(text).digest('hex');
export type ScratchDevice = ReturnType<typeof scratchDevice>;

const daemons = ['keyd', 'certd', 'identityd', 'tpmd', 'edged'] as const;

// Does once what control/<name> <argument> says, and writes down what it was called with, and which configuration lay there.
// The order is taken first: whoever reads the log may end it at once, and the next call must not find the order again.
const standIn = `#!/bin/sh
here=\${0%/bin/*} name=\${0##*/}
order="$here/control/$name $1" how=''
[ ! -f "$order" ] || how=$(cat "$order")
[ "$how" = 'fail always' ] || rm -f "$order"
lies=$(cat "$here"/root/etc/*/config.yaml "$here"/root/etc/*/config.toml 2>/dev/null | sed -n 1p)
echo "$name $* [$lies]" | sed "s|$here/root||" >>"$here/log"
if [ "$name $1" = 'iotedge config' ]; then
  for daemon in ${daemons.join(' ')}; do cat "$4" >"$here/root/etc/aziot/$daemon/config.d/00-super.toml"; done
fi
case $how in fail*) exit 1 ;; hang) exec sleep 60 ;; cut) kill -9 "$PPID" ;; esac
`;

/** The next time that the stand-in is called with this argument it fails, or does not return, or the power is cut. */
export function order({ folder }: ScratchDevice, call: string, how: 'fail' | 'fail always' | 'hang' | 'cut'): void {
  writeFileSync(join(folder, 'control', call), how);
}

interface Call {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: readonly string[];
  /** A command of the shell before the installer. */
  readonly first?: string;
}

/** Runs the installer over the scratch root, as a restart would be done on the device. */
export function install(device: ScratchDevice, call: Call = {}) {
  const { command, args, env } = commandOf(device, call);
  const { status, stdout, stderr } = spawnSync(command, args, { env, cwd: device.folder, encoding: 'utf8' });
  return { status, stdout, stderr, calls: takeCalls(device) };
}

/** Stops the installer by a signal once `when` holds; gives its exit code. */
export async function installAndStop(
  device: ScratchDevice,
  when: () => Promise<unknown>,
  { signal = 'SIGTERM', ...call }: Call & { readonly signal?: 'SIGTERM' | 'SIGKILL' } = {},
) {
  const { command, args, env } = commandOf(device, call);
  const child = spawn(command, args, { env, cwd: device.folder, stdio: 'ignore' });
  const ended = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)));
  await when();
  child.kill(signal);
  return { status: await ended, calls: takeCalls(device) };
}

function commandOf({ folder, root, bundle }: ScratchDevice, { args, env = {}, shell = ['sh'], first }: Call) {
  const [command = 'sh', ...options] = shell;
  const script = join(bundle, 'install.sh');
  const words = args ?? ['--root', root, '--restart'];
  const line = first === undefined ? [script, ...words] : ['-c', `${first}; exec /bin/sh "$0" "$@"`, script, ...words];
  const path = `${join(folder, 'bin')}:${process.env.PATH}`;
  return { command, args: [...options, ...line], env: { PATH: path, INSTALL_WAIT: '0', ...env } };
}

/** What the stand-ins were called with since the last time, each with the first line of the configuration at that time. */
function takeCalls({ folder }: ScratchDevice): readonly string[] {
  const log = join(folder, 'log');
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  writeFileSync(log, '');
  return lines;
}

export function put(root: string, path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

/** Each path below the device's root with mode, owner and content; `times`: with the time of its last change too. */
export function tree({ root }: ScratchDevice, times = false): Record<string, string> {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' });
  return Object.fromEntries(
    paths.sort().map((path) => {
      const stat = lstatSync(join(root, path));
      const content = stat.isSymbolicLink() ? `-> ${readlinkSync(join(root, path))}` : contentOf(join(root, path));
      const mode = (stat.mode & 0o7777).toString(8);
      return [`/${path}`, `${mode} ${stat.uid}:${stat.gid} ${content}${times ? stat.mtimeMs : ''}`];
    }),
  );
}

const contentOf = (path: string) => (lstatSync(path).isDirectory() ? '/' : readFileSync(path, 'utf8'));

/** A certificate with its key; valid from yesterday for a year unless `wanted` says otherwise. */
export function makePair(folder: string, name: string, wanted: Wanted) {
  const path = makeCertificate(folder, name, { start: daysFromNow(-1), end: daysFromNow(365), ...wanted });
  const certificate = readFileSync(path, 'utf8');
  const { fingerprint, fingerprint256 } = new X509Certificate(certificate);
  const [sha1 = '', sha256 = ''] = [fingerprint, fingerprint256].map((text) => text.replaceAll(':', '').toLowerCase());
  return { certificate, key: readFileSync(join(folder, 'keys', `${name}.key.pem`), 'utf8'), sha1, sha256 };
}
export type Pair = ReturnType<typeof makePair>;

/** As `makeCertificate` takes dates. */
export function daysFromNow(days: number): string {
  const time = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${time.replace(/[-:T]|\..*/g, '')}Z`;
}

interface Bundled {
  readonly carriesCertificate: boolean;
}

/** A device of 1.1 or 1.5 at the default places, whose bundle carries the pair's certificate and which has its key. */
export function usual(pair: Pair, minor: 1 | 5, wanted: Partial<Settings & Bundled> = {}): Scratch {
  const { carriesCertificate = true, ...settings } = wanted;
  const [certificates, keys] =
    minor === 1
      ? ['/var/lib/iotedge/identity', '/var/lib/iotedge/identity']
      : ['/var/aziot/certs', '/var/aziot/secrets'];
  const places = { certificate: `${certificates}/edge-001.pem`, privateKey: `${keys}/edge-001.key.pem`, ...settings };
  const all: Settings = {
    device: 'edge-001',
    version: { text: `1.${minor}`, major: 1, minor },
    platform: 'debian',
    thumbprints: [pair.sha256, pair.sha256],
    secrets: [],
    ...settings,
    ...places,
  };
  return {
    settings: all,
    config: '# new\n',
    ...(carriesCertificate ? { carried: pair.certificate } : {}),
    has: places.privateKey === undefined ? {} : { [places.privateKey]: pair.key },
  };
}
