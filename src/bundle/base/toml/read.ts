import { parse, TomlError } from 'smol-toml';
import { messageOf } from '../../../model/fault.ts';
import type { Place } from '../../../model/finding.ts';
import type { BaseProblem } from '../../../rules/base.ts';
import type { TomlBase } from './base.ts';
import { cstOf, deepest, lineStartsOf } from './cst.ts';
import { editTomlSafely } from './safely.ts';
import { same } from './same.ts';
import { plainOf, treeOf } from './tree.ts';

/** Numbers may be too large for a JavaScript number. */
const wholly = { integersAsBigInt: 'asNeeded', maxDepth: deepest } as const;

export type ReadToml = { readonly base: TomlBase } | { readonly problem: BaseProblem; readonly place: Place };

/**
 * Reads a config.toml for editing. One reader gives the places of all settings, and another one the values: a file that
 * they understand differently is refused.
 *
 * @param path relative to the workspace; findings name it
 * @param fileText the decoded text with its byte order mark
 */
export function readToml(path: string, fileText: string): ReadToml {
  const byteOrderMark = fileText.startsWith('\uFEFF') ? '\uFEFF' : '';
  const text = fileText.slice(byteOrderMark.length);
  const newline = /\r?\n/.exec(text)?.[0] === '\r\n' ? '\r\n' : '\n';
  const place = placesIn(path, text);
  try {
    const parsed = parse(text, wholly);
    const nodes = cstOf(text);
    const tree = treeOf(nodes, text);
    if (!same(plainOf(tree.root), parsed)) return { problem: { kind: 'read-differently' }, place: place(0) };
    const base: TomlBase = {
      ...{ form: 'config.toml', path, byteOrderMark, text, newline, parsed, nodes, place, ...tree },
      edit: (edits) => editTomlSafely(base, edits),
    };
    return { base };
  } catch (thrown) {
    return { problem: problemOf(thrown), place: placeOf(thrown, path) };
  }
}

/** Finds the line of an offset. A file may have as many findings as lines. */
export function placesIn(file: string, text: string): (offset: number) => Place {
  const starts = lineStartsOf(text);
  return (offset) => {
    let [low, high] = [0, starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file, line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

/** The parsers recurse: a text of nothing but brackets exhausts the stack. */
function problemOf(thrown: unknown): BaseProblem {
  const message = messageOf(thrown);
  if (/call stack|nested/i.test(message)) return { kind: 'too-deep' };
  const [first = ''] = message.split('\n', 1);
  return { kind: 'toml-syntax', message: first.replace(/^(Invalid TOML document|Error parsing TOML \(.*?\)): ?/, '') };
}

function placeOf(thrown: unknown, file: string): Place {
  if (thrown instanceof TomlError) return { file, line: thrown.line, column: thrown.column };
  // The second parser tells its place in the message alone.
  const [, line = '1', column = '1'] = /\((\d+), (\d+)\)/.exec(messageOf(thrown)) ?? [];
  return { file, line: Number(line), column: Number(column) };
}
