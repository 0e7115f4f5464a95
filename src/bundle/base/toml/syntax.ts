import type { TomlSyntax } from '../../../rules/base-toml.ts';
import type { CstNode } from './cst.ts';

/** Syntax that not every version of the runtime reads, and where it stands. */
export interface Syntax {
  readonly offset: number;
  readonly kind: TomlSyntax;
}

/**
 * Returns what a text has beyond TOML 0.5, in the order of the text. What the readers take was tried on the versions of
 * Rust's `toml` that the runtime uses (0.5.8, 0.5.9, 0.7.6; 1.2.2 for 1.1.2).
 */
export function syntaxOf(nodes: readonly CstNode[], text: string): readonly Syntax[] {
  const found: Syntax[] = [];
  for (const node of nodes) inNode(node, text, (offset, kind) => found.push({ offset, kind }));
  return [...found, ...headersOfDotted(nodes)].sort((a, b) => a.offset - b.offset);
}

type Tell = (offset: number, kind: TomlSyntax) => void;

function inNode(node: CstNode, text: string, tell: Tell): void {
  const { type, start, raw, names, key, value, items } = node;
  if (type === 'Key') {
    if (names.includes('')) tell(start, 'empty-key');
    for (const [part] of raw.matchAll(/"(?:\\.|[^"\\])*"|'[^']*'/gs)) if (hasNewEscape(part)) tell(start, 'escape');
  }
  if (type === 'String' && hasNewEscape(raw)) tell(start, 'escape');
  if (type === 'DateTime' && /(^|[Tt ])\d\d:\d\d(?!:)/.test(raw)) tell(start, 'time-without-seconds');
  if (type === 'InlineTable') inBraces(node, text, tell);
  if (key !== undefined) inNode(key, text, tell);
  if (value !== undefined) inNode(value, text, tell);
  for (const item of items) inNode(item, text, tell);
}

/** A literal string (`'…'`) has no escapes. */
function hasNewEscape(raw: string): boolean {
  return raw.startsWith('"') && [...raw.matchAll(/\\(.)/gs)].some(([, letter]) => letter === 'e' || letter === 'x');
}

function inBraces({ start, end, items }: CstNode, text: string, tell: Tell): void {
  const settings = items.filter(({ type }) => type === 'KeyValue');
  let done = start;
  for (const edge of [...settings, { start: end, end }]) {
    if (text.slice(done, edge.start).includes('\n')) tell(done, 'line-break-in-braces');
    done = edge.end;
  }
  const last = settings.at(-1);
  if (last?.comma === true) tell(last.end, 'comma-at-end-of-braces');
}

/** Headers that go on with a table that keys with dots have made: `a.b = 1`, then `[a.c]`. */
function headersOfDotted(nodes: readonly CstNode[]): readonly Syntax[] {
  const dotted = new Set<string>();
  const found: Syntax[] = [];
  for (const { type, start, key, items } of nodes) {
    const names = key?.names ?? [];
    const isHeader = type === 'Table' || type === 'TableArray';
    if (isHeader && names.some((_, n) => dotted.has(JSON.stringify(names.slice(0, n + 1)))))
      found.push({ offset: start, kind: 'header-of-dotted' });
    const body = isHeader ? names : [];
    const keys = isHeader ? items.map((item) => item.key?.names ?? []) : [names];
    for (const path of keys)
      for (let n = 1; n < path.length; n++) dotted.add(JSON.stringify([...body, ...path.slice(0, n)]));
  }
  return found;
}
