import { Refused } from '../wire/errors.ts';
import { type JsonObject, property } from '../wire/json.ts';
import { type Authentication, authenticationDocument, wantedAuthentication } from './authentication.ts';
import { etagOf, type Identity, type Module, never, wantedIdentifier, wantedText } from './identity.ts';

/** What a client wants a module to be. Without `authentication`, or with `sas` and no keys, the hub makes new keys. */
export interface WantedModule {
  readonly moduleId: string;
  readonly managedBy: string | null;
  readonly authentication: Authentication | undefined;
}

/** The modules that every edge device has. Nobody can create or delete them. */
const runtime = ['$edgeAgent', '$edgeHub'] as const;

export function isRuntimeModule(device: Identity, moduleId: string): boolean {
  return device.edge && runtime.some((name) => name === moduleId);
}

/**
 * The modules of a device, the runtime's first. Of the runtime's modules the hub stores only what somebody has changed.
 */
export function modulesOf(device: Identity): readonly Module[] {
  const kept = device.modules ?? [];
  if (!device.edge) return kept;
  const own = runtime.map(
    (name, at) => kept.find(({ moduleId }) => moduleId === name) ?? runtimeModule(device, name, at),
  );
  return [...own, ...kept.filter(({ moduleId }) => !isRuntimeModule(device, moduleId))];
}

/** A module of the runtime as a new device has it: without keys, which the runtime asks for when it first starts. */
function runtimeModule(device: Identity, moduleId: string, at: number): Module {
  return {
    moduleId,
    generationId: device.generationId,
    version: Number(BigInt(device.generationId) % 1_000_000_000n) + at,
    managedBy: 'IotEdge',
    authentication: { type: 'none', primary: null, secondary: null },
  };
}

/** Reads the body of a PUT, or an entry of a bulk. Throws `Refused` if the service would answer 400. */
export function wantedModule(id: unknown, body: JsonObject): WantedModule {
  return {
    moduleId: wantedIdentifier(id, 'module'),
    managedBy: wantedText(body, 'managedBy', 128) ?? null,
    authentication: moduleAuthentication(property(body, 'authentication')),
  };
}

/** Of the type `none` the service makes `sas`, with new keys (reported from a live hub). */
function moduleAuthentication(value: unknown): Authentication | undefined {
  const wanted = wantedAuthentication(value);
  return wanted?.type === 'none' ? undefined : wanted;
}

/** The module of this name. Throws `Refused` ModuleNotFound. */
export function moduleOf(device: Identity, moduleId: string): Module {
  const found = modulesOf(device).find((module) => module.moduleId === moduleId);
  if (found === undefined) throw new Refused('ModuleNotFound', `${device.deviceId}/${moduleId}`);
  return found;
}

/** The JSON form of an identity. */
export function moduleDocument(deviceId: string, module: Module): object {
  return documentWith(deviceId, module, never);
}

/** The answer to a creation. Its times have no Z, as with devices (recorded). */
export function createdModuleDocument(deviceId: string, module: Module): object {
  return documentWith(deviceId, module, never.slice(0, -1));
}

function documentWith(deviceId: string, module: Module, time: string): object {
  return {
    moduleId: module.moduleId,
    managedBy: module.managedBy,
    deviceId,
    generationId: module.generationId,
    etag: etagOf(module),
    connectionState: 'Disconnected',
    connectionStateUpdatedTime: time,
    lastActivityTime: time,
    cloudToDeviceMessageCount: 0,
    authentication: authenticationDocument(module.authentication),
  };
}
