import { nameOf } from './choose.ts';
import { type Content, type Element, el } from './element.ts';
import { changeOf, deviceLink } from './table.ts';
import type { DeviceView, View } from './view.ts';
import { words } from './words.ts';

/** The tree has at most this number of devices. */
const mostDevices = 200;

/** The devices that have parents or children, as nested lists. Nothing if no device has a parent. */
export function treeOf({ devices }: View): Content {
  const children = new Map<string, DeviceView[]>();
  for (const device of devices) {
    if (device.parent === undefined) continue;
    const parent = nameOf({ hub: device.hub, id: device.parent });
    const own = children.get(parent);
    if (own === undefined) children.set(parent, [device]);
    else own.push(device);
  }
  if (children.size === 0) return undefined;
  const known = new Set(devices.map(nameOf));
  const tree = new Tree(children);
  const roots = [
    ...devices.filter((device) => device.parent === undefined && children.has(nameOf(device))),
    // A parent that no manifest declares, and that the run has not read.
    ...[...children].flatMap(([parent, [first]]) =>
      known.has(parent) || first === undefined ? [] : [strangerOf(first)],
    ),
  ];
  const lists = el(
    'ul',
    { class: 'tree' },
    roots.map((root) => tree.item(root)),
  );
  const nested = [...children.values()].reduce((sum, own) => sum + own.length, 0) + roots.length;
  const left = nested - tree.shown;
  return [lists, left > 0 ? el('p', { class: 'quiet' }, words.more(left)) : undefined];
}

function strangerOf({ hub, parent = '' }: DeviceView): DeviceView {
  return { id: parent, hub, need: 'same', change: '', fields: [], findings: [] };
}

class Tree {
  readonly #children: ReadonlyMap<string, readonly DeviceView[]>;
  #shown = 0;

  constructor(children: ReadonlyMap<string, readonly DeviceView[]>) {
    this.#children = children;
  }

  get shown(): number {
    return this.#shown;
  }

  item(device: DeviceView): Element | undefined {
    if (this.#shown >= mostDevices) return undefined;
    this.#shown += 1;
    // A device has one parent, so no root leads into a circle.
    const items = (this.#children.get(nameOf(device)) ?? [])
      .map((child) => this.item(child))
      .filter((item) => item !== undefined);
    const said = device.need === 'same' ? undefined : [' ', changeOf(device)];
    return el('li', {}, deviceLink(device), said, items.length === 0 ? undefined : el('ul', {}, items));
  }
}
