import type { Device } from '../../model/fleet.ts';
import type { Places } from '../judge/places.ts';
import { type ForEachKey, settingReader } from '../judge/setting.ts';

/** What the settings of a file are made from. */
export interface Source {
  readonly device: Device;
  readonly places: Places;
}

/** Where a key of the manifest stands in a file, and its value there. A value that is `undefined` is left out. */
export interface FileSetting {
  /** The dotted path in the file: `agent.config.image`. */
  readonly at: string;
  /** What the manifest says. If absent, this is the manifest's own value of the key. */
  readonly says?: (source: Source) => unknown;
  /** The value in a complete file, if it differs from `says`: for example a default. */
  readonly whole?: (source: Source) => unknown;
  /** The value is a map. Its entries are added to the settings at the path. */
  readonly entries?: true;
}

/** The file has no setting for the key. */
export const notInFile = 'not in this file';

/** The row of the key above writes it: the section is one value. */
export const withItsSection = 'with its section';

/** The rows of the keys below say where they stand. */
export const byItsKeys = 'by its keys';

/** Where each key of the manifest stands in a file. The settings of a section are written in the order of the rows. */
export type FileTable = ForEachKey<
  FileSetting | typeof notInFile | typeof withItsSection,
  FileSetting | typeof notInFile | typeof withItsSection | typeof byItsKeys
>;

export interface FileMap {
  readonly [name: string]: unknown;
}

interface Frame {
  [name: string]: unknown;
}

/** The settings of one file, made from its table. */
export interface FileSettings {
  /**
   * Makes a complete file: fills the frame, which has what all devices have, with the settings of one device.
   * `undefined` in the frame keeps the position of a section that not every device has.
   */
  readonly whole: (source: Source, frame: Frame) => FileMap;
  /** Only what the manifest says, without defaults. */
  readonly said: (source: Source) => readonly { readonly path: readonly string[]; readonly value: unknown }[];
  /** The path of each key that has one. */
  readonly pathOf: (key: string) => string | undefined;
}

export function fileSettings(table: FileTable): FileSettings {
  const settings = Object.entries(table).flatMap(([key, row]) => (typeof row === 'string' ? [] : [ready(key, row)]));
  const paths = new Map(settings.map(({ key, path }) => [key, path.join('.')]));
  return {
    whole: (source, frame) => {
      for (const { path, whole, entries } of settings) {
        const value = whole(source);
        if (value !== undefined) put(frame, path, value, entries);
      }
      return withoutAbsent(frame);
    },
    said: (source) =>
      settings.flatMap(({ path, says, entries }) => {
        const value = says(source);
        if (value === undefined) return [];
        if (!entries || !isMap(value)) return [{ path, value }];
        return Object.entries(value).map(([name, inner]) => ({ path: [...path, name], value: inner }));
      }),
    pathOf: (key) => paths.get(key),
  };
}

function ready(key: string, row: FileSetting) {
  const read = settingReader(key);
  const { at, says = ({ device }: Source) => read(device), whole = says } = row;
  return { key, path: at.split('.'), says, whole, entries: row.entries === true };
}

/**
 * Puts a value at a path of a map and makes the maps on the way. A name that the map has already keeps its position.
 */
function put(map: Frame, path: readonly string[], value: unknown, entries: boolean): void {
  let place = map;
  for (const name of path.slice(0, -1)) {
    const below = place[name];
    const next: Frame = isMap(below) ? below : {};
    place[name] = next;
    place = next;
  }
  const name = path.at(-1) ?? '';
  const old = place[name];
  place[name] = entries && isMap(value) && isMap(old) ? { ...old, ...value } : value;
}

export function isMap(value: unknown): value is FileMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutAbsent(map: FileMap): FileMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}
