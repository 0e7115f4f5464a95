import { createScanner, type Node as JsonNode, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { most } from './limits.ts';
import type { Entry, Node } from './node.ts';
import type { SourceText } from './source.ts';
import { type ParseResult, Problem, refusalOfKey, type SyntaxProblem, tooDeep, tooMany } from './syntax.ts';

/** Reads JSON (RFC 8259: no comments, no trailing commas). Never throws; every problem has an offset. */
export function parseJson(source: SourceText): ParseResult {
  if (source.text.trim() === '') return { problems: [] };
  const limit = limitIn(source.text);
  if (limit !== undefined) return { problems: [limit] };
  const errors: ParseError[] = [];
  const tree = parseTree(source.text, errors, { disallowComments: true, allowTrailingComma: false });
  const [first] = errors;
  if (tree === undefined || first !== undefined) {
    const code = first === undefined ? 'ValueExpected' : printParseErrorCode(first.error);
    return { problems: [{ fault: { kind: 'json', code }, offset: first?.offset ?? 0 }] };
  }
  try {
    const repeated: SyntaxProblem[] = [];
    const node = compose(tree, source, repeated);
    return repeated.length > 0 ? { problems: repeated } : { node, problems: [] };
  } catch (thrown) {
    if (thrown instanceof Problem) return { problems: [thrown.problem] };
    throw thrown;
  }
}

/** Finds where a text goes over a limit, before its tree takes time and memory: the parser recurses and keeps all errors. */
function limitIn(text: string): SyntaxProblem | undefined {
  const scanner = createScanner(text, true);
  let depth = -1;
  let parts = 0;
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const offset = scanner.getTokenOffset();
    const sign = text[offset];
    if (sign === '{' || sign === '[') depth += 1;
    if (sign === '}' || sign === ']') depth -= 1;
    if (depth > most.levels) return tooDeep(offset);
    if (++parts > most.parts) return tooMany('parts', offset);
  }
  return undefined;
}

function compose(json: JsonNode, source: SourceText, repeated: SyntaxProblem[]): Node {
  const { offset } = json;
  if (json.type === 'array') {
    const items = (json.children ?? []).map((child) => compose(child, source, repeated));
    return { kind: 'list', source, offset, items };
  }
  if (json.type === 'object') {
    const entries = new Map<string, Entry>();
    for (const { children: [key, value] = [] } of json.children ?? []) {
      if (key === undefined || value === undefined) continue;
      const name = String(key.value);
      const refused = refusalOfKey(name, key.offset, entries);
      if (refused?.fault.kind === 'key-twice') repeated.push(refused);
      else if (refused !== undefined) throw new Problem(refused);
      entries.set(name, { keyOffset: key.offset, node: compose(value, source, repeated) });
    }
    return { kind: 'map', source, offset, entries };
  }
  const value: unknown = json.value;
  const written = source.text.slice(offset, offset + json.length);
  const scalar = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null;
  return { kind: 'scalar', source, offset, value: scalar, written };
}
