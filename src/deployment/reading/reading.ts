import type { EdgeModule, Stage, ValueFault } from '../../rules/deployment-words.ts';
import type { MapValue, Member, Value } from '../json/value.ts';
import { type Problem, problem, problemAtKey } from '../problem.ts';
import type { Runtime } from '../runtime.ts';
import { hasPlaceholder } from '../template.ts';
import { respeltDate } from './date.ts';
import { foundText } from './found.ts';
import { type UnknownKeys, unknownKey } from './known-keys.ts';
import { respelt, wholeOfNumber, wholeOfText } from './number.ts';
import type { Field, Held, ObjectShape, Shape, Words } from './shape.ts';
import { wordOfNumber, wordOfText } from './word.ts';

/** How a deployment is read. */
export interface ReadingOptions {
  readonly of: EdgeModule;
  readonly runtime: Runtime;
  /** Placeholders may stand for any value. */
  readonly template: boolean;
}

/**
 * Reads values as the readers of the runtime do, and keeps what they refuse and what they hold otherwise than it is written.
 * DeserializeObject of Newtonsoft.Json: JsonSerializerInternalReader.cs.
 */
export class Reading {
  readonly of: EdgeModule;
  readonly runtime: Runtime;
  readonly template: boolean;
  readonly problems: Problem[] = [];
  /**
   * Whether numbers and dates went through the twin, which writes them anew. Not so in the text of createOptions. The same twin keeps
   * the last of equal keys; in the text each of them is read.
   */
  readonly twin: boolean;

  constructor({ of, runtime, template }: ReadingOptions, twin = true) {
    this.of = of;
    this.runtime = runtime;
    this.template = template;
    this.twin = twin;
  }

  /** The same reading for the text of createOptions. What it finds is found here. */
  inText(): Reading {
    const inner = new Reading(this, false);
    return Object.assign(inner, { problems: this.problems });
  }

  refuse(
    fault: ValueFault,
    at: Value | { readonly keyOf: MapValue; readonly offset: number },
    stage: Stage = 'parse',
  ): 'refused' {
    const details = { of: this.of, runtime: this.runtime.name, stage, fault };
    this.problems.push(
      'keyOf' in at
        ? problemAtKey('deployment/refused-value', details, at.keyOf, at.offset)
        : problem('deployment/refused-value', details, at),
    );
    return 'refused';
  }

  /** A placeholder of a template stands for a value that nobody knows yet. */
  isOpen(value: Value): boolean {
    return value.kind === 'text' && (value.bare === true || (this.template && hasPlaceholder(value.text)));
  }

  read(value: Value, shape: Shape, key: string): Held {
    if (this.isOpen(value) && shape.kind !== 'own') return 'value';
    switch (shape.kind) {
      case 'any':
        return this.#any(value, key);
      case 'own':
        return shape.read(this, value, key);
      case 'text':
        return this.#text(value, key);
      case 'word':
        return this.#word(value, shape.words, key);
      case 'whole':
      case 'truth':
        return shape.kind === 'whole'
          ? this.#whole(value, shape, key)
          : this.#truth(value, shape.nullable === true, key);
      case 'map-of':
        return this.#mapOf(value, shape.of, key);
      case 'list-of':
        return this.#listOf(value, shape.of, key);
      case 'object':
        return this.#object(value, shape, key);
    }
  }

  /** Reads a text, and gives it as it is held. */
  textOf(value: Value): string | undefined {
    switch (value.kind) {
      case 'text':
        return this.twin ? (respeltDate(value.text) ?? value.text) : value.text;
      case 'number':
        return this.twin ? respelt(value.written) : value.written;
      case 'truth':
        return String(value.value);
      default:
        return undefined;
    }
  }

  #text(value: Value, key: string): Held {
    if (value.kind === 'null')
      return value.undefined && !this.twin
        ? this.refuse({ kind: 'type', key, expected: 'text', found: 'undefined' }, value)
        : 'null';
    const held = this.textOf(value);
    if (held === undefined) return this.refuse({ kind: 'type', key, expected: 'text', found: foundText(value) }, value);
    const written = value.kind === 'text' ? value.text : value.kind === 'number' ? value.written : held;
    if (held !== written) {
      this.problems.push(
        problem('deployment/respelt-value', { key, of: this.of, held, date: value.kind === 'text' }, value),
      );
    }
    return 'value';
  }

  /** Unknown keys of open objects are kept as JSON tokens, and dates in them are written anew. */
  #any(value: Value, key: string): Held {
    if (value.kind === 'text') {
      const held = respeltDate(value.text);
      if (held !== undefined && held !== value.text) {
        this.problems.push(problem('deployment/respelt-value', { key, of: this.of, held, date: true }, value));
      }
    } else if (value.kind === 'map') for (const one of value.members) this.#any(one.value, `${key}.${one.key}`);
    else if (value.kind === 'list')
      for (const [index, item] of value.items.entries()) this.#any(item, `${key}[${index}]`);
    return value.kind === 'null' ? 'null' : 'value';
  }

  #word(value: Value, { words, converter, defined, heldAsNumber, unused }: Words, key: string): Held {
    const known = words.map(({ names: [written, source] }) => (heldAsNumber ? source.toLowerCase() : written));
    const fault = { kind: 'word', key, words: known.filter((word) => word !== ''), found: foundText(value) } as const;
    if (value.kind === 'truth' && converter === 'plain') return this.changed(key, value.value ? 1 : 0, value);
    if (value.kind !== 'text' && value.kind !== 'number') return this.refuse(fault, value);
    const read = value.kind === 'text' ? wordOfText(value.text, words) : wordOfNumber(value.written);
    if (read.kind === 'refused') return this.refuse(fault, value);
    const word = words.find(({ number }) => number === read.number);
    if (word === undefined && defined) return this.refuse(fault, value);
    if (heldAsNumber) return this.changed(key, read.number, value);
    return read.plain || unused ? 'value' : this.changed(key, word?.names[0] ?? read.number, value);
  }

  changed(key: string, held: string | number | bigint | boolean, value: Value): 'value' {
    const written = foundText(value);
    this.problems.push(problem('deployment/changed-value', { key, of: this.of, written, held: String(held) }, value));
    return 'value';
  }

  #whole(value: Value, { type, nullable }: Shape & { kind: 'whole' }, key: string): Held {
    const fault = { kind: 'whole', key, type, found: foundText(value) } as const;
    switch (value.kind) {
      case 'null':
        return nullable === true ? 'null' : this.refuse(fault, value);
      case 'number':
      case 'text': {
        if (value.kind === 'text' && value.text === '' && nullable === true) return 'null';
        const whole = value.kind === 'text' ? wholeOfText(value.text, type) : wholeOfNumber(value.written, type);
        if (whole.kind === 'refused') return this.refuse(fault, value);
        return whole.changed ? this.changed(key, whole.value, value) : 'value';
      }
      case 'truth':
        // Convert.ToUInt32(true) is 1. ReadAsInt32 has no such word.
        return type === 'int32' ? this.refuse(fault, value) : this.changed(key, value.value ? 1 : 0, value);
      default:
        return this.refuse(fault, value);
    }
  }

  /** ReadAsBoolean of JsonTextReader.cs. */
  #truth(value: Value, nullable: boolean, key: string): Held {
    const refused = () => this.refuse({ kind: 'type', key, expected: 'true or false', found: foundText(value) }, value);
    switch (value.kind) {
      case 'truth':
        return 'value';
      case 'null':
        return nullable && !value.undefined ? 'null' : refused();
      case 'number': {
        if (/N|I/.test(value.written)) return refused();
        // A 0 is what is held where nothing is written.
        return Number(value.written) === 0 ? 'value' : this.changed(key, true, value);
      }
      case 'text': {
        if (value.text === '') return nullable ? 'null' : refused();
        return /^[\s\0]*(true|false)[\s\0]*$/i.test(value.text) ? 'value' : refused();
      }
      default:
        return refused();
    }
  }

  /** An empty text is taken for null where an object or a list is read (CoerceEmptyStringToNull). */
  #isNull(value: Value): boolean {
    return value.kind === 'null' || (value.kind === 'text' && value.text === '');
  }

  #mapOf(value: Value, of: Shape, key: string): Held {
    if (this.#isNull(value)) return 'null';
    if (value.kind !== 'map')
      return this.refuse({ kind: 'type', key, expected: 'an object', found: foundText(value) }, value);
    let held: Held = 'value';
    for (const one of this.membersOf(value)) {
      if (this.read(one.value, of, `${key}.${one.key}`) === 'refused') held = 'refused';
    }
    return held;
  }

  #listOf(value: Value, of: Shape, key: string): Held {
    if (this.#isNull(value)) return 'null';
    if (value.kind !== 'list')
      return this.refuse({ kind: 'type', key, expected: 'a list', found: foundText(value) }, value);
    let held: Held = 'value';
    for (const [index, item] of value.items.entries()) {
      if (this.read(item, of, `${key}[${index}]`) === 'refused') held = 'refused';
    }
    return held;
  }

  #object(value: Value, shape: ObjectShape, key: string): Held {
    if (!shape.struct && this.#isNull(value)) return 'null';
    if (value.kind !== 'map')
      return this.refuse({ kind: 'type', key, expected: 'an object', found: foundText(value) }, value);
    return this.fields(value, shape, key);
  }

  /** Reads the members of an object. */
  fields(map: MapValue, { fields, anyCase, open }: ObjectShape, key: string, unknown?: UnknownKeys): Held {
    const seen = new Map<string, { readonly held: Held; readonly key: string }>();
    let result: Held = 'value';
    for (const one of this.membersOf(map)) {
      const name = fields.has(one.key) ? one.key : anyCase.get(one.key.toLowerCase());
      const field = name === undefined ? undefined : fields.get(name);
      const path = key === '' ? one.key : `${key}.${one.key}`;
      if (name === undefined || field === undefined) {
        if (open) this.#any(one.value, path);
        if (!this.template || !hasPlaceholder(one.key))
          this.problems.push(...unknownKey(one, map, { of: this.of, key, open, fields, unknown }));
        continue;
      }
      const readAs = field.readAs ?? name;
      this.#spelling(one, map, { name, readAs, earlier: seen.get(readAs)?.key, key });
      if (field.unused)
        this.problems.push(
          problemAtKey('deployment/unknown-key', { of: this.of, key, written: one.key }, map, one.keyOffset),
        );
      const held = this.read(one.value, field.shape, path);
      if (held === 'refused') result = 'refused';
      // A key that is read as another does not satisfy what that one needs.
      seen.set(readAs, { held: name === readAs ? held : (seen.get(readAs)?.held ?? 'null'), key: one.key });
    }
    if (this.#missing(map, fields, seen, key)) return 'refused';
    return result;
  }

  #spelling(
    one: Member,
    map: MapValue,
    {
      name,
      readAs,
      earlier,
      key,
    }: { readonly name: string; readonly readAs: string; readonly earlier: string | undefined; readonly key: string },
  ): void {
    const details = { of: this.of, key, written: one.key, known: readAs };
    if (earlier !== undefined && earlier !== one.key) {
      this.problems.push(problemAtKey('deployment/key-twice', { ...details, other: earlier }, map, one.keyOffset));
    } else if (readAs !== name) this.problems.push(problemAtKey('deployment/other-key', details, map, one.keyOffset));
    else if (one.key !== name) this.problems.push(problemAtKey('deployment/key-case', details, map, one.keyOffset));
  }

  #missing(
    map: MapValue,
    fields: ReadonlyMap<string, Field>,
    seen: ReadonlyMap<string, { readonly held: Held }>,
    key: string,
  ): boolean {
    // A placeholder may stand for any key.
    if (this.template && map.members.some((one) => hasPlaceholder(one.key))) return false;
    let missing = false;
    for (const [name, { needs }] of fields) {
      if (needs === undefined) continue;
      const held = seen.get(name)?.held;
      if (held === 'value' || held === 'refused') continue;
      missing = true;
      const fault = { kind: 'missing', key: key === '' ? name : `${key}.${name}`, isNull: held === 'null' } as const;
      const value =
        held === 'null'
          ? map.members.findLast((one) => one.key.toLowerCase() === name.toLowerCase())?.value
          : undefined;
      this.refuse(fault, value ?? map);
    }
    return missing;
  }

  /** The members as they are read: of equal keys the twin keeps the last one, at the place of the first. */
  membersOf(map: MapValue): readonly Member[] {
    const byKey = new Map<string, Member>();
    let repeated = false;
    for (const one of map.members) {
      if (byKey.has(one.key)) {
        repeated = true;
        const details = { of: this.of, key: '', written: one.key, known: one.key, other: one.key };
        this.problems.push(problemAtKey('deployment/key-twice', details, map, one.keyOffset));
      }
      byKey.set(one.key, one);
    }
    return repeated && this.twin ? [...byKey.values()] : map.members;
  }
}
