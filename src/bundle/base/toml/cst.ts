import { parseDocument } from '@decimalturn/toml-patch';

/** A node of the library's syntax tree, with its place as offsets in the text. */
export interface CstNode {
  /** `Table`, `TableArray`, `KeyValue`, `Key`, `String`, `InlineTable`, `Comment` and others. */
  readonly type: string;
  readonly start: number;
  readonly end: number;
  /** The text of a comment, a key, a string, a number or a date as it is written. */
  readonly raw: string;
  /** The names of a key: `agent.config` has two. */
  readonly names: readonly string[];
  /** The value of a scalar. */
  readonly scalar: unknown;
  /** The key of a table or of a setting. */
  readonly key: CstNode | undefined;
  /** The value of a setting. */
  readonly value: CstNode | undefined;
  /** What a table, a list or a table in braces holds, comments included. */
  readonly items: readonly CstNode[];
  /** A comma follows this item of a list or of a table in braces. */
  readonly comma: boolean;
}

interface LibraryNode {
  readonly type: string;
  readonly loc: { readonly start: Position; readonly end: Position };
}

interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * The syntax tree of a TOML text. Throws if the text is no TOML 1.1.
 * @param text without a byte order mark
 */
export function cstOf(text: string): readonly CstNode[] {
  const lines = lineStartsOf(text);
  const offsetOf = ({ line, column }: Position) => (lines[line - 1] ?? 0) + column;
  const nodeOf = (node: LibraryNode, comma = false): CstNode => {
    const item = field(node, 'item');
    // An item of a list only wraps its value.
    if (node.type === 'InlineItem' && isNode(item)) return nodeOf(item, field(node, 'comma') === true);
    const key = field(node, 'key');
    const keyItem = isNode(key) ? field(key, 'item') : undefined;
    const value = field(node, 'value');
    const raw = field(node, 'raw');
    const items = field(node, 'items');
    return {
      type: node.type,
      start: offsetOf(node.loc.start),
      end: offsetOf(node.loc.end),
      raw: typeof raw === 'string' ? raw : '',
      names: node.type === 'Key' && Array.isArray(value) ? namesOf(value) : [],
      scalar: isNode(value) ? undefined : exact(value, raw),
      key: isNode(keyItem) ? nodeOf(keyItem) : isNode(key) ? nodeOf(key) : undefined,
      value: isNode(value) ? nodeOf(value) : undefined,
      items: Array.isArray(items) ? items.filter(isNode).map((one) => nodeOf(one)) : [],
      comma,
    };
  };
  return parseDocument(text).cst.map((node) => nodeOf(node));
}

/** Deeper than any setting, and far from what exhausts the memory. */
export const deepest = 100;

function namesOf(names: readonly unknown[]): readonly string[] {
  if (names.length > deepest) throw new Error('nested too deeply');
  return names.map(String);
}

export function lineStartsOf(text: string): readonly number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The library rounds a whole number that is too large for a JavaScript number. */
function exact(value: unknown, raw: unknown): unknown {
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const digits = typeof raw === 'string' ? raw.replaceAll('_', '') : '';
  const [, sign = '', number = ''] = /^([+-]?)(\d+|0[xob][0-9A-Fa-f]+)$/.exec(digits) ?? [];
  if (number === '') return value;
  return sign === '-' ? -BigInt(number) : BigInt(number);
}

function field(node: object, name: string): unknown {
  return Reflect.get(node, name);
}

function isNode(value: unknown): value is LibraryNode {
  return typeof value === 'object' && value !== null && 'type' in value && 'loc' in value;
}
