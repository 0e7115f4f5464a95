import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault, messageOf } from '../model/fault.ts';
import type { PlanDocument, PlannedChange, PlannedField, PlannedHub } from '../plan/document.ts';
import { runFault } from './faults.ts';

/** In bytes. The plan of a fleet of 100,000 devices has about 60 MB. */
const largestPlanFile = 256 * 1024 * 1024;

const version = 1;

/** Writes a plan. Throws a `Fault` if the file cannot be written. */
export async function writePlanFile(path: string, document: PlanDocument): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(document, null, 1)}\n`);
  } catch (thrown) {
    throw runFault('plan-not-written', { path, why: messageOf(thrown) }, { cause: thrown });
  }
}

/** Reads an approved plan. Throws a usage `Fault` if the file cannot be read or holds no plan. */
export function readPlanFile(path: string): PlanDocument {
  const value = parsed(path, textIn(path));
  if (!isRecord(value)) throw runFault('plan-not-an-object', { path });
  if (value.version !== version) throw runFault('plan-version', { path, version: value.version, expected: version });
  if (!isPlanDocument(value)) throw malformed(path, value);
  return value;
}

function textIn(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const status = fstatSync(file);
    if (!status.isFile()) throw runFault('plan-not-a-file', { path });
    if (status.size > largestPlanFile) {
      throw runFault('plan-too-large', { path, size: status.size, most: largestPlanFile });
    }
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown;
    throw runFault('plan-unreadable', { path, why: messageOf(thrown) }, { cause: thrown });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw runFault('plan-not-json', { path, why: messageOf(thrown) }, { cause: thrown });
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
