import { posix } from 'node:path';
import type { Place } from '../model/finding.ts';
import { fileNameOf, isDeviceId, type Json, type JsonObject } from '../model/fleet.ts';
import { at, atKey, type Node, placeOf } from './node.ts';

/**
 * Reads a device's values by dotted key and replaces `{id}`. The schema has checked them, so a value of another type
 * counts as absent.
 */
export class ValueReader {
  readonly id: string;
  readonly #node: Node;

  constructor(node: Node, id = textOf(at(node, ['id'])) ?? '') {
    this.#node = node;
    this.id = id;
  }

  text(key: string): string | undefined {
    const text = textOf(this.#at(key));
    return text === undefined || key === 'id' ? text : this.#fill(text);
  }

  truth(key: string): boolean | undefined {
    const node = this.#at(key);
    return node?.kind === 'scalar' && typeof node.value === 'boolean' ? node.value : undefined;
  }

  number(key: string): number | undefined {
    const node = this.#at(key);
    return node?.kind === 'scalar' && typeof node.value === 'number' ? node.value : undefined;
  }

  texts(key: string): Readonly<Record<string, string>> {
    const map = this.#at(key);
    if (map?.kind !== 'map') return {};
    const pairs = [...map.entries].flatMap(([name, entry]) => {
      const text = textOf(entry.node);
      return text === undefined ? [] : [[name, this.#fill(text)] as const];
    });
    return Object.fromEntries(pairs);
  }

  /** A map of any shape. `null` removes a key in it too. */
  json(key: string): JsonObject | undefined {
    const node = this.#at(key);
    return node?.kind === 'map' ? this.#object(node) : undefined;
  }

  /** The maps of a list, each with a reader of its own. */
  items(key: string): readonly ValueReader[] {
    const list = this.#at(key);
    return list?.kind === 'list' ? list.items.map((item) => new ValueReader(item, this.id)) : [];
  }

  /** A path in the repository, relative to the manifest's folder. The id in it is encoded as in file names. */
  path(key: string, folder: string): string | undefined {
    const path = textOf(this.#at(key))?.replaceAll('{id}', () => fileNameOf(this.id));
    return path === undefined || posix.isAbsolute(path) ? path : posix.join(folder, path);
  }

  /** Whether the key is present and not `null`. */
  has(key: string): boolean {
    const node = this.#at(key);
    return node !== undefined && (node.kind !== 'scalar' || node.value !== null);
  }

  /** The place of the value; for an absent key, the place of the device's id. */
  place(key: string): Place {
    return placeOf(this.#at(key) ?? atKey(this.#node, key.split('.')) ?? at(this.#node, ['id']) ?? this.#node);
  }

  #at(key: string): Node | undefined {
    return at(this.#node, key.split('.'));
  }

  #object({ entries }: Extract<Node, { kind: 'map' }>): JsonObject {
    const pairs = [...entries].flatMap(([name, { node }]) => {
      const value = this.#value(node);
      return value === null ? [] : [[name, value] as const];
    });
    return Object.fromEntries(pairs);
  }

  #value(node: Node): Json {
    if (node.kind === 'map') return this.#object(node);
    if (node.kind === 'list') return node.items.map((item) => this.#value(item)).filter((value) => value !== null);
    return typeof node.value === 'string' ? this.#fill(node.value) : node.value;
  }

  /** Replaces `{id}`, unless the id is none: then the device is refused. In a URI the id is percent-encoded, since a `#` in it would cut the path. */
  #fill(text: string): string {
    if (!isDeviceId(this.id)) return text;
    return text.replaceAll('{id}', () => (/^[a-z][a-z0-9+.-]*:/i.test(text) ? encodeURIComponent(this.id) : this.id));
  }
}

/** Returns `{key: value}`, or `{}` if the value is undefined. */
export function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value };
export function optional(key: string, value: unknown): object {
  return value === undefined ? {} : { [key]: value };
}

/** The same without what is `undefined`. */
export function present<Values extends object>(values: Values): Present<Values>;
export function present(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

type Present<Values> = {
  readonly [Key in keyof Values as undefined extends Values[Key] ? never : Key]: Values[Key];
} & {
  readonly [Key in keyof Values as undefined extends Values[Key] ? Key : never]?: Exclude<Values[Key], undefined>;
};

export function oneOf<Word extends string>(text: string | undefined, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === text);
}

export function textOf(node: Node | undefined): string | undefined {
  return node?.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}
