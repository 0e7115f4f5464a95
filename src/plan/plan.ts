import type { Finding, Judged } from '../model/finding.ts';
import type { DeviceId, HubHost } from '../model/fleet.ts';
import type { Identity } from '../model/identity.ts';
import type { Change } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import { finding } from '../rules/rules.ts';
import { differences, foreignness, lockout, newRegistration, nextRegistration } from './compare.ts';
import { type ChangeLimit, limitChanges } from './limit.ts';

/** What the workflow, and only the workflow, may allow. */
export interface PlanOptions {
  readonly adopt: boolean;
  readonly allowLockout: boolean;
  readonly maxChanges: ChangeLimit;
}

/**
 * Wanted × found of one hub → what has to happen, one change a device in the order of the fleet. Pure.
 * Findings: plan/foreign, plan/lockout, plan/re-enable, plan/too-many-changes.
 */
export function plan(
  hub: HubHost,
  identities: readonly Identity[],
  found: ReadonlyMap<DeviceId, RegisteredDevice>,
  options: PlanOptions,
): Judged<readonly Change[]> {
  const planned = identities.map((identity) => planDevice(hub, identity, found.get(identity.device.id), options));
  const changes = planned.map(({ value }) => value);
  const findings = planned.flatMap((p) => p.findings);
  return { value: changes, findings: [...findings, ...limitChanges(hub, changes, options.maxChanges)] };
}

/** The change that one device needs. */
export function planDevice(
  hub: HubHost,
  identity: Identity,
  found: RegisteredDevice | undefined,
  { adopt, allowLockout }: Pick<PlanOptions, 'adopt' | 'allowLockout'>,
): Judged<Change> {
  const id = identity.device.id;
  const base = { id, hub, identity };
  if (found === undefined) {
    return { value: { ...base, kind: 'create', registration: newRegistration(identity) }, findings: [] };
  }
  const reasons = differences(identity, found);
  const findings = judge(hub, identity, found, { adopt, allowLockout });
  const stopped = findings.find((f) => f.severity === 'error');
  if (stopped !== undefined) {
    const kind = stopped.rule === 'plan/foreign' ? 'conflict' : 'blocked';
    return { value: { ...base, kind, found, reasons }, findings };
  }
  if (reasons.length === 0) return { value: { ...base, kind: 'unchanged', found }, findings: [] };
  const registration = nextRegistration(identity, found);
  return { value: { ...base, kind: 'update', registration, found, reasons }, findings };
}

function judge(
  hub: HubHost,
  identity: Identity,
  found: RegisteredDevice,
  { adopt, allowLockout }: Pick<PlanOptions, 'adopt' | 'allowLockout'>,
): readonly Finding[] {
  const { device } = identity;
  const { id } = device;
  const thumbprintKey = device.thumbprints.primary === undefined ? 'certificates.primary' : 'thumbprints.primary';
  const findings: Finding[] = [];
  const what = foreignness(found);
  if (what !== undefined && !adopt) {
    findings.push(finding('plan/foreign', { id, what }, { place: device.place('id'), device: id, hub }));
  }
  const why = lockout(identity, found);
  if (why !== undefined && !allowLockout) {
    findings.push(finding('plan/lockout', { id, why }, { place: device.place(thumbprintKey), device: id, hub }));
  }
  if (device.status === 'enabled' && found.status === 'disabled') {
    const reason = found.statusReason ?? '';
    findings.push(finding('plan/re-enable', { id, reason }, { place: device.place('status'), device: id, hub }));
  }
  return findings;
}
