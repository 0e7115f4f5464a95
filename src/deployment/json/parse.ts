import { type ParseError, printParseErrorCode, visit } from 'jsonc-parser';
import { most } from '../limits.ts';
import type { ListValue, MapValue, Member, Source, Value } from './value.ts';

/** What a deployment file holds, or why it cannot be read. */
export type Parsed =
  | { readonly kind: 'value'; readonly value: Value; readonly lenient: readonly Lenience[] }
  | { readonly kind: 'refused'; readonly why: Unparsable; readonly offset: number };

/** `code`: the parser's name for the error, such as `CommaExpected`. */
export type Unparsable =
  | { readonly kind: 'empty' }
  | { readonly kind: 'json'; readonly code: string }
  | { readonly kind: 'too-deep'; readonly levels: number }
  | { readonly kind: 'too-many'; readonly most: number };

/** What strict JSON does not have. */
export interface Lenience {
  readonly kind: 'comment' | 'trailing-comma';
  readonly offset: number;
}

/** The text of the file itself. */
function fileSource(text: string): Source {
  return { written: text, inFile: (offset) => offset };
}

/**
 * Reads JSON with comments, trailing commas and repeated keys, as editors and most tools do. Never throws.
 * @param text without placeholders outside of texts: see `template.ts`
 */
export function parseFile(text: string, bare: ReadonlySet<number> = new Set()): Parsed {
  if (text.trim() === '') return { kind: 'refused', why: { kind: 'empty' }, offset: 0 };
  return new Reader(text, bare).read();
}

/** A map or list that is being read. */
type Open =
  | { readonly kind: 'map'; readonly members: Member[]; readonly offset: number }
  | { readonly kind: 'list'; readonly items: Value[]; readonly offset: number };

const tooDeep: Unparsable = { kind: 'too-deep', levels: most.levels };

class Reader {
  readonly #text: string;
  readonly #source: Source;
  readonly #bare: ReadonlySet<number>;
  readonly #open: Open[] = [];
  readonly #keys: { readonly key: string; readonly offset: number }[] = [];
  readonly #lenient: Lenience[] = [];
  #root: Value | undefined;
  #error: ParseError | undefined;
  #comma = -1;
  #parts = 0;
  #refused: { readonly why: Unparsable; readonly offset: number } | undefined;

  constructor(text: string, bare: ReadonlySet<number>) {
    this.#text = text;
    this.#source = fileSource(text);
    this.#bare = bare;
  }

  read(): Parsed {
    try {
      this.#visit();
    } catch (thrown) {
      // The parser calls itself for each level.
      if (!(thrown instanceof RangeError)) throw thrown;
      this.#refused ??= { why: tooDeep, offset: this.#open.at(-1)?.offset ?? 0 };
    }
    if (this.#refused !== undefined) return { kind: 'refused', ...this.#refused };
    return this.#result();
  }

  #visit(): void {
    visit(
      this.#text,
      {
        onObjectBegin: (offset) => this.#begin({ kind: 'map', members: [], offset }),
        onObjectProperty: (key, offset) => {
          this.#comma = -1;
          this.#keys.push({ key, offset });
        },
        onObjectEnd: (offset, length) => this.#end(offset + length),
        onArrayBegin: (offset) => this.#begin({ kind: 'list', items: [], offset }),
        onArrayEnd: (offset, length) => this.#end(offset + length),
        onLiteralValue: (value: unknown, offset, length) => this.#add(this.#literal(value, offset, length)),
        onSeparator: (sign, offset) => {
          if (sign === ',') this.#comma = offset;
        },
        onComment: (offset) => this.#lenient.push({ kind: 'comment', offset }),
        onError: (error, offset, length) => {
          this.#error ??= { error, offset, length };
        },
      },
      { disallowComments: false, allowTrailingComma: true },
    );
  }

  #result(): Parsed {
    if (this.#root === undefined || this.#error !== undefined) {
      const code = this.#error === undefined ? 'ValueExpected' : printParseErrorCode(this.#error.error);
      return { kind: 'refused', why: { kind: 'json', code }, offset: this.#error?.offset ?? 0 };
    }
    return { kind: 'value', value: this.#root, lenient: this.#lenient };
  }

  #literal(value: unknown, offset: number, length: number): Value {
    const written = { source: this.#source, offset, length };
    if (typeof value === 'string') {
      return { ...written, kind: 'text', text: value, ...(this.#bare.has(offset) ? { bare: true } : {}) };
    }
    if (typeof value === 'number')
      return { ...written, kind: 'number', written: this.#text.slice(offset, offset + length) };
    if (typeof value === 'boolean') return { ...written, kind: 'truth', value };
    return { ...written, kind: 'null' };
  }

  #begin(open: Open): void {
    this.#comma = -1;
    if (this.#open.length >= most.levels) this.#refused ??= { why: tooDeep, offset: open.offset };
    this.#open.push(open);
  }

  #end(end: number): void {
    const open = this.#open.pop();
    if (open === undefined) return;
    if (this.#comma >= 0) this.#lenient.push({ kind: 'trailing-comma', offset: this.#comma });
    const written = { source: this.#source, offset: open.offset, length: end - open.offset };
    const value: MapValue | ListValue =
      open.kind === 'map'
        ? { ...written, kind: 'map', members: open.members }
        : { ...written, kind: 'list', items: open.items };
    this.#add(value);
  }

  #add(value: Value): void {
    this.#comma = -1;
    this.#parts += 1;
    if (this.#parts > most.parts)
      this.#refused ??= { why: { kind: 'too-many', most: most.parts }, offset: value.offset };
    if (this.#refused !== undefined) return;
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root ??= value;
    else if (parent.kind === 'list') parent.items.push(value);
    else {
      const { key = '', offset = value.offset } = this.#keys.pop() ?? {};
      parent.members.push({ key, keyOffset: offset, value });
    }
  }
}
