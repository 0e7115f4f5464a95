import type { SyntaxFault } from '../rules/syntax.ts';
import { most } from './limits.ts';
import { at, type Location, type Node } from './node.ts';
import { textOf } from './values.ts';

/** Why devices do not fit into a run, and the place that makes most of it. */
export interface Overrun {
  readonly fault: SyntaxFault;
  readonly location: Location;
}

/**
 * Counts what all devices of a run come to. Each device holds its own values and those that it inherits, with `{id}`
 * replaced, so a small manifest can come to more than a machine can hold. Count it before the devices are made.
 */
export class Budget {
  #devices = 0;
  #values = 0;
  #characters = 0;

  /**
   * Adds the devices of one manifest. Adds nothing if they do not fit, and says why.
   * @param inheritedBy gives what a device inherits: one of a few nodes, each weighed once
   */
  add(devices: readonly Node[], inheritedBy: (device: Node) => Node | undefined): Overrun | undefined {
    const weights = new Map<Node, Weight>();
    let [values, characters] = [this.#values, this.#characters];
    for (const [index, device] of devices.entries()) {
      if (this.#devices + index >= most.devices) {
        return { fault: { kind: 'too-many', what: 'devices', most: most.devices }, location: device };
      }
      const defaults = inheritedBy(device);
      const own = weightOf(device);
      const inherited = defaults === undefined ? nothing : (weights.get(defaults) ?? weightOf(defaults));
      if (defaults !== undefined) weights.set(defaults, inherited);
      const idLength = longestIdText(device);
      values += own.values + inherited.values;
      characters += charactersOf(own, idLength) + charactersOf(inherited, idLength);
      const what = values > most.values ? 'values' : characters > most.characters ? 'characters' : undefined;
      if (what === undefined) continue;
      const share = (weight: Weight) => (what === 'values' ? weight.values : charactersOf(weight, idLength));
      const heavier = defaults !== undefined && share(inherited) > share(own) ? defaults : device;
      return { fault: { kind: 'grows', what, most: most[what] }, location: heaviestIn(heavier, share) };
    }
    this.#devices += devices.length;
    this.#values = values;
    this.#characters = characters;
    return undefined;
  }
}

/** What a value comes to, with all in it. */
interface Weight {
  readonly values: number;
  /** The characters of its texts and of the keys that lead to them. `{id}` counts as nothing. */
  readonly characters: number;
  /** How often `{id}` stands in it. */
  readonly ids: number;
}

const nothing: Weight = { values: 0, characters: 0, ids: 0 };

/** @param above the length of the keys that lead to the value: they are written again for each value below them */
function weightOf(node: Node, above = 0): Weight {
  if (node.kind === 'scalar') {
    if (typeof node.value !== 'string') return { values: 1, characters: above, ids: 0 };
    const ids = idsIn(node.value);
    return { values: 1, characters: above + node.value.length - ids * placeholder.length, ids };
  }
  let [values, characters, ids] = [1, above, 0];
  const take = (inner: Node, key: number) => {
    const weight = weightOf(inner, above + key);
    values += weight.values;
    characters += weight.characters;
    ids += weight.ids;
  };
  if (node.kind === 'list') for (const item of node.items) take(item, 0);
  else for (const [key, { node: inner }] of node.entries) take(inner, key.length + 1);
  return { values, characters, ids };
}

const placeholder = '{id}';

function idsIn(text: string): number {
  let count = 0;
  for (let found = text.indexOf(placeholder); found !== -1; found = text.indexOf(placeholder, found + 1)) count += 1;
  return count;
}

/** In a path and in a URI, a character of the id can become three. */
function longestIdText(device: Node): number {
  return 3 * (textOf(at(device, ['id']))?.length ?? 0);
}

function charactersOf({ characters, ids }: Weight, idLength: number): number {
  return characters + ids * idLength;
}

/** The innermost value that makes more than half of its map. */
function heaviestIn(node: Node, share: (weight: Weight) => number): Node {
  if (node.kind !== 'map') return node;
  const half = share(weightOf(node)) / 2;
  for (const [, { node: inner }] of node.entries) {
    if (share(weightOf(inner)) > half) return heaviestIn(inner, share);
  }
  return node;
}
