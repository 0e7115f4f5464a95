import type { Finding, Judged } from '../model/finding.ts';
import type { Device, DeviceId, HubHost } from '../model/fleet.ts';
import type { ConfigurationChange } from '../model/report.ts';
import type { Workspace } from '../model/workspace.ts';
import { guardedLater } from '../rules/guarded.ts';
import { type BaseFile, baseOf } from './base/file.ts';
import { readBases } from './base/read.ts';
import { shownSetting } from './judge/shown-setting.ts';
import { type Running, runningOf, settingsOf } from './running.ts';

/** The fleet of one commit: its devices and the files that they name. */
export interface FleetAt {
  readonly devices: readonly Device[];
  readonly workspace: Workspace;
  /** All devices of the commit, if `devices` are those of some hubs only. */
  readonly all?: readonly Named[];
}

type Named = { readonly id: DeviceId; readonly hub?: HubHost | undefined };

/** How configurations differ. `unread`: the files at the base for which devices are not compared, and what is wrong with each. */
export interface Difference extends Judged<readonly ConfigurationChange[]> {
  readonly unread: readonly UnreadFile[];
}

export interface UnreadFile {
  readonly file: string;
  readonly said: string;
}

/**
 * Returns how the configurations of devices that both fleets have differ. Both are rendered and compared key by key.
 * Equal changes of several devices are one change, and the change of most devices comes first. `{id}` stands for the
 * device's id if changes differ only in that. A device whose configuration cannot be rendered is left out. If that is because of
 * the base, the file is told: at the head the checks tell it.
 */
export async function configurationChanges(before: FleetAt, after: FleetAt): Promise<Difference> {
  const [old, now] = await Promise.all([sideOf(before), sideOf(after)]);
  const changes: Change[] = [];
  const findings: Finding[] = [];
  const unread = new Map<string, string>();
  for (const [was, device] of pairsOf(before, after)) {
    const one = await guardedLater(
      async () => ({ value: await changesOf(was, device, old, now), findings: [] }),
      () => ({ place: device.place('id'), device: device.id, hub: device.hub }),
    );
    changes.push(...(one.value?.changes ?? []));
    findings.push(...one.findings);
    for (const { file, said } of one.value?.unread ?? []) if (!unread.has(file)) unread.set(file, said);
  }
  return { value: together(changes), findings, unread: [...unread].map(([file, said]) => ({ file, said })) };
}

/** The changes of one device, and the files at the base that cannot be compared. */
interface Compared {
  readonly changes: readonly Change[];
  readonly unread: readonly UnreadFile[];
}

async function changesOf(was: Device, device: Device, old: Side, now: Side): Promise<Compared> {
  const { id } = device;
  const changes: Change[] = [];
  const [from, to] = [old.certificateOf(was), now.certificateOf(device)];
  if (!isUnread(from) && !isUnread(to) && from !== to) {
    changes.push({ id, key: 'identity-certificate.pem', ...fileShown(from, to) });
  }
  const [one, other] = [old.runningOf(was), now.runningOf(device)];
  const unread = [from, one].filter(isUnread);
  if (isUnread(one) || isUnread(other) || isSame(one, other)) return { changes, unread };
  const settings = await settingsOf(was, one, other.form);
  const others = await settingsOf(device, other, one.form);
  for (const key of new Set([...settings.keys(), ...others.keys()])) {
    const [value, next] = [settings.get(key), others.get(key)];
    if (value !== next) changes.push({ id, key, ...sides(shownSetting(key, value), shownSetting(key, next)) });
  }
  return { changes, unread };
}

/** A change of one device. */
interface Change extends Omit<ConfigurationChange, 'devices'> {
  readonly id: DeviceId;
}

/** What the devices of one commit would run, and the certificates in their bundles; undefined for a file that is not there. */
interface Side {
  readonly runningOf: (device: Device) => Running | UnreadFile;
  readonly certificateOf: (device: Device) => string | undefined | UnreadFile;
}

function isUnread(value: string | undefined | Running | UnreadFile): value is UnreadFile {
  return typeof value === 'object' && 'said' in value;
}

async function sideOf({ devices, workspace }: FleetAt): Promise<Side> {
  const bases: ReadonlyMap<string, BaseFile> = (await readBases(devices, workspace)).value;
  return {
    runningOf: (device) => {
      const running = runningOf(device, baseOf(device, bases));
      if (running !== undefined) return running;
      const { file } = device.place('id');
      return { file: device.config.base ?? file, said: notRendered(device) };
    },
    certificateOf: ({ certificates, identity }) => {
      const path = certificates[identity.slot];
      const file = path === undefined ? undefined : workspace.read(path, largestFile);
      if (path === undefined || file === undefined || (!file.ok && file.why === 'missing')) return undefined;
      return file.ok ? file.bytes.toString('latin1') : { file: path, said: file.detail };
    },
  };
}

function notRendered({ id }: Device): string {
  return `the configuration of device "${id}" cannot be rendered`;
}

const largestFile = 1024 * 1024;

/**
 * Says only that the file changed: each device has its own certificate, and equal changes of devices are shown once.
 */
function fileShown(before: string | undefined, after: string | undefined) {
  if (before === undefined) return { after: 'a file' };
  return after === undefined ? { before: 'a file' } : { before: 'one file', after: 'another' };
}

function sides(before: string | undefined, after: string | undefined) {
  return { ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) };
}

function isSame(one: Running, other: Running): boolean {
  if (one.form !== other.form || one.text !== other.text || one.beside.size !== other.beside.size) return false;
  return [...one.beside].every(([key, value]) => other.beside.get(key) === value);
}

/**
 * Pairs the devices that both fleets have. A device may have moved to another hub, if it is the only one with its id
 * that moved.
 */
function pairsOf(before: FleetAt, after: FleetAt): readonly (readonly [was: Device, is: Device])[] {
  const old = new Map(before.devices.map((device) => [nameOf(device), device]));
  const everywhere = after.all ?? after.devices;
  const known = new Set(everywhere.map(nameOf));
  const gone = byId(before.devices.filter((device) => !known.has(nameOf(device))));
  const come = byId(everywhere.filter((device) => !old.has(nameOf(device))));
  return after.devices.flatMap((device) => {
    const [moved, ...others] = come.get(device.id)?.length === 1 ? (gone.get(device.id) ?? []) : [];
    const was = old.get(nameOf(device)) ?? (others.length === 0 ? moved : undefined);
    return was === undefined ? [] : [[was, device] as const];
  });
}

function nameOf({ id, hub }: Named): string {
  return `${hub ?? ''}/${id}`;
}

function byId<Device extends Named>(devices: readonly Device[]): ReadonlyMap<DeviceId, readonly Device[]> {
  const groups = new Map<DeviceId, Device[]>();
  for (const device of devices) groups.set(device.id, [...(groups.get(device.id) ?? []), device]);
  return groups;
}

/** Joins equal changes, then the changes of single devices that differ only in the device's id. */
function together(changes: readonly Change[]): readonly ConfigurationChange[] {
  const equal = grouped(changes, ({ id: _, ...change }) => change);
  const several = equal.filter(({ devices }) => devices.length > 1);
  const single = new Set(equal.filter(({ devices }) => devices.length === 1).map(({ change }) => change));
  const alike = grouped([...single], templated);
  const all = [...several, ...alike].map(({ change: { id: _, ...raw }, devices, shared }) => {
    return { ...(devices.length > 1 ? shared : raw), devices };
  });
  return all.sort((a, b) => b.devices.length - a.devices.length || (a.key < b.key ? -1 : 1));
}

type Shown = Omit<ConfigurationChange, 'devices'>;

interface Group {
  /** The first change of the group. */
  readonly change: Change;
  /** What all changes of the group have in common. */
  readonly shared: Shown;
  readonly devices: DeviceId[];
}

function grouped(changes: readonly Change[], sharedOf: (change: Change) => Shown): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const change of changes) {
    const shared = sharedOf(change);
    const { key, before, after } = shared;
    const name = JSON.stringify([key, before ?? null, after ?? null]);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, { change, shared, devices: [change.id] });
    else group.devices.push(change.id);
  }
  return [...groups.values()];
}

/** The change with `{id}` for the id, as defaults of a manifest write it. Only whole words count as the id. */
function templated({ id, key, before, after }: Change): Shown {
  const escaped = id.replace(/[^A-Za-z0-9]/g, '\\$&');
  const pattern = new RegExp(`(?<![A-Za-z0-9])${escaped}(?![A-Za-z0-9])`, 'gi');
  const template = (text: string | undefined) => text?.replace(pattern, '{id}');
  return { key, ...sides(template(before), template(after)) };
}
