import { type Change, type DeviceOutcome, key, type Reason } from '../model/plan.ts';
import { describeClaim, describeReason, mustCarryText, rotationNames } from '../model/reasons.ts';
import { withoutId } from '../rules/id-pattern.ts';

/** `+` a new device, `~` a changed one, `-` a removed one, `!` one that is not changed, `?` one whose state is not known. */
export type Sign = '+' | '~' | '-' | '!' | '?';

/** What happens to some devices of one hub, equal for all of them. The texts are not escaped. */
export interface DeviceGroup {
  readonly sign: Sign;
  readonly hub: string;
  readonly devices: readonly string[];
  /** `replacing one certificate, the other stays`, or why it failed. Empty if the fields say all. */
  readonly what: string;
  /** `status: enabled → disabled`, one for each changed field. */
  readonly fields: readonly string[];
}

/** What happens to one device. */
export interface DeviceEntry {
  readonly device: string;
  readonly hub: string;
  readonly sign: Sign;
  readonly what: string;
  /** `what` with `{id}` for the id of the device, if it comes from elsewhere and may name it. */
  readonly pattern?: string;
  readonly fields: readonly Field[];
}

interface Field {
  /** Equal for all devices of a group. */
  readonly alike: string;
  /** What it says of this device. */
  readonly text: string;
  /** What it says of several devices that have their own values. */
  readonly ofEach: string;
}

/** The entry of a planned change; undefined for an unchanged device. */
export function changeEntry(change: Change): DeviceEntry | undefined {
  const { id: device, hub, kind } = change;
  if (kind === 'unchanged') return undefined;
  if (kind === 'create') return { device, hub, sign: '+', what: groupTexts.created(), fields: [] };
  if (kind === 'delete') return { device, hub, sign: '-', what: groupTexts.deleted(), fields: [] };
  const what = 'rotation' in change && change.rotation !== undefined ? rotationNames[change.rotation] : '';
  const carried = 'mustCarry' in change && change.mustCarry !== undefined ? [carriedField(change.mustCarry)] : [];
  return { device, hub, sign: signs[kind], what, fields: [...change.reasons.map(reasonField), ...carried] };
}

/** The entry of a difference that `verify` has found. It says what differs, and nothing of how it would be changed. */
export function differenceEntry(change: Change): DeviceEntry | undefined {
  const entry = changeEntry(change);
  if (entry === undefined || change.kind === 'delete') return entry;
  const fields = 'reasons' in change ? change.reasons.map(reasonField) : [];
  return { ...entry, what: change.kind === 'create' ? groupTexts.missing() : '', fields };
}

const signs = { update: '~', claim: '~', disable: '-', conflict: '!', blocked: '!' } as const;

/** The entry of a device that becomes this repository's; undefined if it does not. */
export function claimEntry(change: Change): DeviceEntry | undefined {
  if (!('claim' in change) || change.claim === undefined) return undefined;
  const text = describeClaim(change.claim);
  return { device: change.id, hub: change.hub, sign: '~', what: '', fields: [{ alike: text, text, ofEach: text }] };
}

/** The entry of a device that could not be written, or of which this is not known. It says what was planned. */
export function troubleEntry(
  { device, hub, result, reason = '' }: DeviceOutcome,
  change: Change | undefined,
): DeviceEntry {
  const done = change === undefined ? undefined : doneWords[change.kind];
  const sign = result === 'unknown' ? '?' : '!';
  const say = (why: string) => {
    if (done === undefined) return why;
    return result === 'unknown' ? groupTexts.perhaps(done, why) : groupTexts.not(done, why);
  };
  return { device, hub, sign, what: say(reason), pattern: say(withoutId(reason, device)), fields: [] };
}

const doneWords: Readonly<Partial<Record<Change['kind'], string>>> = {
  create: 'created',
  update: 'updated',
  claim: 'claimed',
  disable: 'disabled',
  delete: 'deleted',
};

/** The entry of a device that was written, as it was planned. */
export function doneEntry({ device, hub, result }: DeviceOutcome, change: Change | undefined): DeviceEntry {
  const planned = change === undefined ? undefined : changeEntry(change);
  const sign = result === 'created' ? '+' : result === 'removed' ? '-' : '~';
  return planned === undefined ? { device, hub, sign, what: '', fields: [] } : { ...planned, sign };
}

/** The planned changes by device and hub. */
export function byDevice(changes: readonly Change[]): ReadonlyMap<string, Change> {
  return new Map(changes.map((change) => [key({ device: change.id, hub: change.hub }), change]));
}

/**
 * Groups equal entries, in the order in which the first of each occurs. The thumbprints of a rotation are different for each device, so
 * they do not keep devices apart.
 */
export function groupsOf(entries: readonly DeviceEntry[]): readonly DeviceGroup[] {
  const groups = new Map<string, Group>();
  for (const entry of entries) {
    const what = entry.pattern ?? entry.what;
    const alike = JSON.stringify([entry.sign, entry.hub, what, entry.fields.map((field) => field.alike)]);
    const group = groups.get(alike);
    if (group === undefined) groups.set(alike, { first: entry, what, devices: [entry.device], own: new Set() });
    else join(group, entry);
  }
  return [...groups.values()].map(finished);
}

interface Group {
  readonly first: DeviceEntry;
  /** With `{id}` for the id of each device. */
  readonly what: string;
  readonly devices: string[];
  /** The fields in which devices have their own values, by their index. */
  readonly own: Set<number>;
}

function join(group: Group, { device, fields }: DeviceEntry): void {
  group.devices.push(device);
  for (const [index, { text }] of fields.entries()) {
    if (text !== group.first.fields[index]?.text) group.own.add(index);
  }
}

function finished({ first, what, devices, own }: Group): DeviceGroup {
  const { sign, hub, fields } = first;
  return {
    sign,
    hub,
    devices,
    what: devices.length === 1 ? first.what : what,
    fields: fields.map(({ text, ofEach }, index) => (own.has(index) ? ofEach : text)),
  };
}

function reasonField(reason: Reason): Field {
  const text = `${reason.field}: ${describeReason(reason).slice(reason.field.length + 1)}`;
  if (!reason.field.endsWith('Thumbprint')) return { alike: text, text, ofEach: text };
  const { field, before, after, note = '' } = reason;
  const shape = [field, before === null, after === null, note].join();
  return { alike: shape, text, ofEach: groupTexts.own(field) };
}

function carriedField(carried: Parameters<typeof mustCarryText>[0]): Field {
  return { alike: `carry ${carried.slot}`, text: mustCarryText(carried), ofEach: groupTexts.carry(carried.slot) };
}

/** The texts of groups. */
export const groupTexts = {
  created: () => 'new',
  missing: () => 'missing in the hub',
  deleted: () => 'no manifest declares it any more',
  not: (done: string, why: string) => (why === '' ? `not ${done}` : `not ${done}: ${why}`),
  perhaps: (done: string, why: string) => (why === '' ? `perhaps ${done}` : `perhaps ${done}: ${why}`),
  own: (field: string) => `${field}: each device has its own value`,
  carry: (slot: string) => `devices must already carry their ${slot} certificate`,
};
