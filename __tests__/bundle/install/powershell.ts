import { createRequire } from 'node:module';
import { Language, type Node, Parser } from 'web-tree-sitter';

const require = createRequire(import.meta.url);

/** A script as a real grammar of PowerShell reads it. */
export interface Script {
  /** Where the grammar found no way on: none in a script that parses. */
  readonly errors: readonly string[];
  /** The kinds of the statements, in order, down to the last block. */
  readonly shape: string;
  /** The statements that begin with `if`, outer ones first. */
  readonly conditions: readonly string[];
  /** The literals on the right of each assignment at the top, in PowerShell's own words. */
  readonly settings: ReadonlyMap<string, readonly string[]>;
}

export async function powershell(): Promise<(text: string) => Script> {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(require.resolve('tree-sitter-powershell/tree-sitter-powershell.wasm')));
  return (text) => {
    const tree = parser.parse(text.replace(/^\uFEFF/, ''));
    if (tree === null) throw new Error('no tree');
    const { rootNode } = tree;
    const read = { errors: errorsIn(rootNode), shape: shapeOf(rootNode), settings: settingsOf(rootNode) };
    const statements = rootNode.descendantsOfType('if_statement').map((node) => node.text);
    tree.delete();
    return { ...read, conditions: statements };
  };
}

function errorsIn(node: Node): readonly string[] {
  const here = node.isError || node.isMissing ? [`line ${node.startPosition.row + 1}: ${node.text.slice(0, 80)}`] : [];
  return node.hasError ? [...here, ...node.children.flatMap(errorsIn)] : here;
}

/** Every node but what is inside of literals: a value that breaks out adds some. */
function shapeOf(node: Node): string {
  return `${node.type}(${node.namedChildren.map(shapeOf).join(' ')})`;
}

function settingsOf(root: Node): Script['settings'] {
  const statements = root.namedChildren.find(({ type }) => type === 'statement_list')?.namedChildren ?? [];
  return new Map(
    statements.flatMap((statement) => {
      const [assignment] = statement.descendantsOfType('assignment_expression');
      const name = /^\$(\w+) = /.exec(statement.text)?.[1];
      if (assignment === undefined || name === undefined) return [];
      return [[name, assignment.descendantsOfType('verbatim_string_characters').map(({ text }) => textOf(text))]];
    }),
  );
}

/**
 * The value of a verbatim string by the tokenizer of PowerShell, which knows more quotation marks than the grammar:
 * each of the five ends the string, unless any of them follows, which then is part of it.
 */
function textOf(literal: string): string {
  const marks = "'\u2018\u2019\u201A\u201B";
  let value = '';
  for (let at = 1; at < literal.length; at += 1) {
    if (marks.includes(literal[at]!)) {
      at += 1;
      if (at === literal.length) return value;
      if (!marks.includes(literal[at]!)) throw new Error(`the string ends inside of ${literal}`);
    }
    value += literal[at];
  }
  throw new Error(`the string does not end: ${literal}`);
}
