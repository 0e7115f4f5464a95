import type { Json, JsonObject } from '../model/fleet.ts';
import type { Reason, TagChange, TagField } from '../model/plan.ts';
import type { Twin } from '../model/registration.ts';
import { tagMark } from '../model/tags.ts';

// The manifest names single values in the tags by their paths: site, location.plant. A name never has a dot, because the hub
// forbids it. The twin itself keeps the list of the paths that the manifest has named, under `tagMark`. So a path that is no
// longer named can be distinguished from a path that another client has set.

/** Returns the tags of a new device. */
export function initialTags(wanted: JsonObject | undefined): JsonObject | undefined {
  const paths = [...leaves(wanted ?? {}).keys()];
  return wanted === undefined || paths.length === 0 ? undefined : { ...filled(wanted), [tagMark]: paths.sort() };
}

/**
 * Returns the change that gives a twin the tags of the manifest, or undefined if it has them. The change touches only the paths
 * that the manifest names or has named before.
 */
export function tagChange(wanted: JsonObject | undefined, twin: Twin): TagChange | undefined {
  const { tags } = twin;
  const named = leaves(wanted ?? {});
  const before = markedIn(tags);
  const gone = before.filter((path) => isGone(path, named) && isSingle(valueAt(tags, path)));
  const reasons = [
    ...[...named].map(([path, value]) => difference(path, valueAt(tags, path), value)),
    ...gone.map((path) => difference(path, valueAt(tags, path), undefined)),
  ].filter((reason) => reason !== undefined);
  const paths = [...named.keys()].sort();
  const remarked = paths.join() !== before.join();
  if (reasons.length === 0 && !remarked) return undefined;
  const wantedMark = paths.length === 0 ? null : paths;
  const removals = gone.reduce<JsonObject>((patch, path) => withNull(patch, path.split('.')), filled(wanted ?? {}));
  return {
    patch: { ...withoutEmptied(removals, tags), ...(remarked ? { [tagMark]: wantedMark } : {}) },
    reasons: reasons.length > 0 ? reasons : [markReason(before, paths)],
  };
}

/**
 * Returns the tags that differ from those of the manifest, of a device that another repository owns. Tags that only the other
 * manifest names are no difference.
 */
export function namedDifferences(wanted: JsonObject | undefined, { tags }: Twin): TagChange['reasons'] {
  return [...leaves(wanted ?? {})]
    .map(([path, value]) => difference(path, valueAt(tags, path), value))
    .filter((reason) => reason !== undefined);
}

/** Returns the tags that a change would write and that another client has changed since the plan. */
export function movedTags(wanted: JsonObject | undefined, planned: Twin, now: Twin): readonly Reason[] {
  const paths = new Set([...leaves(wanted ?? {}).keys(), ...markedIn(planned.tags), tagMark]);
  return [...paths].flatMap((path) => {
    const reason = difference(path, valueAt(planned.tags, path), valueAt(now.tags, path));
    return reason === undefined ? [] : [reason];
  });
}

/** Returns the value at a path, in the form of reasons. */
export function tagValue(tags: JsonObject, path: string): string | null {
  const value = valueAt(tags, path);
  return value === undefined ? null : canonical(value);
}

/** Returns every single value with its path. An empty map has none. */
function leaves(tags: JsonObject, prefix = ''): ReadonlyMap<string, Json> {
  const found = new Map<string, Json>();
  for (const [name, value] of Object.entries(tags)) {
    if (!isMap(value)) found.set(`${prefix}${name}`, value);
    else for (const [path, inner] of leaves(value, `${prefix}${name}.`)) found.set(path, inner);
  }
  return found;
}

/** Removes empty maps: they name no value, and would replace the values of other clients there. */
function filled(tags: JsonObject): JsonObject {
  const pairs = Object.entries(tags).flatMap(([name, value]): (readonly [string, Json])[] => {
    if (!isMap(value)) return [[name, value]];
    return leaves(value).size === 0 ? [] : [[name, filled(value)]];
  });
  return Object.fromEntries(pairs);
}

/** Returns the paths that the manifest named when the tags were last written, sorted. Ignores a mark that is not a list of paths. */
function markedIn(tags: JsonObject): readonly string[] {
  const marked = Object.hasOwn(tags, tagMark) ? tags[tagMark] : undefined;
  return Array.isArray(marked) ? marked.filter((path) => typeof path === 'string').sort() : [];
}

/** Tells whether a path is not named now, and is not above or below a named path, where the manifest now has a map or a value. */
function isGone(path: string, named: ReadonlyMap<string, Json>): boolean {
  return ![...named.keys()].some((n) => n === path || n.startsWith(`${path}.`) || path.startsWith(`${n}.`));
}

/** Tells whether there is a single value. Another client may have replaced a value of the manifest by a map. */
function isSingle(value: Json | undefined): boolean {
  return value !== undefined && !isMap(value);
}

/** Returns the value at a path. If the path ends early at a single value, returns that one, since it would be replaced. */
function valueAt(tags: JsonObject, path: string): Json | undefined {
  let here: Json | undefined = tags;
  for (const name of path.split('.')) {
    if (!isMap(here)) return here;
    here = Object.hasOwn(here, name) ? here[name] : undefined;
  }
  return here;
}

function difference(path: string, before: Json | undefined, after: Json | undefined) {
  const [was, is] = [before, after].map((value) => (value === undefined ? null : canonical(value)));
  const field: TagField = `tags.${path}`;
  return was === is ? undefined : { field, before: was ?? null, after: is ?? null };
}

/** The reason for writing only the mark: the values already match the manifest, or are gone. */
function markReason(before: readonly string[], after: readonly string[]) {
  const field: TagField = `tags.${tagMark}`;
  return { field, before: JSON.stringify(before), after: JSON.stringify(after), note: 'tag-mark' } as const;
}

/** Returns JSON with sorted names, because the hub does not keep their order. Equal values give equal texts. */
function canonical(value: Json): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  );
}

function withNull(patch: JsonObject, [name = '', ...below]: readonly string[]): JsonObject {
  if (below.length === 0) return { ...patch, [name]: null };
  const inner = Object.hasOwn(patch, name) ? patch[name] : undefined;
  return { ...patch, [name]: withNull(isMap(inner) ? inner : {}, below) };
}

/** Removes a map as a whole if all its names are removed. */
function withoutEmptied(patch: JsonObject, tags: JsonObject): JsonObject {
  const pairs = Object.entries(patch).map(([name, value]): readonly [string, Json] => {
    const there = Object.hasOwn(tags, name) ? tags[name] : undefined;
    if (!isMap(value) || !isMap(there)) return [name, value];
    const inner = withoutEmptied(value, there);
    const left = Object.values(inner).some((v) => v !== null) || Object.keys(there).some((n) => inner[n] !== null);
    return [name, left ? inner : null];
  });
  return Object.fromEntries(pairs);
}

function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
