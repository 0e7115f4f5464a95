import { isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';

/** Where one setting is in a YAML text. Offsets are in UTF-16 code units. */
export interface Setting {
  readonly key: number;
  /** The offset behind the colon. */
  readonly colonEnd: number;
  /** The value with its tag and anchor, without a comment behind it. Without a value, both are `colonEnd`. */
  readonly valueStart: number;
  readonly valueEnd: number;
  /** The end of the line on which the value ends, before the line break. */
  readonly lineEnd: number;
  /** The value if it is a scalar: text, number, boolean, null. */
  readonly scalar?: unknown;
  /** The value if it is a map. */
  readonly map?: Settings;
}

/** A map of settings, with one setting per line (`block`) or in braces (`flow`). */
export interface Settings {
  readonly style: 'block' | 'flow';
  /** Spaces before each key of a block. */
  readonly indent: number;
  /** Where a new entry goes: at the end of the last line of a block, or behind the opening brace. */
  readonly room: number;
  readonly entries: ReadonlyMap<string, Setting>;
}

type YamlMap = YAMLMap<Node, Node | null>;
type YamlPair = Pair<Node, Node | null>;

/** The settings of a map. It must be parsed with `keepSourceTokens` and without errors. */
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

/** The setting at a path; undefined also if one of its parents is not a map. */
export function settingAt(settings: Settings, [name = '', ...rest]: readonly string[]): Setting | undefined {
  const setting = settings.entries.get(name);
  if (rest.length === 0) return setting;
  return setting?.map === undefined ? undefined : settingAt(setting.map, rest);
}

/** Every text of a file, with its dotted path and its place. None of a file that cannot be edited. */
export function* textsOf(
  settings: Settings | undefined,
  prefix = '',
): Generator<readonly [key: string, offset: number, value: string]> {
  for (const [name, { key, scalar, map }] of settings?.entries ?? []) {
    if (typeof scalar === 'string') yield [prefix + name, key, scalar];
    if (map !== undefined) yield* textsOf(map, `${prefix}${name}.`);
  }
}

/** The end of the line at an offset, before the line break. */
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

/** The tokens of the value's tag and anchor. */
function propsOf({ srcToken }: YamlPair) {
  return (srcToken?.sep ?? []).filter(({ type }) => type === 'tag' || type === 'anchor');
}

function endOfPair(pair: YamlPair, text: string): number {
  const { value } = pair;
  // The library puts an absent value somewhere behind the comments.
  if (value?.range && value.range[0] < value.range[1]) return endOf(value, text);
  const prop = propsOf(pair).at(-1);
  return prop === undefined ? colonEndOf(pair) : prop.offset + prop.source.length;
}

/** The end of a node. The library's own end of a block sometimes includes the comments behind it. */
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
  // The library ends a block text behind its line break.
  const isBlockText = isScalar(node) && (node.type === 'BLOCK_LITERAL' || node.type === 'BLOCK_FOLDED');
  return isBlockText && text[end - 1] === '\n' ? lineEndOf(text, end - 1) : end;
}
