import { Refused } from '../wire/errors.ts';
import { isJsonObject, type JsonObject, property } from '../wire/json.ts';
import { requireSection } from './require-section.ts';

/**
 * The part of a twin that is not its identity. It is replaced, never changed in place. It exists from the first write
 * on, so that a fleet whose twins nobody uses costs nothing. There are no reported properties, since only a device
 * writes them and no device connects to this hub.
 */
export interface TwinState {
  /**
   * The counter behind the twin's etag. It is 1 for a new twin and grows by one with every change of tags or desired
   * properties.
   */
  readonly counter: number;
  readonly tags: JsonObject;
  /** Absent until somebody writes them. */
  readonly desired?: Section;
}

/** Properties, without the hub's `$metadata` and `$version`. */
export interface Section {
  readonly values: JsonObject;
  readonly metadata: JsonObject;
  readonly version: number;
}

/** What a client wants to write into a twin. A section that the body leaves out, or sets to null, is undefined. */
export interface WantedTwin {
  readonly tags: JsonObject | undefined;
  readonly desired: JsonObject | undefined;
}

/** A new twin. */
const unused: TwinState = { counter: 1, tags: {} };

/** The etag without quotes: the counter as eight bytes in base64. */
export function twinEtagOf(twin: TwinState | undefined): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt((twin ?? unused).counter));
  return bytes.toString('base64');
}

/**
 * Reads `tags` and `properties.desired` of a body. Clients also send the other parts of a twin, as they have read them
 * (recorded); those belong to the hub or the device and are ignored. Throws `Refused` if the service would answer 400.
 */
export function wantedTwin(body: JsonObject): WantedTwin {
  const properties = objectOrNothing(property(body, 'properties'), 'properties');
  const desired = properties === undefined ? undefined : property(properties, 'desired');
  const wanted = {
    tags: objectOrNothing(property(body, 'tags'), 'tags'),
    desired: withoutOwnNames(objectOrNothing(desired, 'properties.desired')),
  };
  // Checked before anything walks through them level by level, since a client may nest them a million deep.
  if (wanted.tags !== undefined) requireSection(wanted.tags, 'tags');
  if (wanted.desired !== undefined) requireSection(wanted.desired, 'properties.desired');
  return wanted;
}

/** Whether it has anything to write. */
export function namesTwin(wanted: WantedTwin): boolean {
  return wanted.tags !== undefined || wanted.desired !== undefined;
}

/**
 * The twin of a device that is created together with it. It begins as any other, but with these values. `time` goes
 * into its metadata.
 */
export function initialTwin(wanted: WantedTwin, time: string): TwinState {
  const desired = wanted.desired;
  return checked({
    counter: unused.counter,
    tags: mergedValues({}, wanted.tags ?? {}),
    ...(desired === undefined ? {} : { desired: merged(undefined, desired, { time, version: 1 }) }),
  });
}

/** PATCH: objects are merged name by name, and null removes a name. `now` is in milliseconds. */
export function patchedTwin(current: TwinState | undefined, wanted: WantedTwin, now: number): TwinState {
  const { counter, tags, desired } = current ?? unused;
  return checked({
    counter: counter + 1,
    tags: wanted.tags === undefined ? tags : mergedValues(tags, wanted.tags),
    ...section(wanted.desired === undefined ? desired : merged(desired, wanted.desired, markOf(desired, now))),
  });
}

/** PUT: what the body leaves out is removed. `now` is in milliseconds. */
export function replacedTwin(current: TwinState | undefined, wanted: WantedTwin, now: number): TwinState {
  const { counter, desired } = current ?? unused;
  return checked({
    counter: counter + 1,
    tags: mergedValues({}, wanted.tags ?? {}),
    desired: merged(undefined, wanted.desired ?? {}, markOf(desired, now)),
  });
}

/** Throws `Refused` if `etag` is given and is not the etag of the twin. */
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
  // A map, since a client may name a property `__proto__`.
  const result = new Map(Object.entries(values));
  for (const [name, value] of Object.entries(patch)) {
    const before = result.get(name);
    if (value === null) result.delete(name);
    else result.set(name, isJsonObject(value) ? mergedValues(isJsonObject(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(result);
}

/** The time of the last change of each name, in the shape of the values. A change counts for all objects around it. */
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

/** Leaves out the hub's own names, which clients send along. */
function withoutOwnNames(desired: JsonObject | undefined): JsonObject | undefined {
  if (desired === undefined) return undefined;
  return Object.fromEntries(Object.entries(desired).filter(([name]) => name !== '$metadata' && name !== '$version'));
}

function objectOrNothing(value: unknown, name: string): JsonObject | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isJsonObject(value)) throw new Refused('ArgumentInvalid', `'${name}' must be an object.`);
  return value;
}
