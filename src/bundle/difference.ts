import type { Device, DeviceId, HubHost } from '../model/fleet.ts';
import type { ConfigurationChange } from '../model/report.ts';
import type { Workspace } from '../model/workspace.ts';
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

/**
 * Returns how the configurations of devices that both fleets have differ. Both are rendered and compared key by key.
 * Equal changes of several devices are one change, and the change of most devices comes first. `{id}` stands for the
 * device's id if changes differ only in that. A device whose configuration cannot be rendered is left out.
 */
export async function configurationChanges(before: FleetAt, after: FleetAt): Promise<readonly ConfigurationChange[]> {
  const [old, now] = await Promise.all([sideOf(before), sideOf(after)]);
  const changes: Change[] = [];
  for (const [was, device] of pairsOf(before, after)) {
    const { id } = device;
    const [from, to] = [old.certificateOf(was), now.certificateOf(device)];
    if (from !== to) changes.push({ id, key: 'identity-certificate.pem', ...fileShown(from, to) });
    const [one, other] = [old.runningOf(was), now.runningOf(device)];
    if (one === undefined || other === undefined || isSame(one, other)) continue;
    const settings = await settingsOf(was, one, other.form);
    const others = await settingsOf(device, other, one.form);
    for (const key of new Set([...settings.keys(), ...others.keys()])) {
      const [value, next] = [settings.get(key), others.get(key)];
      if (value !== next) changes.push({ id, key, ...sides(shownSetting(key, value), shownSetting(key, next)) });
    }
  }
  return together(changes);
}

/** A change of one device. */
interface Change extends Omit<ConfigurationChange, 'devices'> {
  readonly id: DeviceId;
}

/** What the devices of one commit would run, and the certificates in their bundles. */
interface Side {
  readonly runningOf: (device: Device) => Running | undefined;
  readonly certificateOf: (device: Device) => string | undefined;
}

async function sideOf({ devices, workspace }: FleetAt): Promise<Side> {
  const bases: ReadonlyMap<string, BaseFile> = (await readBases(devices, workspace)).value;
  return {
    runningOf: (device) => runningOf(device, baseOf(device, bases)),
    certificateOf: ({ certificates, identity }) => {
      const path = certificates[identity.slot];
      // A file that cannot be read counts as missing. The checks of the head report it.
      const file = path === undefined ? undefined : workspace.read(path, largestFile);
      return file?.ok === true ? file.bytes.toString('latin1') : undefined;
    },
  };
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
