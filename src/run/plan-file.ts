import { type Fault, messageOf } from '../model/fault.ts';
import { classicName } from '../model/hub-name.ts';
import type { PlanDocument, PlannedChange, PlannedField, PlannedHub } from '../plan/document.ts';
import { runFault } from './faults.ts';
import { readNamed, writeNamed } from './named-file.ts';

/** In bytes. The plan of a fleet of 100,000 devices has about 60 MB. */
const largestPlanFile = 256 * 1024 * 1024;

const version = 1;

/**
 * Writes a plan. Throws a `Fault` if the file cannot be written, a usage `Fault` if it may not be.
 * @param workspace the root of the workspace, absolute
 */
export function writePlanFile(path: string, document: PlanDocument, workspace: string): void {
  let refusal: string | undefined;
  try {
    refusal = writeNamed(path, workspace, `${JSON.stringify(document, null, 1)}\n`);
  } catch (thrown) {
    throw runFault('plan-not-written', { path, why: messageOf(thrown) }, { cause: thrown });
  }
  if (refusal !== undefined) throw runFault('plan-refused', { path, why: refusal });
}

/**
 * Reads an approved plan. Throws a usage `Fault` if the file cannot be read or holds no plan. The fault quotes nothing of
 * the file, which may be any file of the machine.
 * @param workspace the root of the workspace, absolute
 */
export function readPlanFile(path: string, workspace: string): PlanDocument {
  const read = readNamed(path, workspace, largestPlanFile);
  if (!read.ok) throw runFault('plan-unreadable', { path, why: read.detail });
  const value = parsed(path, read.bytes.toString('utf8'));
  if (!isRecord(value)) throw runFault('plan-not-an-object', { path });
  if (value.version !== version) throw runFault('plan-version', { path, ...numberIn(value), expected: version });
  if (!isPlanDocument(value)) throw malformed(path, value);
  return { version, hubs: eachOnce(value.hubs) };
}

/** Earlier versions took the names of a hub for hubs of their own. */
function eachOnce(hubs: readonly PlannedHub[]): readonly PlannedHub[] {
  const changes = new Map<string, readonly PlannedChange[]>();
  for (const planned of hubs) {
    const hub = classicName(planned.hub);
    changes.set(hub, [...(changes.get(hub) ?? []), ...planned.changes]);
  }
  return [...changes].map(([hub, ofHub]) => ({ hub, changes: ofHub }));
}

function numberIn({ version: found }: Readonly<Record<string, unknown>>): { readonly version?: number } {
  return typeof found === 'number' ? { version: found } : {};
}

/** The message of `JSON.parse` quotes the text, so it is not told. */
function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw runFault('plan-not-json', { path });
  }
}

/** Says where a document breaks schemas/plan.schema.json. */
function malformed(path: string, { hubs }: Readonly<Record<string, unknown>>): Fault {
  if (!Array.isArray(hubs)) return runFault('plan-hubs-not-a-list', { path });
  return runFault('plan-hub-malformed', { path, index: hubs.findIndex((hub) => !isHub(hub)) });
}

function isPlanDocument(value: unknown): value is PlanDocument {
  return isRecord(value) && value.version === version && Array.isArray(value.hubs) && value.hubs.every(isHub);
}

function isHub(value: unknown): value is PlannedHub {
  return (
    isRecord(value) && typeof value.hub === 'string' && Array.isArray(value.changes) && value.changes.every(isChange)
  );
}

function isChange(value: unknown): value is PlannedChange {
  if (!isRecord(value) || typeof value.device !== 'string' || !Array.isArray(value.fields)) return false;
  return kinds.some((kind) => kind === value.kind) && value.fields.every(isField);
}

const kinds: readonly PlannedChange['kind'][] = ['create', 'update', 'disable', 'delete'];

function isField(value: unknown): value is PlannedField {
  return isRecord(value) && typeof value.field === 'string' && isValue(value.before) && isValue(value.after);
}

function isValue(value: unknown): boolean {
  return value === null || typeof value === 'string';
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
