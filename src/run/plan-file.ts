import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Fault, messageOf } from '../model/fault.ts';
import type { PlanDocument, PlannedChange, PlannedField, PlannedHub } from '../plan/document.ts';

/** Fleets of 100,000 devices take some 60 MB. */
const largestPlanFile = 256 * 1024 * 1024;

/** Writes a plan. Throws a `Fault` where the place cannot be written. */
export async function writePlanFile(path: string, document: PlanDocument): Promise<void> {
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `${JSON.stringify(document, null, 1)}\n`);
  } catch (thrown) {
    const remedy = 'Give plan-file the path of a file that can be written.';
    throw new Fault(`the plan cannot be written to ${path}: ${messageOf(thrown)}`, remedy, { cause: thrown });
  }
}

/** Reads an approved plan. Throws a usage `Fault` where it is none. */
export function readPlanFile(path: string): PlanDocument {
  const value = parsed(path, textIn(path));
  if (!isRecord(value)) throw unusable(path, 'is no plan: expected a JSON object');
  if (value.version !== 1) {
    throw unusable(path, `has the version ${JSON.stringify(value.version) ?? 'none'}, expected 1`);
  }
  if (!isPlanDocument(value)) throw unusable(path, `is no plan: ${problemOf(value)}`);
  return value;
}

function textIn(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const status = fstatSync(file);
    if (!status.isFile()) throw new Error('it is no file');
    if (status.size > largestPlanFile)
      throw new Error(`it has ${status.size} bytes, expected at most ${largestPlanFile}`);
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    throw unusable(path, `cannot be read: ${messageOf(thrown)}`, thrown);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (thrown) {
    throw unusable(path, `is no JSON: ${messageOf(thrown)}`, thrown);
  }
}

function unusable(path: string, what: string, cause?: unknown): Fault {
  const remedy =
    'Give plan-file the file that the command plan of this version has written; or leave it out to apply without approval.';
  return new Fault(`the plan file ${path} ${what}`, remedy, { kind: 'usage', cause });
}

/** Where a document is not as schemas/plan.schema.json has it. */
function problemOf({ hubs }: Readonly<Record<string, unknown>>): string {
  if (!Array.isArray(hubs)) return 'hubs is no list';
  return `hubs[${hubs.findIndex((hub) => !isHub(hub))}] is no hub with its changes`;
}

function isPlanDocument(value: unknown): value is PlanDocument {
  return isRecord(value) && value.version === 1 && Array.isArray(value.hubs) && value.hubs.every(isHub);
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
