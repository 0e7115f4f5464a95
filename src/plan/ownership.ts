import type { JsonObject } from '../model/fleet.ts';
import { markOf, type Owner, type OwnerMark, ownerIn, ownerTag, ownerText, sameOwner } from '../model/owner.ts';
import type { Claim, Reason } from '../model/plan.ts';
import type { RegisteredDevice, Twin } from '../model/registration.ts';

// The hub alone says what is ours, by the mark that runs of this repository write into the twin. A manifest and the history of the
// repository only say what is wanted.

/** Whether a device is owned by `ours`, the owner of this run. `unknown`: its twin was not read. */
export type Ownership = 'ours' | 'unmarked' | 'unknown' | 'foreign';

/** An owner that is not known owns nothing, so every mark is then foreign. */
export function ownership(twin: Twin | undefined, ours: Owner | undefined): Ownership {
  if (twin === undefined) return 'unknown';
  const mark = ownerIn(twin.tags);
  if (mark === undefined) return 'unmarked';
  return sameOwner(mark, ours) ? 'ours' : 'foreign';
}

/** What the workflow lets a run take over: nothing, devices without a mark, or also those of others. */
export type Adopt = boolean | 'unmarked';

/** Returns the claim of a declared device, or undefined if it is not to be claimed. */
export function claimOf(twin: Twin | undefined, ours: Owner | undefined, adopt: Adopt): Claim | undefined {
  if (twin === undefined || ours === undefined) return undefined;
  const whose = ownership(twin, ours);
  const claims = whose === 'unmarked' ? adopt !== false : whose === 'foreign' && adopt === true;
  return claims ? { owner: ours, before: ownerIn(twin.tags) } : undefined;
}

/**
 * Names the owner of a device for a person who knows `ours`: by the name alone on the same server. Undefined for a mark that no run
 * writes, because its text is not to be shown.
 */
export function otherOwner({ twin }: Pick<RegisteredDevice, 'twin'>, ours: Owner | undefined): string | undefined {
  const mark = ownerIn(twin?.tags ?? {});
  if (mark === undefined || mark === 'unreadable') return undefined;
  const sameName = mark.name.toLowerCase() === ours?.name.toLowerCase();
  return mark.server !== ours?.server || sameName ? ownerText(mark) : mark.name;
}

/** Returns the claim as a change of the field `owner`. */
export function claimReason({ owner, before }: Claim): Reason {
  return { field: 'owner', before: markText(before), after: ownerText(owner) };
}

/** Returns the mark of a twin in the form of reasons. */
export function ownerValue({ tags }: Twin): string | null {
  return markText(ownerIn(tags));
}

/**
 * Returns the difference of owners if another client has changed the mark since the plan, so that nothing may be written. It does
 * not matter if the mark is ours now, since another run of ours may have written it.
 */
export function movedOwner(planned: Pick<Twin, 'tags'>, now: Twin, ours: Owner | undefined): readonly Reason[] {
  const [before, after] = [ownerIn(planned.tags), ownerIn(now.tags)];
  if (ownership(now, ours) === 'ours' || sameMark(planned.tags, now.tags)) return [];
  return [{ field: 'owner', before: markText(before), after: markText(after) }];
}

/** Returns the tags that make `owner` the owner of a twin, or undefined if its mark is already exactly so. */
export function markPatch(owner: Owner, tags: JsonObject): JsonObject | undefined {
  if (JSON.stringify(sorted(tags[ownerTag])) === JSON.stringify(sorted(markOf(owner)))) return undefined;
  const before = Object.hasOwn(tags, ownerTag) ? tags[ownerTag] : undefined;
  // A patch merges maps, so names that our mark does not have must be removed.
  const others = isMap(before) ? Object.keys(before).map((name) => [name, null] as const) : [];
  return { [ownerTag]: { ...Object.fromEntries(others), ...markOf(owner) } };
}

function sameMark(one: JsonObject, other: JsonObject): boolean {
  return JSON.stringify(sorted(one[ownerTag])) === JSON.stringify(sorted(other[ownerTag]));
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
}

function markText(mark: OwnerMark): string | null {
  return mark === undefined ? null : ownerText(mark);
}

function isMap(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
