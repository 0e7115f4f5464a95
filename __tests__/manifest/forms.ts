/** A device as dotted keys and texts: `{ id: 'a', 'runtime.version': '1.1' }`. */
export type FlatDevice = Readonly<Record<string, string>>;

/** What YAML and JSON may declare once for all devices. */
export interface Shared {
  readonly hub?: string;
  readonly defaults?: FlatDevice;
}

/** A fleet written in one form. A place is line and column, from 1. */
export interface Written {
  readonly file: string;
  readonly text: string;
  /** The place of the value of a device's key; for `''`, the place of the device itself. */
  value(device: number, key: string): Place;
  /** The place of the key itself. */
  key(device: number, key: string): Place;
}

type Place = readonly [line: number, column: number];
type Tree = Map<string, string | Tree>;

export const forms = {
  YAML: (devices: readonly FlatDevice[], shared: Shared = {}) => writeTree('fleet.yaml', devices, shared, yaml),
  JSON: (devices: readonly FlatDevice[], shared: Shared = {}) => writeTree('fleet.json', devices, shared, json),
  CSV: (devices: readonly FlatDevice[]) => writeTable(devices),
} as const;

class Pen {
  text = '';
  readonly values = new Map<string, Place>();
  readonly keys = new Map<string, Place>();

  write(text: string): void {
    this.text += text;
  }

  here(): Place {
    const lines = this.text.split('\n');
    return [lines.length, (lines.at(-1) ?? '').length + 1];
  }

  written(file: string, keyOf: (device: number, key: string) => string): Written {
    const found = (places: ReadonlyMap<string, Place>, name: string) => {
      const place = places.get(name);
      if (place === undefined) throw new Error(`${file} has no ${name}`);
      return place;
    };
    const { text, values, keys } = this;
    return {
      file,
      text,
      value: (device, key) => found(values, `${device}/${key}`),
      key: (device, key) => found(keys, keyOf(device, key)),
    };
  }
}

/** How a format of trees is written. Every text is written as in JSON, which YAML reads too. */
interface Style {
  readonly open: string;
  item(pen: Pen, write: () => void, last: boolean): void;
  map(pen: Pen, tree: Tree, depth: number, path: string): void;
  readonly close: string;
}

function writeTree(file: string, devices: readonly FlatDevice[], { hub, defaults }: Shared, style: Style): Written {
  const pen = new Pen();
  const top: Tree = new Map();
  if (hub !== undefined) top.set('hub', hub);
  if (defaults !== undefined) top.set('defaults', treeOf(defaults));
  pen.write(style.open);
  style.map(pen, top, 0, 'top/');
  if (style === json && top.size > 0) pen.write(',');
  pen.write(style === json ? '\n  "devices": [\n' : 'devices:\n');
  for (const [index, device] of devices.entries()) {
    style.item(pen, () => style.map(pen, treeOf(device), 2, `${index}/`), index === devices.length - 1);
  }
  pen.write(style.close);
  return pen.written(file, (device, key) => `${device}/${key}`);
}

const yaml: Style = {
  open: 'version: 1\n',
  item(pen, write) {
    pen.write('  - ');
    write();
  },
  map(pen, tree, depth, path) {
    if (path.endsWith('/')) pen.values.set(path, pen.here());
    let first = path.endsWith('/') && !path.startsWith('top');
    for (const [name, value] of tree) {
      if (!first) pen.write('  '.repeat(depth));
      first = false;
      pen.keys.set(path + name, pen.here());
      pen.write(/^[A-Za-z]+$/.test(name) ? `${name}:` : `${JSON.stringify(name)}:`);
      if (typeof value === 'string') {
        pen.write(' ');
        pen.values.set(path + name, pen.here());
        pen.write(`${JSON.stringify(value)}\n`);
      } else {
        pen.write('\n');
        this.map(pen, value, depth + 1, `${path}${name}.`);
      }
    }
  },
  close: '',
};

const json: Style = {
  open: '{',
  item(pen, write, last) {
    pen.write('    ');
    write();
    pen.write(last ? '\n' : ',\n');
  },
  map(pen, tree, depth, path) {
    const top = path.startsWith('top');
    if (!top) {
      pen.values.set(path, pen.here());
      pen.write('{');
    }
    let first = true;
    for (const [name, value] of tree) {
      pen.write(`${first ? '' : ','}\n${'  '.repeat(depth + 1)}`);
      first = false;
      pen.keys.set(path + name, pen.here());
      pen.write(`${JSON.stringify(name)}: `);
      if (typeof value === 'string') {
        pen.values.set(path + name, pen.here());
        pen.write(JSON.stringify(value));
      } else this.map(pen, value, depth + 1, top ? `defaults.` : `${path}${name}.`);
    }
    if (!top) pen.write('}');
  },
  close: '  ]\n}\n',
};

function writeTable(devices: readonly FlatDevice[]): Written {
  const pen = new Pen();
  const columns = [...new Set(devices.flatMap((device) => Object.keys(device)))];
  row(pen, columns, (column) => pen.keys.set(column, pen.here()));
  for (const [index, device] of devices.entries()) {
    pen.values.set(`${index}/`, pen.here());
    const texts = columns.map((column) => device[column] ?? '');
    row(pen, texts, (_, position) => pen.values.set(`${index}/${columns[position]}`, pen.here()));
  }
  // The name of a column is written once for all devices.
  return pen.written('fleet.csv', (_, key) => key);
}

function row(pen: Pen, texts: readonly string[], at: (text: string, position: number) => void): void {
  for (const [position, text] of texts.entries()) {
    if (position > 0) pen.write(',');
    at(text, position);
    pen.write(/^\s|[",\n]|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  }
  pen.write('\n');
}

function treeOf(device: FlatDevice): Tree {
  const root: Tree = new Map();
  for (const [key, value] of Object.entries(device)) {
    const steps = key.split('.');
    let here = root;
    for (const step of steps.slice(0, -1)) {
      const next = here.get(step);
      const below: Tree = next instanceof Map ? next : new Map();
      here.set(step, below);
      here = below;
    }
    here.set(steps.at(-1) ?? '', value);
  }
  return root;
}
