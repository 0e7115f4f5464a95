import { Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { requireSection } from './twin-limits.ts';

/**
 * What a twin holds beyond its identity; never changed, only replaced. It exists from the first touch on, so that a fleet whose twins
 * nobody uses costs nothing. Reported properties are a device's own to write, and no device connects to this hub.
 */
export interface TwinState {
  /** The counter behind the twin's etag: 1 for a new one, one more with every change of tags or desired properties. */
  readonly counter: number;
  readonly tags: JsonObject;
  /** Absent while nobody has touched them. */
  readonly desired?: Section;
}

/** Properties, without the hub's `$metadata` and `$version`. */
export interface Section {
  readonly values: JsonObject;
  readonly metadata: JsonObject;
  readonly version: number;
}

/** What a client asks of a twin. A section that is left out, or null, is not named. */
export interface WantedTwin {
  readonly tags: JsonObject | undefined;
  readonly desired: JsonObject | undefined;
}

/** A twin as it comes into being. */
const unused: TwinState = { counter: 1, tags: {} };

/** The etag, bare: the counter as eight bytes in base64. */
export function twinEtagOf(twin: TwinState | undefined): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt((twin ?? unused).counter));
  return bytes.toString('base64');
}

/**
 * Reads `tags` and `properties.desired` of a body; all the rest of a twin is the hub's or the device's, and clients send it along as
 * they have read it (recorded). Throws `Refused` where the service would answer 400.
 */
export function wantedTwin(body: JsonObject): WantedTwin {
  const properties = objectOrNothing(property(body, 'properties'), 'properties');
  const desired = properties === undefined ? undefined : property(properties, 'desired');
  const wanted = {
    tags: objectOrNothing(property(body, 'tags'), 'tags'),
    desired: withoutOwnNames(objectOrNothing(desired, 'properties.desired')),
  };
  // Before anything goes through them level by level: a client may nest them a million deep.
  if (wanted.tags !== undefined) requireSection(wanted.tags, 'tags');
  if (wanted.desired !== undefined) requireSection(wanted.desired, 'properties.desired');
  return wanted;
}

/** Whether it asks for anything. */
export function namesTwin(wanted: WantedTwin): boolean {
  return wanted.tags !== undefined || wanted.desired !== undefined;
}

/** The twin of a device that is created with it: it begins as any other does, with these values. `time`: what its metadata says. */
export function initialTwin(wanted: WantedTwin, time: string): TwinState {
  const desired = wanted.desired;
  return checked({
    counter: unused.counter,
    tags: mergedValues({}, wanted.tags ?? {}),
    ...(desired === undefined ? {} : { desired: merged(undefined, desired, { time, version: 1 }) }),
  });
}

/** PATCH: objects are merged name by name, null takes a name away. `now` in milliseconds. */
export function patchedTwin(current: TwinState | undefined, wanted: WantedTwin, now: number): TwinState {
  const { counter, tags, desired } = current ?? unused;
  return checked({
    counter: counter + 1,
    tags: wanted.tags === undefined ? tags : mergedValues(tags, wanted.tags),
    ...section(wanted.desired === undefined ? desired : merged(desired, wanted.desired, markOf(desired, now))),
  });
}

/** PUT: what the body leaves out is gone. `now` in milliseconds. */
export function replacedTwin(current: TwinState | undefined, wanted: WantedTwin, now: number): TwinState {
  const { counter, desired } = current ?? unused;
  return checked({
    counter: counter + 1,
    tags: mergedValues({}, wanted.tags ?? {}),
    desired: merged(undefined, wanted.desired ?? {}, markOf(desired, now)),
  });
}

/** Throws `Refused` where `etag` is given and is not that of the twin. */
export function requireTwinEtag(twin: TwinState | undefined, etag: string | undefined, deviceId: string): void {
  if (etag === undefined || etag === twinEtagOf(twin)) return;
  throw new Refused('PreconditionFailed', `ETag mismatch for device ID '${deviceId}'`);
}

interface Mark {
  readonly time: string;
  readonly version: number;
}

function markOf(desired: Section | undefined, now: number): Mark {
  return { time: new Date(now).toISOString(), version: (desired?.version ?? 1) + 1 };
}

function section(desired: Section | undefined): { readonly desired?: Section } {
  return desired === undefined ? {} : { desired };
}

function merged(current: Section | undefined, patch: JsonObject, mark: Mark): Section {
  return {
    values: mergedValues(current?.values ?? {}, patch),
    metadata: mergedMetadata(current?.metadata ?? {}, patch, mark),
    version: mark.version,
  };
}

function mergedValues(values: JsonObject, patch: JsonObject): JsonObject {
  // A map, since a client may call a property `__proto__`.
  const result = new Map(Object.entries(values));
  for (const [name, value] of Object.entries(patch)) {
    const before = result.get(name);
    if (value === null) result.delete(name);
    else result.set(name, isJsonObject(value) ? mergedValues(isJsonObject(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(result);
}

/** When each name last changed, in the shape of the values; what encloses a change has changed too. */
function mergedMetadata(metadata: JsonObject, patch: JsonObject, mark: Mark): JsonObject {
  const result = new Map(Object.entries(metadata));
  result.set('$lastUpdated', mark.time);
  result.set('$lastUpdatedVersion', mark.version);
  for (const [name, value] of Object.entries(patch)) {
    const before = result.get(name);
    if (value === null) result.delete(name);
    else
      result.set(
        name,
        mergedMetadata(
          isJsonObject(before) && isJsonObject(value) ? before : {},
          isJsonObject(value) ? value : {},
          mark,
        ),
      );
  }
  return Object.fromEntries(result);
}

function checked(twin: TwinState): TwinState {
  requireSection(twin.tags, 'tags');
  if (twin.desired !== undefined) requireSection(twin.desired.values, 'properties.desired');
  return twin;
}

/** Without the hub's own names, which clients send along. */
function withoutOwnNames(desired: JsonObject | undefined): JsonObject | undefined {
  if (desired === undefined) return undefined;
  return Object.fromEntries(Object.entries(desired).filter(([name]) => name !== '$metadata' && name !== '$version'));
}

function objectOrNothing(value: unknown, name: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw new Refused('ArgumentInvalid', `'${name}' must be an object.`);
  return value;
}
