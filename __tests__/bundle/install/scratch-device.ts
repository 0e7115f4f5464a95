import { spawn, spawnSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import {
  chmodSync,
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
import { afterAll } from 'vitest';
import { type InstallerSettings, renderInstaller } from '../../../src/bundle/install/linux.ts';
import { folderWith } from '../../support/folder.ts';
import { makeCertificate, type Wanted } from '../../support/openssl.ts';

const self = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };

/** Only root can change owners. For anyone else, all users of the device are the user who runs the tests. */
export const isRoot = self.uid === 0;
const users = ['root', 'iotedge', 'aziotcs', 'aziotks'] as const;
type User = (typeof users)[number];
const ownerOf = (user: User) =>
  isRoot && user !== 'root' ? `${4000 + users.indexOf(user)}:${5000 + users.indexOf(user)}` : `${self.uid}:${self.gid}`;

/** A file with this owner, mode and text, as `tree` shows it. */
export const file = (user: User, mode: string, text: string) => `${mode} ${ownerOf(user)} ${text}`;
export const directory = (user: User, mode: string) => `${mode} ${ownerOf(user)} /`;

/** Without the digests, which are made when the bundle is written. */
type Settings = Omit<InstallerSettings, 'sha256'>;

export interface Scratch {
  readonly settings: Settings;
  /** The text of the configuration. */
  readonly config: string;
  readonly carried?: string;
  /** The files that the device has already, by absolute path. */
  readonly has?: Readonly<Record<string, string>>;
}

/**
 * A device in a folder: a file system with the runtime installed, the bundle, and stand-ins for systemctl and iotedge.
 * Without `folder`, the device is removed when the test ends.
 */
export function scratchDevice(scratch: Scratch, folder = folderWith()): ScratchDevice {
  const device = deviceIn(folder);
  for (const name of ['systemctl', 'journalctl', 'iotedge', 'docker']) {
    put(folder, `/bin/${name}`, standIn);
    chmodSync(join(folder, 'bin', name), 0o755);
  }
  put(folder, '/log', '');
  mkdirSync(join(folder, 'control'));
  for (const path of [
    'run',
    'etc/iotedge',
    'etc/systemd/system',
    ...daemons.map((daemon) => `etc/aziot/${daemon}/config.d`),
  ])
    mkdirSync(join(device.root, path), { recursive: true });
  const passwd = users.map((user) => `${user}:x:${ownerOf(user)}::/nowhere:/bin/false\n`).join('');
  for (const [path, text] of Object.entries({ '/etc/passwd': passwd, ...scratch.has })) put(device.root, path, text);
  device.update(scratch);
  return device;
}

/**
 * Makes a device once for each version, in a folder that is removed when the file's tests end. Returns a function that
 * copies it for one test, to `place` if given: copying is much cheaper than installing again.
 */
export function original(make: (minor: 1 | 5, place: string) => ScratchDevice) {
  const made = new Map<1 | 5, ScratchDevice>();
  afterAll(() => {
    for (const { folder } of made.values()) rmSync(folder, { recursive: true, force: true });
  });
  return (minor: 1 | 5, place = folderWith()): ScratchDevice => {
    const device = made.get(minor) ?? make(minor, mkdtempSync(join(tmpdir(), 'provision-')));
    made.set(minor, device);
    return copyOf(device, place);
  };
}

/** Copies a device with its owners, modes, times and links. */
function copyOf({ folder }: ScratchDevice, place: string): ScratchDevice {
  const { status, stderr } = spawnSync('cp', ['-a', `${folder}/.`, place], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return deviceIn(place);
}

export interface ScratchDevice {
  readonly folder: string;
  /** The device's file system. */
  readonly root: string;
  readonly bundle: string;
  /** Replaces the bundle. */
  update(scratch: Scratch): void;
}

function deviceIn(folder: string): ScratchDevice {
  const bundle = join(folder, "bundle's folder");
  function update({ settings, config, carried }: Scratch) {
    const sha256 = {
      configuration: digest(config),
      ...(carried === undefined ? {} : { certificate: digest(carried) }),
    };
    put(bundle, '/install.sh', renderInstaller({ ...settings, sha256 }));
    put(bundle, settings.version.minor < 2 ? '/config.yaml' : '/config.toml', config);
    if (carried !== undefined) put(bundle, '/identity-certificate.pem', carried);
  }
  return { folder, root: join(folder, 'root'), bundle, update };
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

const daemons = ['keyd', 'certd', 'identityd', 'tpmd', 'edged'] as const;

// Does what control/<name> <argument> says, once, and logs its arguments and the first line of the configuration. It removes
// the order before it logs: a test that sees the log may end it at once, and the next call must not find the order again.
// It uses the shell's own commands where it can, since tests call it hundreds of times.
// "state" has the ActiveState and MainPID of the services, and the last process id; none of a process of this machine.
// Questions are answered and not logged: "systemctl show" by the state, and by the properties in "control/show UNIT".
// "iotedge config apply" writes the name of the configuration, else the machine's, and refuses another one while there are
// containers (1.3 to 1.6).
const standIn = `#!/bin/sh
named() { # FILE
  line=''
  [ -r "$1" ] || return 0
  while IFS= read -r text; do
    case $text in 'hostname = '*) line=$text && return ;; '['*) return ;; esac
  done <"$1"
}
here=\${0%/bin/*} name=\${0##*/} how='' first=''
order="$here/control/$name $1"
if [ -f "$order" ]; then
  IFS= read -r how <"$order"
  [ "$how" = 'fail always' ] || rm -f "$order"
fi
for file in "$here/root/etc/iotedge/config.yaml" "$here/root/etc/aziot/config.toml"; do
  [ -n "$first" ] || [ ! -r "$file" ] || IFS= read -r first <"$file"
done
state=inactive pid=0 last=5000000
[ ! -f "$here/state" ] || IFS=' ' read -r state pid last <"$here/state"
case "$name $1 $how" in
  *hang) ;;
  'systemctl show fail'*) exit 1 ;;
  'systemctl show '*)
    shift 3
    for unit in "$@"; do
      printf '%s\n' NRestarts=0 "MainPID=$pid" ExecMainStatus=0 Result=success LoadState=loaded "ActiveState=$state" SubState=sub UnitFileState=enabled
      [ ! -f "$here/control/show $unit" ] || while IFS= read -r line; do printf '%s\n' "$line"; done <"$here/control/show $unit"
      echo
    done
    exit
    ;;
  'journalctl '*)
    line='a line of the journal'
    [ ! -f "$here/control/journal" ] || IFS= read -r line <"$here/control/journal"
    printf '%s\\n' "$line"
    exit
    ;;
  'iotedge --version '*)
    [ ! -f "$here/control/version" ] || while IFS= read -r line; do printf '%s\n' "$line"; done <"$here/control/version"
    exit
    ;;
esac
call="$name $* [$first]"
case $call in *"$here/root"*) call=\${call%%"$here/root"*}\${call#*"$here/root"} ;; esac
printf '%s\\n' "$call" >>"$here/log"
if [ "$name $1" = 'iotedge config' ]; then
  cd "$here/root/etc/aziot"
  named "$4"
  [ -n "$line" ] || { machine=''; IFS= read -r machine 2>/dev/null <../hostname; line="hostname = \\"$machine\\""; }
  new=$line
  named identityd/config.d/00-super.toml
  if [ -n "$line" ] && [ "$line" != "$new" ] && [ -f "$here/control/containers" ]; then
    echo 'Cannot apply config because the hostname is different' >&2
    exit 1
  fi
  tee ${daemons.map((daemon) => `${daemon}/config.d/00-super.toml`).join(' ')} <"$4" >/dev/null
  { printf '%s\\n' "$new" && grep -v '^hostname = ' "$4"; } >edged/config.d/00-super.toml
  printf '# auto-generated\\n\\n%s\\nhomedir = "/var/lib/aziot/identityd"\\n' "$new" >identityd/config.d/00-super.toml
fi
case "$name $1" in
  'docker ps')
    [ ! -f "$here/control/containers" ] || [ "$how" = 'fail always' ] || cat "$here/control/containers"
    [ "$how" != replace ] || echo 'f7a8b9' >"$here/control/containers"
    ;;
  'docker rm') rm -f "$here/control/containers" ;;
esac
case "$how $name $1 \${2-}" in
  fail*) ;;
  *' systemctl start'* | *' systemctl restart'* | *' iotedge config'* | *' iotedge system restart')
    last=$((last + 1))
    state="active $last"
    [ ! -f "$here/control/daemon start" ] || { rm -f "$here/control/daemon start" && state='failed 0'; }
    printf '%s\n' "$state $last" >"$here/state"
    ;;
  *' systemctl stop'* | *' iotedge system stop') printf '%s\n' "inactive 0 $last" >"$here/state" ;;
esac
case $how in fail*) exit 1 ;; hang) exec sleep 60 ;; cut) kill -9 "$PPID" ;; esac
`;

/** IoT Edge has containers on the device from now on, until "docker rm". */
export function runContainers({ folder }: ScratchDevice): void {
  writeFileSync(join(folder, 'control', 'containers'), 'a1b2c3\nd4e5f6\n');
}

/**
 * The next call of a stand-in with this argument fails, or does not return, or the power is cut. With "daemon start", the
 * services fail when they are started next. After "docker ps" with `replace`, the containers are other ones.
 */
export function order(
  { folder }: ScratchDevice,
  call: string,
  how: 'fail' | 'fail always' | 'hang' | 'cut' | 'replace',
): void {
  writeFileSync(join(folder, 'control', call), how);
}

/** What "systemctl show" says of a unit from now on, such as `ActiveState=failed`. */
export function show({ folder }: ScratchDevice, unit: string, ...properties: readonly string[]): void {
  writeFileSync(join(folder, 'control', `show ${unit}`), properties.map((line) => `${line}\n`).join(''));
}

interface Call {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly shell?: readonly string[];
  /** A command of the shell before the installer. */
  readonly first?: string;
}

/** Runs the installer on the device's file system, with a restart. */
export function install(device: ScratchDevice, call: Call = {}) {
  const { command, args, env } = commandOf(device, call);
  const { status, stdout, stderr } = spawnSync(command, args, { env, cwd: device.folder, encoding: 'utf8' });
  return { status, stdout, stderr, calls: takeCalls(device) };
}

/** Stops the installer by a signal when `when` resolves. Returns its exit code. */
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
  // `openssl x509` of OpenSSL 3 reads all authorities of the machine, which takes 30 ms a call and is used for nothing here.
  const environment = { PATH: path, SSL_CERT_FILE: '/dev/null', INSTALL_WAIT: '0', ...env };
  return { command, args: [...options, ...line], env: environment };
}

/** The calls of the stand-ins since the last time, each with the first line of the configuration at that time. */
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

/**
 * Each path below the device's root with mode, owner and content, and with the time of its last change if `times`. /run is
 * left out: it is empty after each start of a device, and has the lock of an installer.
 */
export function tree({ root }: ScratchDevice, times = false): Record<string, string> {
  const paths = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((path) => !/^run(\/|$)/.test(path));
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

/** Makes a certificate with its key. It is valid from yesterday for a year, unless `wanted` says otherwise. */
export function makePair(folder: string, name: string, wanted: Wanted) {
  const path = makeCertificate(folder, name, { start: daysFromNow(-1), end: daysFromNow(365), ...wanted });
  const certificate = readFileSync(path, 'utf8');
  const { fingerprint, fingerprint256 } = new X509Certificate(certificate);
  const [sha1 = '', sha256 = ''] = [fingerprint, fingerprint256].map((text) => text.replaceAll(':', '').toLowerCase());
  return {
    certificate,
    key: readFileSync(join(folder, 'keys', wanted.key ?? `${name}.key.pem`), 'utf8'),
    sha1,
    sha256,
  };
}
export type Pair = ReturnType<typeof makePair>;

/** A date in the form that `makeCertificate` takes. */
export function daysFromNow(days: number): string {
  const time = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${time.replace(/[-:T]|\..*/g, '')}Z`;
}

interface Bundled {
  readonly carriesCertificate: boolean;
}

/** A device of 1.1 or 1.5 with default places. It has the pair's key, and its bundle has the pair's certificate. */
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
