import { stringify } from '@decimalturn/toml-patch';
import { type FileMap, isMap } from '../../config/file-settings.ts';

/** What is to be written at a name: a section with settings of its own, or a value. */
export type Wanted = Section | { readonly value: unknown };
export type Section = Map<string, Wanted>;

/** The settings to write, nested like the file. */
export function sectionsOf(set: readonly { readonly path: readonly string[]; readonly value: unknown }[]): Section {
  const root: Section = new Map();
  for (const { path, value } of set) {
    let section = root;
    for (const name of path.slice(0, -1)) {
      const below = section.get(name);
      const next: Section = below instanceof Map ? below : new Map();
      section.set(name, next);
      section = next;
    }
    section.set(path.at(-1) ?? '', { value: withoutNulls(value) });
  }
  return root;
}

/**
 * The settings of what is written as a section. A flat map is one. Maps in maps are written in braces, and so are the
 * options of a container, as in the template of the package.
 */
export function asSection(name: string, wanted: Wanted): Section | undefined {
  if (wanted instanceof Map) return wanted;
  const { value } = wanted;
  if (!isMap(value) || name === 'createOptions') return undefined;
  const values = Object.entries(value);
  if (values.some(([, inner]) => typeof inner === 'object')) return undefined;
  return new Map(values.map(([key, inner]) => [key, { value: inner }]));
}

/** TOML has no null: in a map it removes the name. */
export function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isMap(value)) return value;
  const kept = Object.entries(value).filter(([, inner]) => inner !== null && inner !== undefined);
  return Object.fromEntries(kept.map(([name, inner]) => [name, withoutNulls(inner)]));
}

export function plain(wanted: Wanted): unknown {
  return wanted instanceof Map ? plainMap(wanted) : wanted.value;
}

export function plainMap(section: Section): FileMap {
  return Object.fromEntries([...section].map(([name, below]) => [name, plain(below)]));
}

/** One setting, `name = value`, on one line. Maps are in braces. Names are joined by dots. */
export function settingLine(names: readonly string[], value: unknown): string {
  const line = stringify({ [names.at(-1) ?? '']: value }, oneLine);
  return [...names.slice(0, -1).map(keyText), line].join('.');
}

/** A value as it stands behind `=`. */
export function valueText(value: unknown): string {
  return stringify({ x: value }, oneLine).slice('x = '.length);
}

/** Versions before 1.6 read no line break in braces. */
const oneLine = { inlineTableStart: 0, multilineTable: false, multilineArray: false, trailingNewline: 0 };

/** A section: its header and its settings, then the sections inside, each behind an empty line. */
export function sectionLines(names: readonly string[], section: Section): readonly string[] {
  const own: string[] = [];
  const inside: string[] = [];
  for (const [name, wanted] of section) {
    const below = asSection(name, wanted);
    if (below === undefined) own.push(settingLine([name], plain(wanted)));
    else inside.push('', ...sectionLines([...names, name], below));
  }
  if (own.length === 0 && inside.length > 0) return inside.slice(1);
  return [`[${names.map(keyText).join('.')}]`, ...own, ...inside];
}

function keyText(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : stringify({ [name]: 1 }, oneLine).slice(0, -' = 1'.length);
}
