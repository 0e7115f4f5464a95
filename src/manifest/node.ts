import type { Place } from '../model/finding.ts';
import type { SourceText } from './source.ts';

/** Where a value stands: kept as an offset, since a fleet has many values and few findings. */
export interface Location {
  readonly source: SourceText;
  readonly offset: number;
}

export type Scalar = string | number | boolean | null;

/** A value of a manifest with its place, whatever the format it was written in. */
export type Node = ScalarNode | ListNode | MapNode;

export interface ScalarNode extends Location {
  readonly kind: 'scalar';
  readonly value: Scalar;
  /** As it stands in the file: `1.10` is the number 1.1. */
  readonly written: string;
}

export interface ListNode extends Location {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

export interface MapNode extends Location {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}

export interface Entry {
  /** Offset of the key in the value's source. */
  readonly keyOffset: number;
  readonly node: Node;
}

export function placeOf(location: Location): Place {
  return location.source.place(location.offset);
}

/** The value at a path of keys and indexes, or undefined. */
export function at(node: Node | undefined, path: readonly (string | number)[]): Node | undefined {
  let here = node;
  for (const step of path) {
    if (here?.kind === 'map') here = here.entries.get(String(step))?.node;
    else if (here?.kind === 'list') here = here.items[Number(step)];
    else return undefined;
  }
  return here;
}

/** The plain value, for the schema's validator. Maps have no prototype, so that `__proto__` is a key like any other. */
export function plain(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plain);
    case 'map': {
      const map: Record<string, unknown> = Object.create(null);
      for (const [key, entry] of node.entries) map[key] = plain(entry.node);
      return map;
    }
  }
}

/**
 * What a device says, over what the defaults say: maps deeply, lists replaced, `null` takes a default away.
 * Every value keeps its own place.
 */
export function merge(defaults: Node | undefined, own: Node): Node {
  if (defaults?.kind !== 'map' || own.kind !== 'map') return own;
  const entries = new Map(defaults.entries);
  for (const [key, entry] of own.entries) {
    const inherited = entries.get(key)?.node;
    entries.set(key, { keyOffset: entry.keyOffset, node: merge(inherited, entry.node) });
  }
  return { ...own, entries };
}
