import type { Finding, Subject } from '../model/finding.ts';
import type { HubHost } from '../model/fleet.ts';
import type { Change } from '../model/plan.ts';
import type { RegisteredDevice } from '../model/registration.ts';
import type { Difference } from '../rules/plan.ts';
import { finding } from '../rules/rules.ts';
import { type PlanDocument, type PlannedChange, type PlannedField, planDocument, plannedField } from './document.ts';
import { fieldOf } from './new-fields.ts';

/**
 * Compares the current plan with the approved one: one plan/differs-from-approved finding for each device that differs. Hubs that
 * are not in this run are not compared. An approved field that is in effect already does not differ, since nothing is written for
 * it. So a run that was stopped in the middle can be run again.
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
      // An approved removal that is no longer planned needs nothing: the device is deleted, disabled, or foreign.
      if (removes && before !== undefined && isRemoval(before) && change === undefined) return [];
      const differences = differencesOf(before, now.get(device), change);
      if (differences.length === 0) return [];
      const place = change !== undefined && 'identity' in change ? change.identity.device.place('id') : undefined;
      const subject: Subject = { place, device, hub };
      return [finding('plan/differs-from-approved', { id: device, differences }, subject)];
    });
  });
}

function byDevice(changes: readonly PlannedChange[]): ReadonlyMap<string, PlannedChange> {
  return new Map(changes.map((change) => [change.device, change]));
}

function differencesOf(
  was: PlannedChange | undefined,
  now: PlannedChange | undefined,
  change: Change | undefined,
): readonly Difference[] {
  if (was === undefined) return now === undefined ? [] : [{ kind: 'new-device', now }];
  if (change === undefined) return [{ kind: 'undeclared-device', was }];
  if (now !== undefined && now.kind !== was.kind && (isRemoval(now) || isRemoval(was))) {
    return [{ kind: 'other-change', was, now }];
  }
  // A device that was created in the meantime and needs only a part of the approved fields does not differ.
  const again: readonly Difference[] =
    now?.kind === 'create' && was.kind === 'update' ? [{ kind: 'created-again' }] : [];
  return [...again, ...fieldDifferences(was, now, change)];
}

function* fieldDifferences(was: PlannedChange, now: PlannedChange | undefined, change: Change): Generator<Difference> {
  const found = 'found' in change ? change.found : undefined;
  const left = new Map(was.fields.map((field) => [field.field, field]));
  for (const field of now?.fields ?? []) {
    const approved = left.get(field.field);
    left.delete(field.field);
    if (approved === undefined) yield { kind: 'new-field', now: field };
    else if (approved.before !== field.before || approved.after !== field.after) {
      yield { kind: 'other-value', was: approved, now: field };
    }
  }
  for (const approved of left.values()) {
    if (!isInEffect(approved, found)) yield { kind: 'missing-field', was: approved };
  }
}

function isRemoval({ kind }: PlannedChange): boolean {
  return kind === 'disable' || kind === 'delete';
}

function isInEffect(approved: PlannedField, found: RegisteredDevice | undefined): boolean {
  const value = found && fieldOf(approved.field, found);
  if (value === undefined) return false;
  return plannedField({ field: approved.field, before: null, after: value }).after === approved.after;
}
