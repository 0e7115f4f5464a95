import type { HubHost } from '../model/fleet.ts';
import type { Change } from '../model/plan.ts';
import { scrubbed } from '../model/secrets.ts';
import { newFields } from './new-fields.ts';
import { claimReason } from './ownership.ts';

/** A plan as a file for approval; schemas/plan.schema.json has its shape. It describes the changes; no run executes it. */
export interface PlanDocument {
  readonly version: 1;
  /** Every planned hub, also without changes. */
  readonly hubs: readonly PlannedHub[];
}

export interface PlannedHub {
  readonly hub: string;
  /** Unchanged devices are not listed. */
  readonly changes: readonly PlannedChange[];
}

export interface PlannedChange {
  readonly device: string;
  readonly kind: 'create' | 'update' | 'claim' | 'disable' | 'delete';
  /** What the change does to the certificates, for people. */
  readonly rotation?: string;
  readonly fields: readonly PlannedField[];
}

/** A null value means that the field is absent. */
export interface PlannedField {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** Returns the plan of some hubs as a document. It has no etags, so that other changes of a device do not matter. */
export function planDocument(hubs: readonly HubHost[], changes: readonly Change[]): PlanDocument {
  const byHub = new Map<HubHost, PlannedChange[]>(hubs.map((hub) => [hub, []]));
  for (const change of changes) {
    const planned = plannedChange(change);
    if (planned !== undefined) byHub.get(change.hub)?.push(planned);
  }
  return { version: 1, hubs: [...byHub].map(([hub, planned]) => ({ hub, changes: planned })) };
}

function plannedChange(change: Change): PlannedChange | undefined {
  const device = change.id;
  if (change.kind === 'create') return { device, kind: 'create', fields: newFields(change).map(plannedField) };
  if (change.kind === 'disable' || change.kind === 'delete') {
    return { device, kind: change.kind, fields: change.reasons.map(plannedField) };
  }
  if (change.kind === 'claim') return { device, kind: 'claim', fields: change.reasons.map(plannedField) };
  if (change.kind !== 'update') return undefined;
  const { rotation, claim } = change;
  const reasons = claim === undefined ? change.reasons : [...change.reasons, claimReason(claim)];
  const certificates = rotation === undefined ? {} : { rotation };
  return { device, kind: 'update', ...certificates, fields: reasons.map(plannedField) };
}

export function plannedField({ field, before, after }: PlannedField): PlannedField {
  return { field, before: plannedValue(field, before), after: plannedValue(field, after) };
}

/** Writes thumbprints in upper case, since the hub keeps the case as given. Removes a secret that someone pasted into a text. */
function plannedValue(field: string, value: string | null): string | null {
  if (value === null || value === '') return null;
  return field.endsWith('Thumbprint') ? value.toUpperCase() : scrubbed(value);
}
