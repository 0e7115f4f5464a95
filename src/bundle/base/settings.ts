import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';

/** Where one setting of a YAML text stands. Offsets are in UTF-16 code units. */
export interface Setting {
  readonly key: number;
  /** Just behind the colon. */
  readonly colonEnd: number;
  /** The value with its tag and anchor, without a comment behind it; empty, at `colonEnd`, where there is none. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The end of the line in which the value ends, before the line break. */
  readonly lineEnd: number;
  /** The value where it is no collection: text, number, truth value, null. */
  readonly scalar?: unknown;
  /** The value where it is a map. */
  readonly map?: Settings;
}

/** A map of settings: one a line (`block`), or in braces (`flow`). */
export interface Settings {
  readonly style: 'block' | 'flow';
  /** Spaces before each key of a block. */
  readonly indent: number;
  /** Where a new entry goes: in a block the end of its last line, in braces just behind the opening one. */
  readonly room: number;
  readonly entries: ReadonlyMap<string, Setting>;
}

type YamlMap = YAMLMap<Node, Node | null>;
type YamlPair = Pair<Node, Node | null>;

/** The settings of a map that was parsed with `keepSourceTokens` and has no errors. */
export function settingsOf(map: YamlMap, text: string): Settings {
  const entries = new Map(map.items.map((pair) => [nameOf(pair), settingOf(pair, text)]));
  const [first] = entries.values();
  const last = [...entries.values()].at(-1);
  const start = first?.key ?? map.range?.[0] ?? 0;
  return {
    style: map.flow === true ? 'flow' : 'block',
    indent: start - (text.lastIndexOf('\n', start - 1) + 1),
    room: map.flow === true ? (map.range?.[0] ?? 0) + 1 : (last?.lineEnd ?? start),
    entries,
  };
}

/** The setting at a path, and nothing where one of its parents is no map. */
export function settingAt(settings: Settings, [name = '', ...rest]: readonly string[]): Setting | undefined {
  const setting = settings.entries.get(name);
  if (rest.length === 0) return setting;
  return setting?.map === undefined ? undefined : settingAt(setting.map, rest);
}

/** The end of the line of an offset, before its line break. */
export function lineEndOf(text: string, offset: number): number {
  const newline = text.indexOf('\n', offset);
  if (newline === -1) return text.length;
  return text[newline - 1] === '\r' ? newline - 1 : newline;
}

function settingOf(pair: YamlPair, text: string): Setting {
  const colonEnd = colonEndOf(pair);
  const valueEnd = endOfPair(pair, text);
  const { value } = pair;
  return {
    key: pair.key.range?.[0] ?? 0,
    colonEnd,
    valueStart: valueEnd === colonEnd ? colonEnd : (propsOf(pair)[0]?.offset ?? value?.range?.[0] ?? colonEnd),
    valueEnd,
    lineEnd: lineEndOf(text, valueEnd),
    ...(isScalar(value) ? { scalar: value.value } : {}),
    ...(isMap<Node, Node | null>(value) ? { map: settingsOf(value, text) } : {}),
  };
}

export function nameOf({ key }: YamlPair): string {
  return isScalar(key) ? String(key.value) : '';
}

function colonEndOf({ key, srcToken }: YamlPair): number {
  const colon = srcToken?.sep?.find(({ type }) => type === 'map-value-ind');
  return colon === undefined ? (key.range?.[1] ?? 0) : colon.offset + colon.source.length;
}

/** Tag and anchor of the value. */
function propsOf({ srcToken }: YamlPair) {
  return (srcToken?.sep ?? []).filter(({ type }) => type === 'tag' || type === 'anchor');
}

function endOfPair(pair: YamlPair, text: string): number {
  const { value } = pair;
  // A value that is not written has its place somewhere behind the comments.
  if (value?.range && value.range[0] < value.range[1]) return endOf(value, text);
  const prop = propsOf(pair).at(-1);
  return prop === undefined ? colonEndOf(pair) : prop.offset + prop.source.length;
}

/** The library's own ends of blocks take in comments behind them, or not. */
function endOf(node: Node, text: string): number {
  const end = node.range?.[1] ?? 0;
  if (isMap<Node, Node | null>(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return last === undefined ? end : endOfPair(last, text);
  }
  if (isSeq<Node>(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return last === undefined ? end : endOf(last, text);
  }
  // A block text ends behind its line break.
  const isBlockText = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');
  return isBlockText && text[end - 1] === '\n' ? lineEndOf(text, end - 1) : end;
}
