import {
  type CST,
  type Document,
  Composer as DocumentComposer,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  type ParsedNode,
  Parser,
  type Node as YamlNode,
} from 'yaml';
import { messageOf } from '../model/fault.ts';
import { most } from './limits.ts';
import type { Entry, Node, Scalar } from './node.ts';
import type { SourceText } from './source.ts';
import { type ParseResult, Problem, refusalOfKey, type SyntaxProblem, tooDeep, tooMany } from './syntax.ts';

/** Reads one YAML 1.2 document. Never throws; every problem has an offset. */
export function parseYaml(source: SourceText): ParseResult {
  try {
    const { document, problems } = readDocument(source.text);
    if (problems.length > 0) return { problems };
    if (document === undefined || document.contents === null) return { problems: [] };
    return new Composer(source).compose(document.contents);
  } catch (thrown) {
    return { problems: [thrown instanceof Problem ? thrown.problem : problem(messageOf(thrown), 0)] };
  }
}

interface ReadDocument {
  readonly document?: Document.Parsed<ParsedNode>;
  readonly problems: readonly SyntaxProblem[];
}

/** Does what `parseDocument` of the library does, and stops at the limits while it reads. Keys are compared later, in linear time. */
function readDocument(text: string): ReadDocument {
  const composer = new DocumentComposer({ stringKeys: true, logLevel: 'error', uniqueKeys: false });
  const { errors, warnings } = composer.streamInfo();
  // An error of the library takes 1 KB, and a text of only commas has millions of them.
  for (const list of [errors, warnings]) {
    list.push = (error) => {
      if (errors.length + warnings.length > most.syntaxFaults) throw new Enough();
      list[list.length] = error;
      return list.length;
    };
  }
  const next: { offset?: number } = {};
  try {
    const [document] = composer.compose(tokensOf(text, next), true, text.length);
    const problems = [...errors, ...warnings].map(({ message, pos }) => problem(message, pos[0]));
    if (next.offset !== undefined) problems.push(problem('Source contains multiple documents', next.offset));
    return { ...(document === undefined ? {} : { document }), problems };
  } catch (thrown) {
    if (!(thrown instanceof Enough)) throw thrown;
    return { problems: [...errors, ...warnings].map(({ message, pos }) => problem(message, pos[0])) };
  }
}

class Enough extends Error {}

/** The tokens of the first document. Puts the offset of a second one into `next`. Throws a `Problem` at a limit. */
function* tokensOf(text: string, next: { offset?: number }): Generator<CST.Token> {
  const parser = new Parser();
  let documents = 0;
  const isSecond = (token: CST.Token) => token.type === 'document' && ++documents > 1;
  let parts = 0;
  for (const part of new Lexer().lex(text)) {
    if (++parts > most.parts) throw new Problem(tooMany('parts', parser.offset));
    for (const token of parser.next(part)) {
      if (isSecond(token)) next.offset = token.offset;
      else yield token;
    }
    if (next.offset !== undefined) return;
    // The stack holds the document and the open maps and lists.
    const tooLow = parser.stack[most.levels + 2];
    if (tooLow !== undefined) throw new Problem(tooDeep(tooLow.offset));
    const first = keyBeyondLimit(parser.stack.at(-1));
    if (first !== undefined) throw new Problem(tooMany('keys', first));
  }
  for (const token of parser.end()) {
    if (isSecond(token)) next.offset = token.offset;
    else yield token;
  }
}

/** The offset of the first key that an open map has too much. */
function keyBeyondLimit(open: CST.Token | undefined): number | undefined {
  const isOpenMap = open?.type === 'block-map' || (open?.type === 'flow-collection' && open.start.source === '{');
  return isOpenMap ? open.items[most.keys]?.key?.offset : undefined;
}

/** Turns the library's nodes into this project's nodes. Follows aliases, up to a limit. */
class Composer {
  readonly #source: SourceText;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #open = new Set<YamlNode>();
  readonly #repeated: SyntaxProblem[] = [];
  #aliased = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  compose(root: YamlNode): ParseResult {
    const node = this.#node(root, 0, false);
    return this.#repeated.length > 0 ? { problems: this.#repeated } : { node, problems: [] };
  }

  #node(yaml: YamlNode, depth: number, aliased: boolean): Node {
    const offset = yaml.range?.[0] ?? 0;
    if (depth > most.levels) throw new Problem(tooDeep(offset));
    if (aliased && ++this.#aliased > most.aliased) {
      throw new Problem({ fault: { kind: 'too-many-aliased', most: most.aliased }, offset });
    }
    if (isAlias(yaml)) return this.#alias(yaml.source, offset, depth);
    if (yaml.anchor !== undefined && !aliased) this.#anchors.set(yaml.anchor, yaml);
    this.#open.add(yaml);
    try {
      return this.#composite(yaml, offset, depth, aliased);
    } finally {
      this.#open.delete(yaml);
    }
  }

  #composite(yaml: YamlNode, offset: number, depth: number, aliased: boolean): Node {
    const source = this.#source;
    if (isMap<YamlNode, YamlNode | null>(yaml)) {
      const entries = new Map<string, Entry>();
      for (const { key, value } of yaml.items) {
        const keyOffset = key.range?.[0] ?? offset;
        const name = isScalar(key) ? String(key.value) : '';
        const refused = refusalOfKey(name, keyOffset, entries);
        if (refused?.fault.kind === 'key-twice') {
          if (!aliased) this.#repeated.push(refused);
        } else if (refused !== undefined) throw new Problem(refused);
        entries.set(name, {
          keyOffset,
          node: value ? this.#node(value, depth + 1, aliased) : this.#nothing(keyOffset),
        });
      }
      return { kind: 'map', source, offset, entries };
    }
    if (isSeq<YamlNode>(yaml)) {
      return { kind: 'list', source, offset, items: yaml.items.map((item) => this.#node(item, depth + 1, aliased)) };
    }
    const value: unknown = isScalar(yaml) ? yaml.value : null;
    const written = isScalar(yaml) && typeof yaml.source === 'string' ? yaml.source : String(value);
    return { kind: 'scalar', source, offset, value: isPlainScalar(value) ? value : written, written };
  }

  #alias(name: string, offset: number, depth: number): Node {
    const target = this.#anchors.get(name);
    const wrong = (kind: 'alias-unknown' | 'alias-inside-itself') =>
      new Problem({ fault: { kind, alias: name }, offset });
    if (target === undefined) throw wrong('alias-unknown');
    if (this.#open.has(target)) throw wrong('alias-inside-itself');
    // A finding about an aliased value gets the place where the value is written, not the place where it is used.
    return this.#node(target, depth, true);
  }

  #nothing(offset: number): Node {
    return { kind: 'scalar', source: this.#source, offset, value: null, written: '' };
  }
}

function isPlainScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function problem(message: string, offset: number): SyntaxProblem {
  return { fault: { kind: 'parser', message: message.split('\n', 1)[0] ?? message }, offset };
}
