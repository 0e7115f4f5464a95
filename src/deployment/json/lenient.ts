import { escapes, unescaped } from './escapes.ts';
import { otherNumber } from './other-number.ts';
import type { ListValue, MapValue, Member, Source, Value } from './value.ts';

/** What the reader of the runtime makes of a text; `offset` is where it gives up. */
export type Lenient =
  | { readonly kind: 'value'; readonly value: Value; readonly strict: boolean }
  /** Only blanks or comments. */
  | { readonly kind: 'nothing'; readonly strict: boolean }
  | { readonly kind: 'refused'; readonly why: LenientFault; readonly offset: number };

export type LenientFault = 'ends-early' | 'not-json' | 'after-end' | 'too-deep';

/**
 * Reads JSON as edgeAgent does: JsonTextReader.cs of Newtonsoft.Json 12.0.3 to 13.0.3. It takes single quotes, names without quotes,
 * comments, a comma at the end, octal and hexadecimal numbers, NaN, Infinity and undefined.
 * @param levels how deep it goes (MaxDepth); it is bounded in any case, since this function calls itself
 */
export function readLenient(text: string, source: Source, levels = Number.POSITIVE_INFINITY): Lenient {
  const reader = new Reader(text, source, levels);
  try {
    return reader.all();
  } catch (thrown) {
    if (thrown instanceof Stop) return { kind: 'refused', why: thrown.why, offset: source.inFile(thrown.at) };
    throw thrown;
  }
}

/** Versions before Newtonsoft.Json 13 have no limit, and a hub takes no text that could go as deep. */
const deepest = 1_000;

class Stop extends Error {
  readonly why: LenientFault;
  readonly at: number;

  constructor(why: LenientFault, at: number) {
    super(why);
    this.why = why;
    this.at = at;
  }
}

const blank = /\s/;
const identifier = /[\p{L}\p{Nd}_$]/u;
/** Sticky: a number goes on with any of these letters, and its form is judged afterwards. */
const numberLetters = /[-+a-fA-FxX.0-9]+/y;
const numberEnd = /[\s,}\])/]/;
const wordEnd = /[\s,}\]]|\/[*/]/y;
const words = { true: true, false: false } as const;

class Reader {
  readonly #text: string;
  readonly #source: Source;
  readonly #levels: number;
  #at = 0;
  #depth = 0;
  #strict = true;

  constructor(text: string, source: Source, levels: number) {
    this.#text = text;
    this.#source = source;
    this.#levels = Math.min(levels, deepest);
  }

  all(): Lenient {
    this.#skip();
    if (this.#at >= this.#text.length) return { kind: 'nothing', strict: this.#strict };
    const value = this.#value();
    this.#skip();
    if (this.#at < this.#text.length) throw new Stop('after-end', this.#at);
    return { kind: 'value', value, strict: this.#strict };
  }

  /** Blanks, comments and NUL characters. */
  #skip(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09) this.#at += 1;
      else if (code === 0x2f) this.#comment();
      else if (
        code === 0 ||
        ((code < 0x20 || code > 0x7e) && code !== 0xfeff && blank.test(String.fromCharCode(code)))
      ) {
        this.#strict = false;
        this.#at += 1;
      } else return;
    }
  }

  #comment(): void {
    this.#strict = false;
    const next = this.#text[this.#at + 1];
    if (next === undefined) throw new Stop('ends-early', this.#at);
    if (next === '/') {
      const end = /[\r\n]|$/g;
      end.lastIndex = this.#at;
      this.#at = end.exec(this.#text)?.index ?? this.#text.length;
      return;
    }
    if (next !== '*') throw new Stop('not-json', this.#at);
    const end = this.#text.indexOf('*/', this.#at + 2);
    if (end < 0) throw new Stop('ends-early', this.#text.length);
    this.#at = end + 2;
  }

  #value(): Value {
    const start = this.#at;
    const sign = this.#text[start];
    switch (sign) {
      case undefined:
        throw new Stop('ends-early', start);
      case '{':
        return this.#map(start);
      case '[':
        return this.#list(start);
      case '"':
      case "'": {
        const text = this.#string(sign);
        return { source: this.#source, offset: start, length: this.#at - start, kind: 'text', text };
      }
      case 't':
      case 'f': {
        const word = sign === 't' ? 'true' : 'false';
        this.#word(word);
        return { ...this.#written(start), kind: 'truth', value: words[word] };
      }
      case 'n':
        this.#word('null');
        return { ...this.#written(start), kind: 'null' };
      case 'u':
        this.#strict = false;
        this.#word('undefined');
        return { ...this.#written(start), kind: 'null', undefined: true };
      // Between two commas there is a value, which is undefined.
      case ',':
        this.#strict = false;
        return { ...this.#written(start), kind: 'null', undefined: true };
      case 'N':
        return this.#namedNumber('NaN');
      case 'I':
        return this.#namedNumber('Infinity');
      default:
        return this.#number();
    }
  }

  #open(start: number): void {
    this.#depth += 1;
    if (this.#depth > this.#levels) throw new Stop('too-deep', start);
    this.#at += 1;
  }

  #close(): void {
    this.#depth -= 1;
    this.#at += 1;
  }

  #map(start: number): MapValue {
    this.#open(start);
    const members: Member[] = [];
    for (;;) {
      this.#skip();
      if (this.#text[this.#at] === '}') break;
      const keyOffset = this.#at;
      const key = this.#key();
      this.#skip();
      if (this.#text[this.#at] === undefined) throw new Stop('ends-early', this.#at);
      if (this.#text[this.#at] !== ':') throw new Stop('not-json', this.#at);
      this.#at += 1;
      this.#skip();
      members.push({ key, keyOffset, value: this.#value() });
      if (!this.#goesOn('}')) break;
    }
    this.#close();
    return { source: this.#source, offset: start, length: this.#at - start, kind: 'map', members };
  }

  #list(start: number): ListValue {
    this.#open(start);
    const items: Value[] = [];
    for (;;) {
      this.#skip();
      if (this.#text[this.#at] === ']') break;
      items.push(this.#value());
      if (!this.#goesOn(']')) break;
    }
    this.#close();
    return { source: this.#source, offset: start, length: this.#at - start, kind: 'list', items };
  }

  /** After a value: a comma, or the end of the map or list. A comma before the end is taken. */
  #goesOn(end: '}' | ']'): boolean {
    this.#skip();
    const sign = this.#text[this.#at];
    if (sign === end) return false;
    if (sign === undefined) throw new Stop('ends-early', this.#at);
    if (sign !== ',') throw new Stop('not-json', this.#at);
    const comma = this.#at;
    this.#at += 1;
    this.#skip();
    if (this.#text[this.#at] === end) this.#strict = false;
    if (this.#at >= this.#text.length) throw new Stop('ends-early', comma);
    return true;
  }

  #key(): string {
    const sign = this.#text[this.#at];
    if (sign === undefined) throw new Stop('ends-early', this.#at);
    if (sign === '"' || sign === "'") return this.#string(sign);
    this.#strict = false;
    const start = this.#at;
    while (identifier.test(this.#text[this.#at] ?? '')) this.#at += 1;
    const next = this.#text[this.#at];
    if (next === undefined) throw new Stop('ends-early', this.#at);
    if (this.#at === start || !(next === ':' || next === '\0' || blank.test(next)))
      throw new Stop('not-json', this.#at);
    return this.#text.slice(start, this.#at);
  }

  #string(quote: string): string {
    return (quote === '"' ? this.#plainString() : undefined) ?? this.#anyString(quote);
  }

  /** A text of strict JSON, as nearly all are. */
  #plainString(): string | undefined {
    const text = this.#text;
    const start = this.#at;
    let escaped = false;
    for (let at = start + 1; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === 0x22) {
        const written = escaped ? unescaped(text.slice(start, at + 1)) : text.slice(start + 1, at);
        if (written !== undefined) this.#at = at + 1;
        return written;
      }
      if (code === 0x5c) {
        escaped = true;
        at += 1;
      } else if (code < 0x20) return undefined;
    }
    return undefined;
  }

  #anyString(quote: string): string {
    if (quote === "'") this.#strict = false;
    const start = this.#at;
    let text = '';
    let from = start + 1;
    for (let at = from; ; at += 1) {
      const sign = this.#text[at];
      if (sign === undefined) throw new Stop('ends-early', this.#text.length);
      if (sign === quote) {
        this.#at = at + 1;
        return text + this.#text.slice(from, at);
      }
      if (sign < ' ') this.#strict = false;
      if (sign !== '\\') continue;
      const { letter, length } = this.#escape(at);
      text += this.#text.slice(from, at) + letter;
      at += length - 1;
      from = at + 1;
    }
  }

  #escape(at: number): { readonly letter: string; readonly length: number } {
    const sign = this.#text[at + 1];
    if (sign === undefined) throw new Stop('ends-early', at);
    if (sign === 'u') {
      const digits = this.#text.slice(at + 2, at + 6);
      if (digits.length < 4) throw new Stop('ends-early', at);
      if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw new Stop('not-json', at);
      return { letter: String.fromCharCode(Number.parseInt(digits, 16)), length: 6 };
    }
    const letter = escapes.get(sign);
    if (letter === undefined) throw new Stop('not-json', at);
    if (sign === "'") this.#strict = false;
    return { letter, length: 2 };
  }

  #word(word: string): void {
    if (!this.#text.startsWith(word, this.#at)) {
      throw new Stop(word.startsWith(this.#text.slice(this.#at)) ? 'ends-early' : 'not-json', this.#at);
    }
    this.#at += word.length;
    wordEnd.lastIndex = this.#at;
    if (this.#at < this.#text.length && this.#text[this.#at] !== '\0' && !wordEnd.test(this.#text)) {
      throw new Stop('not-json', this.#at);
    }
  }

  #namedNumber(word: string): Value {
    const start = this.#at;
    this.#strict = false;
    this.#word(word);
    return { ...this.#written(start), kind: 'number', written: word };
  }

  #number(): Value {
    const start = this.#at;
    if (this.#text.startsWith('-I', start)) {
      this.#strict = false;
      this.#word('-Infinity');
      return { ...this.#written(start), kind: 'number', written: '-Infinity' };
    }
    if (!/[-.0-9]/.test(this.#text[start] ?? '')) throw new Stop('not-json', start);
    numberLetters.lastIndex = start;
    this.#at = start + (numberLetters.exec(this.#text)?.[0].length ?? 0);
    const next = this.#text[this.#at];
    if (next !== undefined && !numberEnd.test(next)) throw new Stop('not-json', this.#at);
    const written = this.#text.slice(start, this.#at);
    if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(written)) {
      return { ...this.#written(start), kind: 'number', written };
    }
    this.#strict = false;
    const other = otherNumber(written);
    if (other === undefined) throw new Stop('not-json', start);
    return { ...this.#written(start), kind: 'number', written: other };
  }

  #written(offset: number): { readonly source: Source; readonly offset: number; readonly length: number } {
    return { source: this.#source, offset, length: this.#at - offset };
  }
}
