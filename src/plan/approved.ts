import type { Finding, Subject } from '../model/finding.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Change } from '../model/plan.ts';
import { describeReason } from '../model/reasons.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import { finding } from '../rules/rules.ts';
import { type PlanDocument, type PlannedChange, type PlannedField, planDocument, plannedField } from './document.ts';
import { fieldOf } from './new-fields.ts';

/**
 * plan/differs-from-approved, once for each device: what is planned now is not what was approved. Hubs that are not in this run are
 * not compared. A field that was approved and is in effect by now is no difference, since nothing is written for it: so a run that
 * was stopped in the middle can be run again.
 * @param removes whether this run removes devices
 */
export function unapproved(
  hubs: readonly HubHost[],
  changes: readonly Change[],
  approved: PlanDocument,
  removes = false,
): readonly Finding[] {
  const approvedOf = new Map(approved.hubs.map(({ hub, changes: planned }) => [hub, byDevice(planned)]));
  return planDocument(hubs, changes).hubs.flatMap(({ hub, changes: planned }) => {
    const ofHub = new Map(changes.filter((change) => change.hub === hub).map((change) => [String(change.id), change]));
    const was = approvedOf.get(hub) ?? new Map<string, PlannedChange>();
    const now = byDevice(planned);
    return [...new Set([...now.keys(), ...was.keys()])].flatMap((device) => {
      const change = ofHub.get(device);
      const before = was.get(device);
      // Of a removal that is not planned any more nothing is left to do: the device is gone, disabled, or somebody else's.
      if (removes && before !== undefined && isRemoval(before) && change === undefined) return [];
      const what = difference(before, now.get(device), change);
      if (what === undefined) return [];
      const place = change !== undefined && 'identity' in change ? change.identity.device.place('id') : undefined;
      const subject: Subject = { place, device, hub };
      return [finding('plan/differs-from-approved', { id: device, what }, subject)];
    });
  });
}

function byDevice(changes: readonly PlannedChange[]): ReadonlyMap<string, PlannedChange> {
  return new Map(changes.map((change) => [change.device, change]));
}

function difference(
  was: PlannedChange | undefined,
  now: PlannedChange | undefined,
  change: Change | undefined,
): string | undefined {
  if (was === undefined) return now && `the approved plan does not change it, it would now be ${told(now)}`;
  if (change === undefined) return `the approved plan has it ${told(was)}, and no manifest of this run declares it`;
  const found = 'found' in change ? change.found : undefined;
  const left = new Map(was.fields.map((field) => [field.field, field]));
  const differs: string[] = [];
  for (const field of now?.fields ?? []) {
    const approved = left.get(field.field);
    left.delete(field.field);
    if (approved === undefined) differs.push(`${describeReason(field)} was not approved`);
    else if (approved.before !== field.before || approved.after !== field.after) {
      differs.push(`${describeReason(approved)} was approved, it would now be ${describeReason(field)}`);
    }
  }
  for (const approved of left.values()) {
    if (!isInEffect(approved, found)) differs.push(`${describeReason(approved)} was approved, and is not planned now`);
  }
  // A device that was made in between, and needs but a part of what was approved, is the same device.
  if (now !== undefined && now.kind !== was.kind && (isRemoval(now) || isRemoval(was))) {
    return `the approved plan has it ${told(was)}, it would now be ${told(now)}`;
  }
  const remade = now?.kind === 'create' && was.kind === 'update';
  if (remade) differs.unshift('it was to be updated, it would now be created');
  return differs.length === 0 ? undefined : differs.join('; ');
}

function isRemoval({ kind }: PlannedChange): boolean {
  return kind === 'disable' || kind === 'delete';
}

function told({ kind, fields }: PlannedChange): string {
  if (kind === 'create') return 'created';
  if (kind === 'delete') return 'deleted';
  return `${kind === 'disable' ? 'disabled' : 'updated'} (${fields.map(describeReason).join(', ')})`;
}

function isInEffect(approved: PlannedField, found: RegisteredDevice | undefined): boolean {
  const value = found && fieldOf(approved.field, found);
  if (value === undefined) return false;
  return plannedField({ field: approved.field, before: null, after: value }).after === approved.after;
}
