import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { memory } from '../../../support/folder.ts';
import { makePair, type Pair, type ScratchDevice, scratchDevice, tree, usual } from '../scratch-device.ts';
import { limitLife, type Minor, run, type Shell, shim, simulateServices, unitsOf } from './device.ts';
import { running, seen } from './state.ts';

/** What happens to a device in the matrix of steps and signals, if no signal comes. */
export const scenarios = ['install', 'rotate', 'roll back', 'resume'] as const;
export type Scenario = (typeof scenarios)[number];

export interface Pairs {
  readonly old: Pair;
  readonly new: Pair;
}

/** A device before the run, and the two states that are whole. */
export interface Prepared {
  readonly minor: Minor;
  readonly scenario: Scenario;
  readonly device: ScratchDevice;
  readonly pairs: Pairs;
  readonly old: Readonly<Record<string, string>>;
  readonly new: Readonly<Record<string, string>>;
  /** What the run finds: where an earlier one was cut off, it is not whole. */
  readonly found: Readonly<Record<string, string>>;
  /** Whether the services run before. */
  readonly ran: boolean;
}

export const dash: Shell = { name: 'dash', command: ['dash'] };

export function makePairs(folder: string): Pairs {
  return {
    old: makePair(folder, 'old', { subject: '/CN=edge-001' }),
    new: makePair(folder, 'new', { subject: '/CN=edge-001' }),
  };
}

/** What the scenarios of a version have in common. It is made once, and copied. */
interface Rotation {
  readonly device: ScratchDevice;
  readonly new: Prepared['new'];
}

/** Prepares scenarios in new folders below this one. */
export function preparing(pairs: Pairs, place: string) {
  const folder = () => mkdtempSync(join(place, 'device-'));
  const rotations = new Map<Minor, Promise<Rotation>>();
  async function rotation(minor: Minor): Promise<Rotation> {
    const device = await rotating(minor, pairs, folder());
    return { device, new: await installed(device, folder()) };
  }
  return async (scenario: Scenario, minor: Minor): Promise<Prepared> => {
    if (scenario === 'install') {
      const device = fresh(minor, pairs, folder());
      const wanted = await installed(device, folder());
      return { ...toPrepared(device, minor, wanted), minor, scenario, pairs };
    }
    const shared = rotations.get(minor) ?? rotation(minor);
    rotations.set(minor, shared);
    const { device: original, new: wanted } = await shared;
    const device = copy(original, folder());
    const before = toPrepared(device, minor, wanted);
    if (scenario === 'resume') await cutOff(device);
    if (scenario === 'roll back') failWithNew(device, minor);
    return { ...before, found: tree(device), minor, scenario, pairs };
  };
}

function toPrepared(device: ScratchDevice, minor: Minor, wanted: Prepared['new']) {
  const before = seen(device, minor);
  return { device, old: before.tree, found: before.tree, new: wanted, ran: running(before, minor) === 'all' };
}

async function installed(device: ScratchDevice, place: string): Promise<Prepared['new']> {
  const copied = copy(device, place);
  await done(copied);
  return tree(copied);
}

/** A folder in memory, where a disk that is slow to sync does not count. */
export const scratchFolder = () => mkdtempSync(join(memory, 'provision-installer-'));

/** Copies a device with its owners, modes, times and links, and with the state of its services. */
export function copy({ folder, bundle, root }: ScratchDevice, place: string): ScratchDevice {
  const { status, stderr } = spawnSync('cp', ['-a', `${folder}/.`, place], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  const moved = (path: string) => `${place}${path.slice(folder.length)}`;
  return { folder: place, bundle: moved(bundle), root: moved(root), update: () => undefined };
}

/** From now on, no daemon stays up with the new configuration. */
export function failWithNew(device: ScratchDevice, minor: Minor): void {
  for (const unit of unitsOf[minor]) limitLife(device, unit, { milliseconds: 100, delay: 'never', only: '# new' });
}

const keys = { 1: '/var/lib/iotedge/identity', 5: '/var/aziot/secrets' } as const;
const keyOf = (minor: Minor, which: keyof Pairs) => `${keys[minor]}/edge-001.${which}.key.pem`;
const certificates = { 1: '/var/lib/iotedge/identity', 5: '/var/aziot/certs' } as const;
const certificateOf = (minor: Minor) => `${certificates[minor]}/edge-001.pem`;
const configurationOf = { 1: '/etc/iotedge/config.yaml', 5: '/etc/aziot/config.toml' } as const;

/** The bundle of the old or of the new pair. Both have the certificate at the same place, and each has a key of its own. */
function bundled(minor: Minor, pairs: Pairs, which: keyof Pairs) {
  const has = Object.fromEntries((['old', 'new'] as const).map((each) => [keyOf(minor, each), pairs[each].key]));
  // The drop-ins of the proxy are removed by the new bundle of 1.5, and made by that of 1.1.
  const proxied = (minor === 5) === (which === 'old') ? { proxy: { https: 'http://proxy:3128' } } : {};
  const whole = usual(pairs[which], minor, { privateKey: keyOf(minor, which), ...proxied });
  return { ...whole, config: `# ${which}\npassword = "${secret}"\n`, has };
}
export const secret = 'a-password';

function fresh(minor: Minor, pairs: Pairs, place: string): ScratchDevice {
  const device = scratchDevice(bundled(minor, pairs, 'new'), place);
  simulateServices(device, minor, certificateOf(minor));
  shim(device, []);
  return device;
}

/** A device that runs with the old pair. Its configuration was once written by hand and is open to everybody. */
async function rotating(minor: Minor, pairs: Pairs, place: string): Promise<ScratchDevice> {
  const device = scratchDevice(bundled(minor, pairs, 'old'), place);
  simulateServices(device, minor, certificateOf(minor));
  shim(device, []);
  await done(device);
  cpSync(device.bundle, oldBundleOf(device), { recursive: true });
  chmodSync(join(device.root, configurationOf[minor]), 0o644);
  device.update(bundled(minor, pairs, 'new'));
  return device;
}

/** A device that rotates keeps the bundle of its old pair. */
export const oldBundleOf = ({ folder }: ScratchDevice) => join(folder, 'old bundle');

async function done(device: ScratchDevice): Promise<void> {
  const { status, output } = await run(device, dash);
  if (status !== 0) throw new Error(`exit ${status}: ${output}`);
}

/** The power is cut when the daemons have started with the new files, and the run waits to see whether they stay up. */
async function cutOff(device: ScratchDevice): Promise<void> {
  shim(device, ['sleep']);
  writeFileSync(join(device.folder, 'control/fire'), '1 KILL all\n');
  const { status } = await run(device, dash);
  if (status !== 137) throw new Error(`the run was not cut off: exit ${status}`);
  shim(device, []);
}
