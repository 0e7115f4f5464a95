import { execFileSync, spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { canCutDisks } from '../bundle/install/simulated/disk.ts';
import { serviceClientForJava } from './java.ts';
import { pythonWithSdk } from './python.ts';

/**
 * What a machine may lack, and how a test finds out whether it is there. A test that needs one of these says so with `describeNeeding` or
 * `itNeeding`. The summary of the gate names each test that did not run for lack of one; with REQUIRE_TOOLS=1 a lack is an error.
 */
const tools = {
  git: () => succeeds('git', '--version'),
  openssl: () => succeeds('openssl', 'version'),
  "openssl's legacy provider": () => succeeds('openssl', 'list', '-providers', '-provider', 'legacy'),
  python3: () => succeeds('python3', '--version'),
  jq: () => pathOf('jq') !== undefined,
  gh: () => pathOf('gh') !== undefined,
  script: () => succeeds('script', '--version'),
  bash: () => succeeds('bash', '--version'),
  shellcheck: () => succeeds('shellcheck', '--version'),
  // Shells and tools that a device may have in place of dash, mawk and coreutils.
  busybox: () => pathOf('busybox') !== undefined,
  zsh: () => pathOf('zsh') !== undefined,
  mksh: () => pathOf('mksh') !== undefined,
  yash: () => pathOf('yash') !== undefined,
  gawk: () => pathOf('gawk') !== undefined,
  mawk: () => pathOf('mawk') !== undefined,
  uutils: () => existsSync('/usr/lib/cargo/bin/coreutils/stat'),
  act: () => actPath() !== undefined,
  chromium: () => chromiumPath() !== undefined,
  'python3 with venv, azure-iot-hub of PyPI': () => pythonWithSdk() !== undefined,
  'JDK with Maven, iot-service-client of Maven Central': () => serviceClientForJava() !== undefined,
  '../shared/reference': () => existsSync(join(import.meta.dirname, '../../../shared/reference')),
  'links and modes of POSIX': () => process.platform !== 'win32',
  'root with loop devices': canCutDisks,
  Linux: () => process.platform === 'linux',
  'rights of root': () => process.getuid?.() === 0,
  setfacl: () => succeeds('setfacl', '--version'),
  chattr: canBeFixed,
  'mounts of its own': () => succeeds('unshare', '--mount', 'true'),
  // With the commands of iproute2.
  'a network of its own': () => succeeds('unshare', '--mount', '--net', 'ip', 'link', 'set', 'lo', 'up'),
  'softhsm2-util': () => succeeds('softhsm2-util', '--version'),
  'pkcs11-tool': () => pathOf('pkcs11-tool') !== undefined,
  p11tool: () => pathOf('p11tool') !== undefined,
};

export type Tool = keyof typeof tools;

/** Whether this is no tool, but what root alone may do. */
export function isRight(name: string): boolean {
  return ['rights of root', 'mounts of its own', 'a network of its own', 'root with loop devices'].includes(name);
}

/** The tools that a test's full name says it needs. */
export function toolsIn(fullName: string): readonly string[] {
  return [...fullName.matchAll(/\(needs ([^)]*)\)/g)].flatMap(([, names = '']) => names.split(' and '));
}

/** Whether this machine lacks a tool. A name that has no row is no tool, and lacks nothing. */
export function isLacking(name: string): boolean {
  return isTool(name) && !isThere(name);
}

const found = new Map<Tool, boolean>();

/** Whether this machine has a tool; looked up once. */
export function isThere(tool: Tool): boolean {
  const known = found.get(tool) ?? tools[tool]();
  found.set(tool, known);
  return known;
}

/** Where act (https://github.com/nektos/act) lies. */
export function actPath(): string | undefined {
  return pathOf('act') ?? [installedByGo()].find(isExecutable);
}

/** Where a Chromium lies that tests may run. */
export function chromiumPath(): string | undefined {
  return pathOf('chromium') ?? pathOf('google-chrome');
}

function isTool(name: string): name is Tool {
  return Object.hasOwn(tools, name);
}

/** Whether files can be made immutable: that takes rights, and a file system that knows it. */
function canBeFixed(): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'provision-'));
  try {
    return succeeds('chattr', '+i', folder) && succeeds('chattr', '-i', folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function succeeds(command: string, ...args: readonly string[]): boolean {
  return spawnSync(command, args, { stdio: 'ignore' }).status === 0;
}

/** Where a program lies on this machine. */
export function pathOf(program: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return folders.map((folder) => join(folder, program)).find(isExecutable);
}

function installedByGo(): string {
  try {
    const gopath = execFileSync('go', ['env', 'GOPATH'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return join(gopath.trim(), 'bin', 'act');
  } catch {
    return '';
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
