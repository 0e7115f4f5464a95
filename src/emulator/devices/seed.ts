import { messageOf } from '../../model/fault.ts';
import { emulatorFault, type SeedPlace } from '../faults.ts';
import { initialTwin, namesTwin, wantedTwin } from '../twins/twin-state.ts';
import { Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { targetOf } from './bulk.ts';
import { wantedIdentity } from './identity.ts';
import { isRuntimeModule, wantedModule } from './module.ts';
import { amendModule, createModule } from './modules.ts';
import type { IdentityRegistry } from './registry.ts';

/**
 * The devices and modules that a hub begins with: the entries of a bulk, or of an export's devices.txt, or the answer
 * to `GET /devices`. Messages use `name` to say where they come from.
 */
export interface Seed {
  readonly name: string;
  readonly entries: readonly JsonObject[];
}

/** Reads a JSON array, or one JSON object a line. Throws `Fault` with the line that is neither. */
export function readSeed(text: string, name: string): Seed {
  const source = text.replace(/^\uFEFF/, '');
  if (source.trimStart().startsWith('[')) return { name, entries: list(parsed(source, { name }), name) };
  const lines = source.split('\n').map((line, at) => ({ line: line.trim(), place: { name, line: at + 1 } }));
  const entries = lines.filter(({ line }) => line !== '').map(({ line, place }) => object(parsed(line, place), place));
  return { name, entries };
}

/**
 * Creates everything in an empty hub. Parents and children may come in any order. Edge devices keep the scopes of the
 * seed. At the first entry that the hub refuses it throws `Fault` and leaves the hub empty.
 */
export function plantSeed(registry: IdentityRegistry, { name, entries }: Seed): void {
  const placed = entries.map((entry, at) => {
    const target = targetOf({ id: property(entry, 'deviceId'), ...entry });
    return { ...target, entry, place: { name, entry: at + 1, id: target.deviceId } };
  });
  try {
    for (const { deviceId, moduleId, entry, place } of placed) {
      if (moduleId === undefined) orFault(place, () => plantDevice(registry, deviceId, entry, place));
    }
    for (const { deviceId, moduleId, entry, place } of placed) {
      if (moduleId !== undefined) orFault(place, () => plantModule(registry, deviceId, moduleId, entry));
      else requirePlantedParent(registry, deviceId, place);
    }
  } catch (error) {
    registry.clear();
    throw error;
  }
}

function plantDevice(registry: IdentityRegistry, deviceId: string, entry: JsonObject, at: SeedPlace): void {
  const mode = property(entry, 'importMode');
  if (typeof mode === 'string' && /^delete/i.test(mode)) throw emulatorFault('seed-import-mode', { at, mode });
  const wanted = wantedTwin(entry);
  const twin = namesTwin(wanted) ? initialTwin(wanted, timeOf(registry)) : undefined;
  registry.restore(wantedIdentity(deviceId, entry));
  if (twin !== undefined) registry.amend(deviceId, { twin });
}

function plantModule(registry: IdentityRegistry, deviceId: string, moduleId: string, entry: JsonObject): void {
  const wanted = wantedTwin(entry);
  const twin = namesTwin(wanted) ? initialTwin(wanted, timeOf(registry)) : undefined;
  // An export also lists the runtime's modules, which exist already.
  if (!isRuntimeModule(registry.get(deviceId), moduleId))
    createModule(registry, deviceId, wantedModule(moduleId, entry), twin);
  else if (twin !== undefined) amendModule(registry, deviceId, moduleId, twin);
}

function requirePlantedParent(registry: IdentityRegistry, deviceId: string, at: SeedPlace): void {
  const parent = registry.get(deviceId).parentScopes?.[0];
  if (parent === undefined || registry.hasScope(parent)) return;
  throw emulatorFault('seed-parent-absent', { at, scope: parent });
}

function timeOf(registry: IdentityRegistry): string {
  return new Date(registry.clock()).toISOString();
}

function orFault(at: SeedPlace, act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    throw emulatorFault('seed-refused', { at, why: error.message }, { cause: error });
  }
}

function parsed(text: string, at: SeedPlace): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw emulatorFault('seed-not-json', { at, why: messageOf(error) }, { cause: error });
  }
}

function list(value: unknown, name: string): readonly JsonObject[] {
  if (!Array.isArray(value)) throw emulatorFault('seed-not-array', { name });
  return value.map((entry: unknown, at) => object(entry, { name, entry: at + 1 }));
}

function object(value: unknown, at: SeedPlace): JsonObject {
  if (isJsonObject(value)) return value;
  throw emulatorFault('seed-not-object', { at });
}
