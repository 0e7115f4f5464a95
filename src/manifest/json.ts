import { type Node as JsonNode, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Entry, Node } from './node.ts';
import type { SourceText } from './source.ts';
import { deepest, type ParseResult, type SyntaxProblem, tooDeep } from './syntax.ts';

/** Reads JSON (RFC 8259: no comments, no trailing commas). Never throws; every problem has an offset. */
export function parseJson(source: SourceText): ParseResult {
  try {
    const errors: ParseError[] = [];
    const tree = parseTree(source.text, errors, { disallowComments: true, allowTrailingComma: false });
    const empty = source.text.trim() === '';
    if (empty) return { problems: [] };
    const problems = errors.map(
      ({ error, offset }): SyntaxProblem => ({ fault: { kind: 'json', code: printParseErrorCode(error) }, offset }),
    );
    if (tree === undefined || problems.length > 0) return { problems: problems.slice(0, 1) };
    const node = compose(tree, source, 0, problems);
    return problems.length > 0 ? { problems } : { node, problems };
  } catch (thrown) {
    if (thrown instanceof RangeError) return { problems: [tooDeep(0)] };
    throw thrown;
  }
}

function compose(json: JsonNode, source: SourceText, depth: number, problems: SyntaxProblem[]): Node {
  const { offset } = json;
  if (depth > deepest) {
    problems.push(tooDeep(offset));
    return { kind: 'scalar', source, offset, value: null, written: '' };
  }
  if (json.type === 'array') {
    const items = (json.children ?? []).map((child) => compose(child, source, depth + 1, problems));
    return { kind: 'list', source, offset, items };
  }
  if (json.type === 'object') {
    const entries = new Map<string, Entry>();
    for (const { children: [key, value] = [] } of json.children ?? []) {
      if (key === undefined || value === undefined) continue;
      const name = String(key.value);
      if (entries.has(name)) problems.push({ fault: { kind: 'key-twice', key: name }, offset: key.offset });
      entries.set(name, { keyOffset: key.offset, node: compose(value, source, depth + 1, problems) });
    }
    return { kind: 'map', source, offset, entries };
  }
  const value: unknown = json.value;
  const written = source.text.slice(offset, offset + json.length);
  const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
  return { kind: 'scalar', source, offset, value: scalar, written };
}
