import { Fault, messageOf } from '../../model/fault.ts';
import { initialTwin, namesTwin, wantedTwin } from '../twins/twin-state.ts';
import { Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { targetOf } from './bulk.ts';
import { wantedIdentity } from './identity.ts';
import { isRuntimeModule, wantedModule } from './module.ts';
import { amendModule, createModule } from './modules.ts';
import type { IdentityRegistry } from './registry.ts';

/**
 * Devices and modules that a hub begins with: the entries of a bulk, or of an export's devices.txt, or what `GET /devices` answered.
 * `name` says in messages where they come from.
 */
export interface Seed {
  readonly name: string;
  readonly entries: readonly JsonObject[];
}

const remedy = 'Give a JSON array of devices, or one JSON object a line as in an export (devices.txt).';

/** Reads a JSON array, or one JSON object a line. Throws `Fault` with the line that is neither. */
export function readSeed(text: string, name: string): Seed {
  const source = text.replace(/^\uFEFF/, '');
  if (source.trimStart().startsWith('[')) return { name, entries: list(parsed(source, name), name) };
  const lines = source.split('\n').map((line, at) => ({ line: line.trim(), place: `${name}, line ${at + 1}` }));
  const entries = lines.filter(({ line }) => line !== '').map(({ line, place }) => object(parsed(line, place), place));
  return { name, entries };
}

/**
 * Creates it all in an empty hub, whatever the order of parents and children; edge devices keep the scopes that they have in it.
 * Throws `Fault` for the first entry that the hub refuses, and leaves the hub empty.
 */
export function plantSeed(registry: IdentityRegistry, { name, entries }: Seed): void {
  const placed = entries.map((entry, at) => {
    const target = targetOf({ id: property(entry, 'deviceId'), ...entry });
    return { ...target, entry, place: `${name}, entry ${at + 1} (${target.deviceId || 'without an id'})` };
  });
  try {
    for (const { deviceId, moduleId, entry, place } of placed) {
      if (moduleId === undefined) orFault(place, () => plantDevice(registry, deviceId, entry));
    }
    for (const { deviceId, moduleId, entry, place } of placed) {
      if (moduleId !== undefined) orFault(place, () => plantModule(registry, deviceId, moduleId, entry));
      else orFault(place, () => requirePlantedParent(registry, deviceId));
    }
  } catch (error) {
    registry.clear();
    throw error;
  }
}

function plantDevice(registry: IdentityRegistry, deviceId: string, entry: JsonObject): void {
  const mode = property(entry, 'importMode');
  if (typeof mode === 'string' && /^delete/i.test(mode)) {
    throw new Refused('ArgumentInvalid', `the importMode ${mode} has no place in a seed`);
  }
  const wanted = wantedTwin(entry);
  const twin = namesTwin(wanted) ? initialTwin(wanted, timeOf(registry)) : undefined;
  registry.restore(wantedIdentity(deviceId, entry));
  if (twin !== undefined) registry.amend(deviceId, { twin });
}

function plantModule(registry: IdentityRegistry, deviceId: string, moduleId: string, entry: JsonObject): void {
  const wanted = wantedTwin(entry);
  const twin = namesTwin(wanted) ? initialTwin(wanted, timeOf(registry)) : undefined;
  // An export names those of the runtime, which are there already.
  if (!isRuntimeModule(registry.get(deviceId), moduleId))
    createModule(registry, deviceId, wantedModule(moduleId, entry), twin);
  else if (twin !== undefined) amendModule(registry, deviceId, moduleId, twin);
}

function requirePlantedParent(registry: IdentityRegistry, deviceId: string): void {
  const parent = registry.get(deviceId).parentScopes?.[0];
  if (parent === undefined || registry.hasScope(parent)) return;
  throw new Refused('ArgumentInvalid', `its parent's scope '${parent}' is not that of an edge device of this file`);
}

function timeOf(registry: IdentityRegistry): string {
  return new Date(registry.clock()).toISOString();
}

function orFault(place: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw new Fault(`${place}: ${error.message}`, 'Correct this entry, or leave it out.', { cause: error });
  }
}

function parsed(text: string, place: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Fault(`${place} is not JSON: ${messageOf(error)}.`, remedy, { cause: error });
  }
}

function list(value: unknown, name: string): readonly JsonObject[] {
  if (!Array.isArray(value)) throw new Fault(`${name} is not an array of devices.`, remedy);
  return value.map((entry: unknown, at) => object(entry, `${name}, entry ${at + 1}`));
}

function object(value: unknown, place: string): JsonObject {
  if (isJsonObject(value)) return value;
  throw new Fault(`${place} is not a JSON object.`, remedy);
}
