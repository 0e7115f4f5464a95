import type { Finding, Judged } from '../model/finding.ts';
import type { DeviceId, HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Change, Past, WantedParent } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import type { CarriedLoss, MissedStaging } from '../rules/plan.ts';
import { finding } from '../rules/rules.ts';
import { carrying, missedStaging } from './carried.ts';
import { carriedFindings } from './carried-findings.ts';
import { differences, foreignness, lockout, newRegistration, nextRegistration } from './compare.ts';
import { type ChangeLimit, limitChanges } from './limit.ts';
import { wantedParent } from './parents.ts';
import { orphans, type Prune, planRemovals } from './removal.ts';
import { rotationOf } from './rotation.ts';
import { isRemoved } from './status.ts';
import { tagChange } from './tags.ts';

/** Options that only the workflow can set, never the manifest. */
export interface PlanOptions {
  readonly adopt: boolean;
  /** Whether devices may be cut off: all of them, or only those named. */
  readonly allowLockout: boolean | ReadonlySet<DeviceId>;
  readonly maxChanges: ChangeLimit;
  /** `none` if absent. */
  readonly prune?: Prune;
}

const noPast: Past = { before: new Map(), committed: () => undefined };

/**
 * Compares the wanted devices with the devices found in one hub. Returns one change for each device in the order of the fleet,
 * then the removals. Pure.
 * Findings: plan/carried-certificate, plan/foreign, plan/inactive-device, plan/lockout, plan/parent-removed, plan/re-enable,
 * plan/too-many-changes.
 * @param gone devices of the hub that were declared before and no longer are
 */
export function plan(
  hub: HubHost,
  identities: readonly Identity[],
  found: ReadonlyMap<DeviceId, RegisteredDevice>,
  options: PlanOptions,
  gone: Iterable<RegisteredDevice> = [],
  past: Past = noPast,
): Judged<readonly Change[]> {
  const planned = identities.map((identity) => {
    return planDevice(hub, identity, found.get(identity.device.id), options, wantedParent(identity, found), past);
  });
  const removals = planRemovals(hub, gone, options.prune);
  const changes = [...planned.map(({ value }) => value), ...removals];
  const staying = identities.flatMap((identity) => {
    const device = found.get(identity.device.id);
    return device === undefined ? [] : [[identity, device] as const];
  });
  const losses = planned.flatMap(({ loss }, index) => {
    const identity = identities[index];
    return loss === undefined || identity === undefined ? [] : [{ identity, loss }];
  });
  const ofDevices = [...planned.flatMap((p) => p.findings), ...carriedFindings(hub, losses)];
  const findings = [...ofDevices, ...orphans(hub, removals, staying)];
  return { value: changes, findings: [...findings, ...limitChanges(hub, changes, options.maxChanges)] };
}

/** Plans the change of one device. `loss`: the change would cut it off, which is told for all such devices together. */
export function planDevice(
  hub: HubHost,
  identity: Identity,
  found: RegisteredDevice | undefined,
  { adopt, allowLockout }: Pick<PlanOptions, 'adopt' | 'allowLockout'>,
  parent?: WantedParent,
  past: Past = noPast,
): Planned {
  const id = identity.device.id;
  const base = { id, hub, identity, ...(parent === undefined ? {} : { parent }) };
  if (found === undefined) {
    return { value: { ...base, kind: 'create', registration: newRegistration(identity, parent) }, findings: [] };
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
  const mayLockOut = allowLockout === true || (allowLockout !== false && allowLockout.has(id));
  const missed = mayLockOut ? undefined : missedStaging(identity, found, past);
  const findings = [
    ...judge(hub, identity, found, { adopt, mayLockOut, before }),
    ...(missed === undefined ? [] : [inactive(hub, identity, missed)]),
  ];
  const loss = carried !== undefined && 'loss' in carried && !mayLockOut ? carried.loss : undefined;
  const stopped = findings.find((f) => f.severity === 'error');
  if (stopped !== undefined || loss !== undefined) {
    const kind = stopped?.rule === 'plan/foreign' ? 'conflict' : 'blocked';
    return { value: { ...base, kind, ...why }, findings, ...(loss === undefined ? {} : { loss }) };
  }
  const tags = found.twin && tagChange(identity.device.tags, found.twin);
  const registers = reasons.length > 0;
  if (!registers && tags === undefined) return { value: { ...base, kind: 'unchanged', found }, findings: [] };
  const registration = nextRegistration(identity, found, parent);
  const update = { ...base, kind: 'update', registration, registers, ...why } as const;
  if (tags === undefined) return { value: update, findings };
  return { value: { ...update, tags, reasons: [...reasons, ...tags.reasons] }, findings };
}

function inactive(hub: HubHost, { device }: Identity, missed: MissedStaging): Finding {
  const kind = device.thumbprints.primary === undefined ? 'certificates' : 'thumbprints';
  const subject = { place: device.place(`${kind}.${missed.slot}`), device: device.id, hub };
  return finding('plan/inactive-device', { id: device.id, ...missed }, subject);
}

interface Planned extends Judged<Change> {
  readonly loss?: CarriedLoss;
}

function judge(
  hub: HubHost,
  identity: Identity,
  found: RegisteredDevice,
  {
    adopt,
    mayLockOut,
    before,
  }: { readonly adopt: boolean; readonly mayLockOut: boolean; readonly before: Identity | undefined },
): readonly Finding[] {
  const { device } = identity;
  const { id } = device;
  const thumbprintKey = device.thumbprints.primary === undefined ? 'certificates.primary' : 'thumbprints.primary';
  const findings: Finding[] = [];
  const foreign = foreignness(found);
  if (foreign !== undefined && !adopt) {
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
