import { type Finding, type Judged, type RuleChanges, weighed } from '../model/finding.ts';
import type { Device, DeviceId, HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Owner } from '../model/owner.ts';
import type { Change, Past, Reason, WantedParent } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import type { CarriedLoss, MissedStaging } from '../rules/plan.ts';
import { finding } from '../rules/rules.ts';
import { carrying, missedStaging } from './carried.ts';
import { differences, foreignness, lockout, newRegistration, nextRegistration } from './compare.ts';
import { type ChangeLimit, limitChanges } from './limit.ts';
import { type Adopt, claimOf, claimReason, otherOwner, ownership } from './ownership.ts';
import { wantedParent } from './parents.ts';
import { type Gone, keptDevices, orphans, type Prune, planRemovals } from './removal.ts';
import { rotationOf } from './rotation.ts';
import { isRemoved } from './status.ts';
import { namedDifferences, tagChange } from './tags.ts';

/** Options that only the workflow can set, never the manifest. */
export interface PlanOptions {
  /** Which devices in the hub a run may take over. */
  readonly adopt: Adopt;
  /** This repository. If absent, it is not known: then no device is marked, and none is ours. */
  readonly owner?: Owner;
  /** Whether devices may be cut off: all of them, or only those named. */
  readonly allowLockout: boolean | ReadonlySet<DeviceId>;
  readonly maxChanges: ChangeLimit;
  /** `none` if absent. */
  readonly prune?: Prune;
  /** The severities that the workflow gives to rules. A change with an error is not carried out. */
  readonly rules?: RuleChanges;
}

const noPast: Past = { before: new Map(), committed: () => undefined };

/**
 * Compares the wanted devices with the devices found in one hub. Returns one change for each device in the order of the fleet,
 * then the removals. Pure.
 * Findings: plan/carried-certificate, plan/foreign, plan/inactive-device, plan/lockout, plan/parent-removed, plan/re-enable,
 * plan/shared, plan/stays, plan/too-many-changes.
 * @param gone devices of the hub that were declared before and no longer are
 */
export function plan(
  hub: HubHost,
  identities: readonly Identity[],
  found: ReadonlyMap<DeviceId, RegisteredDevice>,
  options: PlanOptions,
  gone: readonly Gone[] = [],
  past: Past = noPast,
): Planned {
  const planned = identities.map((identity) => {
    return planDevice(hub, identity, found.get(identity.device.id), options, wantedParent(identity, found), past);
  });
  const removals = planRemovals(hub, gone, options);
  const kept = keptDevices(hub, gone, options);
  const changes = [...planned.map(({ value }) => value), ...removals];
  const staying = identities.flatMap((identity) => {
    const device = found.get(identity.device.id);
    return device === undefined ? [] : [[identity, device] as const];
  });
  const findings = [...planned.flatMap((p) => p.findings), ...orphans(hub, removals, staying), ...kept.findings];
  const limited = limitChanges(hub, changes, options.maxChanges);
  return { value: changes, findings: [...findings, ...limited], kept: kept.value };
}

/** The plan of one hub. */
export interface Planned extends Judged<readonly Change[]> {
  /** How many devices no manifest declares any more, and stay because they are not ours. */
  readonly kept: number;
}

type Permissions = Pick<PlanOptions, 'adopt' | 'allowLockout' | 'owner' | 'rules'>;

/** Plans the change of one device. */
export function planDevice(
  hub: HubHost,
  identity: Identity,
  found: RegisteredDevice | undefined,
  permissions: Permissions,
  parent?: WantedParent,
  past: Past = noPast,
): Judged<Change> {
  const { adopt, allowLockout, owner, rules } = permissions;
  const id = identity.device.id;
  const base = { id, hub, identity, ...(parent === undefined ? {} : { parent }) };
  if (found === undefined) {
    return { value: { ...base, kind: 'create', registration: newRegistration(identity, parent, owner) }, findings: [] };
  }
  const before = past.before.get(id);
  const reasons = differences(identity, found, parent, before);
  const rotation = rotationOf(identity, found, before);
  const carried = carrying(identity, found, before);
  const why = {
    found,
    reasons,
    ...(rotation === undefined ? {} : { rotation }),
    ...(carried !== undefined && 'mustCarry' in carried ? carried : {}),
  };
  const claim = claimOf(found.twin, owner, adopt);
  if (claim === undefined && ownership(found.twin, owner) === 'foreign') {
    return planForeign(hub, identity, why, base, owner);
  }
  const mayLockOut = allowLockout === true || (allowLockout !== false && allowLockout.has(id));
  const missed = mayLockOut ? undefined : missedStaging(identity, found, past);
  const loss = carried !== undefined && 'loss' in carried && !mayLockOut ? carried.loss : undefined;
  const findings = weighed(
    [
      ...judge(hub, identity, found, { adopt, mayLockOut, before }),
      ...(missed === undefined ? [] : [inactive(hub, identity, missed)]),
      ...(loss === undefined ? [] : [lost(hub, identity, loss)]),
    ],
    rules,
  );
  const stopped = findings.find((f) => f.severity === 'error');
  if (stopped !== undefined) {
    const kind = stopped.rule === 'plan/foreign' ? 'conflict' : 'blocked';
    return { value: { ...base, kind, ...why }, findings };
  }
  const tags = found.twin && tagChange(identity.device.tags, found.twin);
  const registers = reasons.length > 0;
  if (!registers && tags === undefined) {
    if (claim !== undefined)
      return { value: { ...base, kind: 'claim', found, claim, reasons: [claimReason(claim)] }, findings: [] };
    return { value: { ...base, kind: 'unchanged', found }, findings: [] };
  }
  const registration = nextRegistration(identity, found, parent);
  const claimed = claim === undefined ? {} : { claim };
  const update = { ...base, kind: 'update', registration, registers, ...claimed, ...why } as const;
  if (tags === undefined) return { value: update, findings };
  return { value: { ...update, tags, reasons: [...reasons, ...tags.reasons] }, findings };
}

function inactive(hub: HubHost, { device }: Identity, missed: MissedStaging): Finding {
  const kind = device.thumbprints.primary === undefined ? 'certificates' : 'thumbprints';
  const subject = { place: device.place(`${kind}.${missed.slot}`), device: device.id, hub };
  return finding('plan/inactive-device', { id: device.id, ...missed }, subject);
}

function lost(hub: HubHost, { device }: Identity, loss: CarriedLoss): Finding {
  const subject = { place: device.place(keyThatDrops(device, loss)), device: device.id, hub };
  return finding('plan/carried-certificate', { id: device.id, ...loss }, subject);
}

/** The key of the manifest whose value drops the certificate. */
function keyThatDrops(device: Device, { slot }: CarriedLoss): string {
  const kind = device.thumbprints.primary === undefined ? 'certificates' : 'thumbprints';
  // A manifest that names only the primary certificate fills both slots with it.
  return device[kind][slot] === undefined ? `${kind}.primary` : `${kind}.${slot}`;
}

/** Plans a device that another repository owns. Nothing is written: it is as the manifest says, or the plan is refused. */
function planForeign(
  hub: HubHost,
  { device }: Identity,
  why: { readonly found: RegisteredDevice; readonly reasons: readonly Reason[] },
  base: Omit<Extract<Change, { kind: 'unchanged' }>, 'kind' | 'found'>,
  ours: Owner | undefined,
): Judged<Change> {
  const { id } = device;
  const { found } = why;
  const subject = { place: device.place('id'), device: id, hub };
  const owner = otherOwner(found, ours);
  const reasons = [...why.reasons, ...(found.twin === undefined ? [] : namedDifferences(device.tags, found.twin))];
  if (reasons.length === 0) {
    return { value: { ...base, kind: 'unchanged', found }, findings: [finding('plan/shared', { id, owner }, subject)] };
  }
  const refused = finding('plan/foreign', { id, owner }, subject);
  return { value: { ...base, kind: 'conflict', ...why, reasons }, findings: [refused] };
}

function judge(
  hub: HubHost,
  identity: Identity,
  found: RegisteredDevice,
  {
    adopt,
    mayLockOut,
    before,
  }: { readonly adopt: Adopt; readonly mayLockOut: boolean; readonly before: Identity | undefined },
): readonly Finding[] {
  const { device } = identity;
  const { id } = device;
  const thumbprintKey = device.thumbprints.primary === undefined ? 'certificates.primary' : 'thumbprints.primary';
  const findings: Finding[] = [];
  const foreign = foreignness(found);
  if (foreign !== undefined && adopt !== true) {
    findings.push(finding('plan/foreign', { id, ...foreign }, { place: device.place('id'), device: id, hub }));
  }
  const why = lockout(identity, found, before);
  if (why !== undefined && !mayLockOut) {
    findings.push(finding('plan/lockout', { id, why }, { place: device.place(thumbprintKey), device: id, hub }));
  }
  if (device.status === 'enabled' && found.status === 'disabled' && !isRemoved(found)) {
    const reason = found.statusReason ?? '';
    findings.push(finding('plan/re-enable', { id, reason }, { place: device.place('status'), device: id, hub }));
  }
  return findings;
}
