import type { Json, JsonObject } from '../model/fleet.ts';
import type { Reason, TagChange, TagField } from '../model/plan.ts';
import type { Twin } from '../model/registration.ts';
import { tagMark } from '../model/tags.ts';

// The manifest names single values deep in the tags, by paths: site, location.plant. A name never holds a dot, the hub
// forbids it. Which paths the manifest has named is kept in the twin itself, under `tagMark`: so a path that is no longer
// named can be told from one that somebody else has set.

/** The tags of a device that is created. */
export function initialTags(wanted: JsonObject | undefined): JsonObject | undefined {
  const paths = [...leaves(wanted ?? {}).keys()];
  return wanted === undefined || paths.length === 0 ? undefined : { ...filled(wanted), [tagMark]: paths.sort() };
}

/**
 * What makes the tags of a twin as the manifest wants them; undefined where they are. Touches the paths that the manifest names
 * and those it has named before, nothing else.
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

/** What somebody else has moved, since it was planned, of that which a change of tags would write. */
export function movedTags(wanted: JsonObject | undefined, planned: Twin, now: Twin): readonly Reason[] {
  const paths = new Set([...leaves(wanted ?? {}).keys(), ...markedIn(planned.tags), tagMark]);
  return [...paths].flatMap((path) => {
    const reason = difference(path, valueAt(planned.tags, path), valueAt(now.tags, path));
    return reason === undefined ? [] : [reason];
  });
}

/** The value at a path as reasons tell it. */
export function tagValue(tags: JsonObject, path: string): string | null {
  const value = valueAt(tags, path);
  return value === undefined ? null : canonical(value);
}

/** Every single value with its path; an empty map has none. */
function leaves(tags: JsonObject, prefix = ''): ReadonlyMap<string, Json> {
  const found = new Map<string, Json>();
  for (const [name, value] of Object.entries(tags)) {
    if (!isMap(value)) found.set(`${prefix}${name}`, value);
    else for (const [path, inner] of leaves(value, `${prefix}${name}.`)) found.set(path, inner);
  }
  return found;
}

/** Without empty maps: they name nothing, and would take the place of what others have there. */
function filled(tags: JsonObject): JsonObject {
  const pairs = Object.entries(tags).flatMap(([name, value]): (readonly [string, Json])[] => {
    if (!isMap(value)) return [[name, value]];
    return leaves(value).size === 0 ? [] : [[name, filled(value)]];
  });
  return Object.fromEntries(pairs);
}

/** The paths that the manifest named when the tags were written last, sorted; what is no list of paths is nobody's mark. */
function markedIn(tags: JsonObject): readonly string[] {
  const marked = Object.hasOwn(tags, tagMark) ? tags[tagMark] : undefined;
  return Array.isArray(marked) ? marked.filter((path) => typeof path === 'string').sort() : [];
}

/** Neither named now, nor above or below what is named: a map there now holds what the manifest wants. */
function isGone(path: string, named: ReadonlyMap<string, Json>): boolean {
  return ![...named.keys()].some((n) => n === path || n.startsWith(`${path}.`) || path.startsWith(`${n}.`));
}

/** Where a value of ours was, somebody may have put a map of theirs. */
function isSingle(value: Json | undefined): boolean {
  return value !== undefined && !isMap(value);
}

/** The value at a path; where the way ends early at a single value, that one: it would be replaced. */
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

/** The mark alone is to be written: the values are already as the manifest wants them, or gone. */
function markReason(before: readonly string[], after: readonly string[]) {
  const note = 'which tags the manifest names';
  const field: TagField = `tags.${tagMark}`;
  return { field, before: JSON.stringify(before), after: JSON.stringify(after), note };
}

/** JSON in which equal values are equal texts: the hub does not keep the order of names. */
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

/** A map of which every name is taken away goes as a whole. */
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
