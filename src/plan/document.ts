import type { HubHost } from '../model/fleet.ts';
import type { Change } from '../model/plan.ts';
import { scrubbed } from '../model/secrets.ts';
import { newFields } from './new-fields.ts';

/** A plan as a file that people approve; its shape is schemas/plan.schema.json. It says what would change, and instructs nobody. */
export interface PlanDocument {
  readonly version: 1;
  /** Every hub that was planned, also one on which nothing changes. */
  readonly hubs: readonly PlannedHub[];
}

export interface PlannedHub {
  readonly hub: string;
  /** Devices that stay as they are have none. */
  readonly changes: readonly PlannedChange[];
}

export interface PlannedChange {
  readonly device: string;
  readonly kind: 'create' | 'update' | 'disable' | 'delete';
  /** What a person should know about its certificates. */
  readonly rotation?: string;
  readonly fields: readonly PlannedField[];
}

/** Null: the field is not there, or shall not be. */
export interface PlannedField {
  readonly field: string;
  readonly before: string | null;
  readonly after: string | null;
}

/** The plan of some hubs as a document. Etags are no part of it: what else changes on a device is nobody's concern. */
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
  if (change.kind !== 'update') return undefined;
  const { rotation, reasons } = change;
  const certificates = rotation === undefined ? {} : { rotation };
  return { device, kind: 'update', ...certificates, fields: reasons.map(plannedField) };
}

export function plannedField({ field, before, after }: PlannedField): PlannedField {
  return { field, before: plannedValue(field, before), after: plannedValue(field, after) };
}

/** Thumbprints in one case: the hub keeps the one it was given. A secret that somebody pasted into a text goes no further. */
function plannedValue(field: string, value: string | null): string | null {
  if (value === null || value === '') return null;
  return field.endsWith('Thumbprint') ? value.toUpperCase() : scrubbed(value);
}
