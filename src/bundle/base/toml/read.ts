import { parse, TomlError } from 'smol-toml';
import { messageOf } from '../../../model/fault.ts';
import type { Place } from '../../../model/finding.ts';
import type { BaseProblem } from '../../../rules/base.ts';
import type { TomlBase } from './base.ts';
import { cstOf } from './cst.ts';
import { editTomlSafely } from './safely.ts';
import { same } from './same.ts';
import { plainOf, treeOf } from './tree.ts';

/** Numbers may be too large for a JavaScript number. */
const wholly = { integersAsBigInt: 'asNeeded' } as const;

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
  const place = (offset: number): Place => {
    const lines = text.slice(0, offset).split('\n');
    return { file: path, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
  };
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

/** The parsers recurse: a text of nothing but brackets exhausts the stack. */
function problemOf(thrown: unknown): BaseProblem {
  const message = messageOf(thrown);
  if (/call stack|maximum depth|nested too deep/i.test(message)) return { kind: 'too-deep' };
  const [first = ''] = message.split('\n', 1);
  return { kind: 'toml-syntax', message: first.replace(/^(Invalid TOML document|Error parsing TOML \(.*?\)): ?/, '') };
}

function placeOf(thrown: unknown, file: string): Place {
  if (thrown instanceof TomlError) return { file, line: thrown.line, column: thrown.column };
  // The second parser tells its place in the message alone.
  const [, line = '1', column = '1'] = /\((\d+), (\d+)\)/.exec(messageOf(thrown)) ?? [];
  return { file, line: Number(line), column: Number(column) };
}
