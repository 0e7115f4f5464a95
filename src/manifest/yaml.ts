import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node as YamlNode } from 'yaml';
import { messageOf } from '../model/fault.ts';
import type { SyntaxFault } from '../rules/syntax.ts';
import type { Entry, Node, Scalar } from './node.ts';
import type { SourceText } from './source.ts';
import { deepest, type ParseResult, type SyntaxProblem, tooDeep } from './syntax.ts';

/** The most values that aliases may add to one file: enough for any fleet, too few for a "billion laughs" attack. */
const mostAliased = 100_000;

/** Reads one YAML 1.2 document. Never throws; every problem has an offset. */
export function parseYaml(source: SourceText): ParseResult {
  try {
    const document = parseDocument(source.text, { prettyErrors: false, stringKeys: true, logLevel: 'error' });
    const problems = [...document.errors, ...document.warnings].map(({ message, pos }) => problem(message, pos[0]));
    if (problems.length > 0) return { problems };
    if (document.contents === null) return { problems: [] };
    return new Composer(source).compose(document.contents);
  } catch (thrown) {
    return { problems: [problem(messageOf(thrown), 0)] };
  }
}

/** Turns the library's nodes into this project's nodes. Follows aliases, up to a limit. */
class Composer {
  readonly #source: SourceText;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #open = new Set<YamlNode>();
  #aliased = 0;

  constructor(source: SourceText) {
    this.#source = source;
  }

  compose(root: YamlNode): ParseResult {
    try {
      return { node: this.#node(root, 0, false), problems: [] };
    } catch (thrown) {
      if (thrown instanceof Problem) return { problems: [thrown.problem] };
      throw thrown;
    }
  }

  #node(yaml: YamlNode, depth: number, aliased: boolean): Node {
    const offset = yaml.range?.[0] ?? 0;
    if (depth > deepest) throw new Problem(tooDeep(offset));
    if (aliased && ++this.#aliased > mostAliased) {
      throw new Problem({ fault: { kind: 'too-many-aliased', most: mostAliased }, offset });
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

class Problem extends Error {
  readonly problem: SyntaxProblem;

  constructor(problem: SyntaxProblem) {
    super(problem.fault.kind);
    this.problem = problem;
  }
}

function isPlainScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** The library recurses: a text of only brackets exhausts the stack before the limit of levels is reached. */
function problem(message: string, offset: number): SyntaxProblem {
  if (/call stack/i.test(message)) return tooDeep(offset);
  const fault: SyntaxFault = { kind: 'parser', message: message.split('\n', 1)[0] ?? message };
  return { fault, offset };
}
