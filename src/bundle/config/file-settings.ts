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
  /** What the manifest says. If absent, the value that it has under the key. */
  readonly says?: (source: Source) => unknown;
  /** The value in a complete file, where that is another than what the manifest says. */
  readonly whole?: (source: Source) => unknown;
  /** The value is a map whose entries stand beside other settings at the path. */
  readonly entries?: true;
}

/** The file has no setting for the key. */
export const notInFile = 'not in this file';

/** The value of the key above has it: both are written as one. */
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

/** The settings of one file, made from its table. */
export interface FileSettings {
  /** A complete file: the settings of a device, in a frame with what all devices have. There `undefined` keeps a section its position. */
  readonly whole: (source: Source, frame: FileMap) => FileMap;
  /** What the manifest says itself, without what a complete file has beside it. */
  readonly said: (source: Source) => readonly { readonly path: readonly string[]; readonly value: unknown }[];
  /** The path of each key that has one. */
  readonly pathOf: (key: string) => string | undefined;
}

export function fileSettings(table: FileTable): FileSettings {
  const settings = Object.entries(table).flatMap(([key, row]) => (typeof row === 'string' ? [] : [ready(key, row)]));
  const paths = new Map(settings.map(({ key, path }) => [key, path.join('.')]));
  return {
    whole: (source, frame) =>
      withoutAbsent(
        settings.reduce((file, { path, whole, entries }) => {
          const value = whole(source);
          return value === undefined ? file : withValue(file, path, value, entries);
        }, frame),
      ),
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

/** A copy of a map with a value at a path. A name that the map has keeps its position. */
function withValue(map: FileMap, [name = '', ...rest]: readonly string[], value: unknown, entries: boolean): FileMap {
  const old = map[name];
  const inner = isMap(old) ? old : {};
  if (rest.length > 0) return { ...map, [name]: withValue(inner, rest, value, entries) };
  return { ...map, [name]: entries && isMap(value) ? { ...inner, ...value } : value };
}

export function isMap(value: unknown): value is FileMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function withoutAbsent(map: FileMap): FileMap {
  return Object.fromEntries(Object.entries(map).filter(([, value]) => value !== undefined));
}
