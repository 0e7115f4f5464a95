import type { TomlBase } from './base.ts';
import { endOfBlock, startOfBlock } from './comments.ts';
import { placeOfSection, placeOfSetting } from './places.ts';
import { same } from './same.ts';
import {
  isPlain,
  lineEndOf,
  lineStartOf,
  piecesOf,
  plainOf,
  type Range,
  type TomlEntry,
  type TomlTable,
} from './tree.ts';
import {
  asSection,
  plain,
  plainMap,
  type Section,
  sectionLines,
  sectionsOf,
  settingLine,
  valueText,
  type Wanted,
} from './write.ts';

export interface TomlEdits {
  /** All settings that stand in `[provisioning]` afterwards. Their paths begin with it. */
  readonly provisioning: readonly TomlSetting[];
  /** Settings outside of it to replace or add. No path is the beginning of another. */
  readonly set: readonly TomlSetting[];
}

export interface TomlSetting {
  readonly path: readonly string[];
  /** A JSON value. */
  readonly value: unknown;
}

interface Splice extends Range {
  readonly text: string;
  /** It begins with a header. What follows it belongs to its section. */
  readonly section?: true;
}

/**
 * The text of the base for one device. The old `[provisioning]` becomes a comment and the new one goes below it. The
 * settings of `set` go to their places. All other bytes stay as they are.
 */
export function editToml(base: TomlBase, { provisioning, set }: TomlEdits): string {
  const wanted = sectionsOf(set);
  const spot = { base, table: base.root, path: [], floor: floorOf(base, wanted) };
  const splices = [...changes(spot, wanted), ...newProvisioning(spot, sectionsOf(provisioning))];
  return base.byteOrderMark + spliced(base.text, splices);
}

/**
 * Applies splices. At one offset, new settings come first, then new sections, then what is removed. An insertion may stand
 * in a range that is removed.
 */
function spliced(text: string, splices: readonly Splice[]): string {
  const rank = ({ start, end, section }: Splice) => (end > start ? 2 : section === true ? 1 : 0);
  const sorted = splices.toSorted((a, b) => a.start - b.start || rank(a) - rank(b));
  let result = '';
  let done = 0;
  for (const splice of sorted) {
    result += text.slice(done, splice.start) + splice.text;
    done = Math.max(done, splice.end);
  }
  return result + text.slice(done);
}

/** Where the settings at the top end, the new ones included. */
function floorOf(base: TomlBase, wanted: Section): number {
  const added = [...wanted].filter(([name, to]) => {
    const old = base.root.entries.get(name)?.value;
    return asSection(name, to) === undefined && (old === undefined || !isPlain(old));
  });
  const places = placeOfSetting(base, plainMap(new Map(added)));
  return Math.max(base.root.room, ...places.map(({ start }) => start));
}

function newProvisioning({ base, floor }: Spot, wanted: Section): readonly Splice[] {
  const { root, text, newline } = base;
  const old = root.entries.get('provisioning');
  const pieces = old === undefined ? [] : linesOfSetting(old, text);
  // Behind a header there is room for headers. Behind a setting at the top of the file there is none.
  const last = old?.value.kind === 'table' && hasHeader(old.value) ? pieces.at(-1)?.end : undefined;
  const written = sectionLines([], wanted).join(newline);
  const added =
    last === undefined
      ? placeOfSection(base, { name: 'provisioning', written, floor })
      : insertion(last, newline + written);
  return [...pieces.flatMap((piece) => commented(piece, text)), asHeader(added)];
}

function hasHeader({ form, entries }: TomlTable): boolean {
  return (
    form === 'header' ||
    form === 'implied' ||
    [...entries.values()].some(({ value }) => value.kind === 'table' && hasHeader(value))
  );
}

/** Puts `# ` before each line of a range. Nothing else changes. */
function commented({ start, end }: Range, text: string): readonly Splice[] {
  const splices: Splice[] = [];
  let at = start;
  for (const line of text.slice(start, end).split('\n')) {
    if (line.trim() !== '') splices.push(insertion(at, '# '));
    at += line.length + 1;
  }
  return splices;
}

function insertion(offset: number, text: string): Splice {
  return { start: offset, end: offset, text };
}

/** Whole lines, in the order of the text, that say a setting or all of a section. */
function linesOfSetting({ key, value }: TomlEntry, text: string): readonly Range[] {
  const pieces = isPlain(value) ? [{ start: key, end: value.end }] : piecesOf(value);
  const lines = new Map(pieces.map(({ start, end }) => [lineStartOf(text, start), lineEndOf(text, end)]));
  return [...lines].map(([start, end]) => ({ start, end })).sort((a, b) => a.start - b.start);
}

/** A table to be changed, and where it is. */
interface Spot {
  readonly base: TomlBase;
  readonly table: TomlTable;
  readonly path: readonly string[];
  /** New sections of the top go behind it. */
  readonly floor: number;
}

function changes(spot: Spot, wanted: Section): readonly Splice[] {
  const splices: Splice[] = [];
  const added: Section = new Map();
  for (const [name, to] of wanted) {
    const entry = spot.table.entries.get(name);
    const changed = entry === undefined ? undefined : change(spot, { name, entry }, to);
    splices.push(...(changed?.splices ?? []));
    if (changed?.kind !== 'in place') added.set(name, to);
  }
  return [...splices, ...additions(spot, added)];
}

interface Change {
  /** What is `removed` has to be added again. */
  readonly kind: 'in place' | 'removed';
  readonly splices: readonly Splice[];
}

function change(spot: Spot, { name, entry }: { name: string; entry: TomlEntry }, to: Wanted): Change {
  const { text } = spot.base;
  const { value } = entry;
  const inside = asSection(name, to);
  if (to instanceof Map && value.kind === 'table') return { kind: 'in place', splices: changes(below(), to) };
  if (same(plainOf(value), plain(to))) return { kind: 'in place', splices: [] };
  if (isPlain(value))
    return { kind: 'in place', splices: [{ start: value.start, end: value.end, text: valueText(plain(to)) }] };
  if (inside !== undefined && inside.size > 0 && value.kind === 'table' && !value.inBraces) {
    const gone = [...value.entries].filter(([key]) => !inside.has(key));
    return {
      kind: 'in place',
      splices: [...changes(below(), inside), ...gone.flatMap(([, one]) => removals(one, text))],
    };
  }
  return { kind: 'removed', splices: removals(entry, text) };

  function below(): Spot {
    return { ...spot, table: value.kind === 'table' ? value : spot.table, path: [...spot.path, name] };
  }
}

function removals(entry: TomlEntry, text: string): readonly Splice[] {
  return linesOfSetting(entry, text).map((one) => removal(one, text));
}

/** Removes lines with the line break before them, so that what is inserted behind them begins a line. */
function removal({ start, end }: Range, text: string): Splice {
  return { start: start === 0 ? 0 : start - (text[start - 2] === '\r' ? 2 : 1), end, text: '' };
}

function additions(spot: Spot, added: Section): readonly Splice[] {
  const { base, table, path, floor } = spot;
  const { newline, text } = base;
  if (added.size === 0) return [];
  if (table.inBraces || table.form === 'dotted') return [joined(spot, added)];
  const settings: Section = new Map([...added].filter(([name, wanted]) => asSection(name, wanted) === undefined));
  const sections = [...added].flatMap(([name, wanted]) => {
    const section = asSection(name, wanted);
    return section === undefined ? [] : [{ name, written: sectionLines([...path, name], section).join(newline) }];
  });
  if (table.form === 'root') {
    return [
      ...placeOfSetting(base, plainMap(settings)),
      ...sections.map((one) => asHeader(placeOfSection(base, { ...one, floor }))),
    ];
  }
  const isHeader = table.form === 'header';
  const end = isHeader ? table.room : Math.max(...piecesOf(table).map((piece) => lineEndOf(text, piece.end)));
  const behind = endOfBlock(base, end) ?? end;
  const own = isHeader ? lines(table.room, [], settings, newline) : newHeader(spot, settings);
  return [
    ...(settings.size === 0 ? [] : [own]),
    ...sections.map(({ written }) => asHeader(insertion(behind, newline + newline + written))),
  ];
}

function asHeader(splice: Splice): Splice {
  return { ...splice, section: true };
}

/** New settings of a table in braces, or of one that keys with dots make. */
function joined({ base, table }: Spot, added: Section): Splice {
  const { prefix, inBraces, room, entries, start } = table;
  if (!inBraces) return lines(room, prefix, added, base.newline);
  const text = settingLines(prefix, added).join(', ');
  return entries.size === 0 ? insertion(start + 1, ` ${text} `) : insertion(room, `, ${text}`);
}

function lines(room: number, names: readonly string[], settings: Section, newline: string): Splice {
  return insertion(
    room,
    settingLines(names, settings)
      .map((line) => newline + line)
      .join(''),
  );
}

function settingLines(names: readonly string[], settings: Section): readonly string[] {
  return Object.entries(plainMap(settings)).map(([name, value]) => settingLine([...names, name], value));
}

/** Only sections inside it have headers: its own goes before the first of them. */
function newHeader({ base, table, path, floor }: Spot, settings: Section): Splice {
  const { text, newline } = base;
  const header = lineStartOf(text, Math.min(...piecesOf(table).map(({ start }) => start)));
  const above = startOfBlock(base, header);
  const written = sectionLines(path, settings).join(newline) + newline;
  if (above === 0 && floor === 0) return asHeader(insertion(0, written + newline));
  // New settings of the top may stand between those comments and the header.
  const place = above === 0 || lineEndBefore(text, above) < floor ? header : above;
  return asHeader(insertion(lineEndBefore(text, place), newline + written));
}

function lineEndBefore(text: string, lineStart: number): number {
  return lineEndOf(text, lineStartOf(text, lineStart - 1));
}
