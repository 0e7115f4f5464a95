import type { Json, JsonObject } from './fleet.ts';

/**
 * The tag that says which repository owns a device. Runs of that repository write it. It is apart from `tagMark`, so to remove the
 * tags of a manifest does not remove it.
 */
export const ownerTag = 'provisionIotEdgeOwner';

/** A repository that owns devices. */
export interface Owner {
  /** The host of its server, in lower case, without a port: `github.com`. */
  readonly server: string;
  /** The id of the repository, which a rename does not change. Absent if it is not known. */
  readonly id?: string;
  /** `contoso/fleet` */
  readonly name: string;
}

/** What the tag of a device says: an owner, or a text that no run writes (`unreadable`). Undefined if there is no tag. */
export type OwnerMark = Owner | 'unreadable' | undefined;

/** In characters. A mark with longer texts is unreadable. GitHub's own limits are lower. */
const longest = { server: 100, id: 20, name: 140 } as const;

/** The size of the largest mark, as the hub counts it: all names and all texts. */
export const largestMark = [ownerTag, ...Object.keys(longest)].join('').length + 100 + 20 + 140;

const host = /^[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/;
const repository = /^[A-Za-z0-9._-]+\/[A-Za-z0-9._-]+$/;

/** Makes an owner of texts. Returns undefined if they are not those of a repository. An empty id counts as absent. */
export function ownerOf(server: string, name: string, id = ''): Owner | undefined {
  const lower = server.toLowerCase();
  if (!host.test(lower) || lower.length > longest.server) return undefined;
  if (!repository.test(name) || name.length > longest.name) return undefined;
  if (!/^\d*$/.test(id) || id.length > longest.id) return undefined;
  return { server: lower, ...(id === '' ? {} : { id }), name };
}

/** Reads the mark in the tags of a twin. */
export function ownerIn(tags: JsonObject): OwnerMark {
  if (!Object.hasOwn(tags, ownerTag)) return undefined;
  const mark = tags[ownerTag];
  if (!isMap(mark)) return 'unreadable';
  const { server, id = '', name, ...others } = mark;
  if (typeof server !== 'string' || typeof name !== 'string' || typeof id !== 'string') return 'unreadable';
  return Object.keys(others).length === 0 ? (ownerOf(server, name, id) ?? 'unreadable') : 'unreadable';
}

/** The value of the tag. */
export function markOf({ server, id, name }: Owner): JsonObject {
  return { server, ...(id === undefined ? {} : { id }), name };
}

/**
 * Tells whether two marks are of one owner. The ids decide, because a repository may be renamed. If one has no id, the names decide.
 * A fork has another id and another name.
 */
export function sameOwner(one: OwnerMark, other: OwnerMark): boolean {
  if (one === undefined || other === undefined) return one === other;
  if (one === 'unreadable' || other === 'unreadable' || one.server !== other.server) return false;
  if (one.id !== undefined && other.id !== undefined) return one.id === other.id;
  return one.name.toLowerCase() === other.name.toLowerCase();
}

/** Names an owner in full: `github.com/contoso/fleet (id 4711)`. The text of an unreadable mark is not shown. */
export function ownerText(mark: Exclude<OwnerMark, undefined>): string {
  if (mark === 'unreadable') return 'an unreadable mark';
  return `${mark.server}/${mark.name}${mark.id === undefined ? '' : ` (id ${mark.id})`}`;
}

function isMap(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
