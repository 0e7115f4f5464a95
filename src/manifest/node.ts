import type { Place } from '../model/finding.ts';
import type { SourceText } from './source.ts';

/** The place of a value, kept as an offset: a fleet has many values and few findings. */
export interface Location {
  readonly source: SourceText;
  readonly offset: number;
}

export type Scalar = string | number | boolean | null;

/** A value of a manifest with its place, independent of the format. */
export type Node = ScalarNode | ListNode | MapNode;

export interface ScalarNode extends Location {
  readonly kind: 'scalar';
  readonly value: Scalar;
  /** The text in the file: `1.10` for the number 1.1. */
  readonly written: string;
}

export interface ListNode extends Location {
  readonly kind: 'list';
  readonly items: readonly Node[];
}

export interface MapNode extends Location {
  readonly kind: 'map';
  readonly entries: Entries;
}

/** The entries of a map, for reading. A `Map` has this shape. */
export interface Entries extends Iterable<readonly [string, Entry]> {
  get(key: string): Entry | undefined;
}

export interface Entry {
  /** The offset of the key in the value's source. */
  readonly keyOffset: number;
  readonly node: Node;
}

export function placeOf(location: Location): Place {
  return location.source.place(location.offset);
}

/** Returns the value at a path of keys and indexes, or undefined. */
export function at(node: Node | undefined, path: readonly (string | number)[]): Node | undefined {
  let here = node;
  for (const step of path) {
    if (here?.kind === 'map') here = here.entries.get(String(step))?.node;
    else if (here?.kind === 'list') here = here.items[Number(step)];
    else return undefined;
  }
  return here;
}

/** The value at a dotted key. A name in it may have dots of its own: `Labels.com.example.plant`. */
export function atKey(node: Node | undefined, key: readonly string[]): Node | undefined {
  if (node === undefined || key.length === 0) return node;
  if (node.kind === 'scalar') return undefined;
  for (let length = 1; length <= key.length; length += 1) {
    const found = atKey(at(node, [key.slice(0, length).join('.')]), key.slice(length));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns the plain value, for the schema's validator. */
export function plain(node: Node): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(plain);
    case 'map': {
      const map: Record<string, unknown> = {};
      for (const [key, { node: inner }] of node.entries) {
        // A plain assignment would set the prototype. An object without a prototype would take three times the memory.
        if (key === '__proto__') Object.defineProperty(map, key, { value: plain(inner), enumerable: true });
        else map[key] = plain(inner);
      }
      return map;
    }
  }
}

/**
 * Merges a device over the defaults: maps are merged deeply, lists are replaced, and `null` removes a default.
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
