import type { Section } from '../twins/twin-state.ts';
import { isJsonObject, type JsonObject } from '../wire/json.ts';
import { settingPath } from './content.ts';

/** A value that a configuration sets at a place of desired properties. What was there before goes. Null removes it. */
export interface Setting {
  /** Empty for all desired properties. */
  readonly path: readonly string[];
  readonly value: unknown;
  readonly by: Author | undefined;
}

/** The configuration that sets a value, as the metadata of the value names it. */
export interface Author {
  readonly id: string;
  /** The ticks of its creation. */
  readonly digest: string;
}

export interface Mark {
  readonly time: string;
  readonly version: number;
}

/** Reads the keys `properties.desired.…` of a content. */
export function settingsOf(content: JsonObject, by: Author | undefined): readonly Setting[] {
  return Object.entries(content).map(([key, value]) => ({ path: settingPath(key) ?? [], value, by }));
}

/** Desired properties after these settings, one after the other. `before` undefined: they begin empty. */
export function sectionWith(before: Section | undefined, settings: readonly Setting[], mark: Mark): Section {
  let values: unknown = before?.values ?? {};
  let metadata: unknown = before?.metadata ?? {};
  for (const { path, value, by } of settings) {
    values = placed(values, path, withoutNulls(value));
    metadata = touched(metadata, path, value === null ? undefined : metadataOf(value, mark, by), mark);
  }
  return { values: objectOf(values), metadata: objectOf(metadata), version: mark.version };
}

/** The values alone, to see whether anything changes. */
export function valuesWith(before: JsonObject, settings: readonly Setting[]): JsonObject {
  let values: unknown = before;
  for (const { path, value } of settings) values = placed(values, path, withoutNulls(value));
  return objectOf(values);
}

/** The object with a value at this place; undefined removes it. */
function placed(object: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const { [name]: before, ...others } = objectOf(object);
  const after = placed(before, rest, value);
  return after === undefined ? others : { ...objectOf(object), [name]: after };
}

/** The same for metadata: every object around the place is marked too. */
function touched(
  metadata: unknown,
  [name, ...rest]: readonly string[],
  own: JsonObject | undefined,
  mark: Mark,
): JsonObject | undefined {
  if (name === undefined) return own;
  const around = { ...objectOf(metadata), $lastUpdated: mark.time, $lastUpdatedVersion: mark.version };
  const after = touched(objectOf(metadata)[name], rest, own, mark);
  if (after !== undefined) return { ...around, [name]: after };
  const { [name]: _, ...others }: JsonObject = around;
  return others;
}

/** The metadata of a new value. The configuration stands at the innermost values only (recorded). */
function metadataOf(value: unknown, mark: Mark, by: Author | undefined): JsonObject {
  const times = { $lastUpdated: mark.time, $lastUpdatedVersion: mark.version };
  if (isJsonObject(value)) {
    const inner = Object.entries(value).filter(([, each]) => each !== null);
    return { ...times, ...Object.fromEntries(inner.map(([name, each]) => [name, metadataOf(each, mark, by)])) };
  }
  return by === undefined ? times : { ...times, $lastUpdatedBy: by.id, $lastUpdatedByDigest: by.digest };
}

/** A twin holds no nulls. Null itself becomes undefined. */
function withoutNulls(value: unknown): unknown {
  if (value === null) return undefined;
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([name, inner]) => [name, withoutNulls(inner)]),
  );
}

function objectOf(value: unknown): JsonObject {
  return isJsonObject(value) ? value : {};
}
