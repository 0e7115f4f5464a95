import type { CstNode } from './cst.ts';
import { lineEndOf, lineStartOf, type Range } from './lines.ts';

/** A comment that has its line for itself. */
export interface TomlComment extends Range {
  readonly text: string;
  /** No setting of the same table follows it: a new section may go behind it. */
  readonly last: boolean;
  readonly block: CommentBlock;
}

/** Comments on lines that follow each other, from the start of the first line to the end of the last one. */
export interface CommentBlock {
  readonly start: number;
  end: number;
  /** The start of the line behind it. */
  next: number;
  /** An empty line follows it, or nothing. */
  spaced: boolean;
}

/** All comments with a line for themselves, in the order of the text. Comments inside of a value are left out. */
export function commentsOf(nodes: readonly CstNode[], text: string): readonly TomlComment[] {
  const top = nodes.filter(({ type }) => type === 'Comment' || type === 'KeyValue');
  const found = [top, ...nodes.map(({ items }) => items)].flatMap((items) => ownLines(items, text));
  const comments: TomlComment[] = [];
  let block: CommentBlock | undefined;
  for (const { node, last } of found.sort((a, b) => a.node.start - b.node.start)) {
    const start = lineStartOf(text, node.start);
    if (block === undefined || block.next !== start) block = { start, end: start, next: start, spaced: false };
    block.end = lineEndOf(text, node.end);
    block.next = nextLineOf(text, block.end);
    block.spaced = text.slice(block.next, lineEndOf(text, block.next)).trim() === '';
    comments.push({ start: node.start, end: node.end, text: node.raw, last, block });
  }
  return comments;
}

function ownLines(
  items: readonly CstNode[],
  text: string,
): readonly { readonly node: CstNode; readonly last: boolean }[] {
  const settings = items.filter(({ type }) => type === 'KeyValue');
  const end = settings.at(-1)?.end ?? -1;
  const comments = items.filter(({ type }) => type === 'Comment').sort((a, b) => a.start - b.start);
  let passed = 0;
  return comments.flatMap((node) => {
    while ((settings[passed]?.end ?? text.length) <= node.start) passed += 1;
    const inValue = (settings[passed]?.start ?? text.length) < node.start;
    const alone = text.slice(lineStartOf(text, node.start), node.start).trim() === '';
    return alone && !inValue ? [{ node, last: node.start > end }] : [];
  });
}

function nextLineOf(text: string, lineEnd: number): number {
  const newline = text.indexOf('\n', lineEnd);
  return newline === -1 ? text.length : newline + 1;
}

interface Commented {
  readonly comments: readonly TomlComment[];
  readonly text: string;
}

/** The end of the comments that follow a line at once; undefined if neither an empty line nor the end follows. */
export function endOfBlock({ comments, text }: Commented, lineEnd: number): number | undefined {
  const next = nextLineOf(text, lineEnd);
  const block = comments.find((comment) => comment.block.start === next)?.block;
  if (block !== undefined) return block.spaced ? block.end : undefined;
  return text.slice(next, lineEndOf(text, next)).trim() === '' ? lineEnd : undefined;
}

/** The start of the comments right above a line, which belong to it; else that of the line. */
export function startOfBlock({ comments }: Commented, lineStart: number): number {
  return comments.find(({ block }) => block.next === lineStart)?.block.start ?? lineStart;
}
