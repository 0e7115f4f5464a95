import type { EdgeModule, Stage, ValueFault } from '../../rules/deployment-words.ts';
import type { DetailsOf, RuleName } from '../../rules/rules.ts';
import type { MapValue, Member, Value } from '../json/value.ts';
import { most } from '../limits.ts';
import { type Problem, Problems, problem, problemAtKey } from '../problem.ts';
import type { Runtime } from '../runtime.ts';
import { hasPlaceholder } from '../template.ts';
import { TextReads } from '../text-reads.ts';
import { foundText } from './found.ts';
import { type KeysElsewhere, nearest, unknownKey } from './known-keys.ts';
import { keepAny, readText, readTruth, readWhole, readWord } from './scalars.ts';
import type { Held, ObjectShape, Reading as Reads, Shape } from './shape.ts';

/** How a deployment is read. */
export interface ReadingOptions {
  readonly of: EdgeModule;
  readonly runtime: Runtime;
  /** Placeholders may stand for any value. */
  readonly template: boolean;
  readonly texts?: TextReads;
}

/**
 * Reads values as the readers of the runtime do, and keeps what they refuse and what they hold otherwise than it is written.
 * DeserializeObject of Newtonsoft.Json: JsonSerializerInternalReader.cs.
 */
export class Reading implements Reads {
  readonly of: EdgeModule;
  readonly runtime: Runtime;
  readonly template: boolean;
  readonly texts: TextReads;
  readonly problems: Problem[] = new Problems();
  /**
   * Whether numbers and dates went through the twin, which writes them anew. Not so in the text of createOptions. The same twin keeps
   * the last of equal keys; in the text each of them is read.
   */
  readonly twin: boolean;

  constructor({ of, runtime, template, texts = new TextReads() }: ReadingOptions, twin = true) {
    this.of = of;
    this.runtime = runtime;
    this.template = template;
    this.texts = texts;
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
        return keepAny(this, value, key);
      case 'own':
        return shape.read(this, value, key);
      case 'text':
        return readText(this, value, key);
      case 'word':
        return readWord(this, value, shape.words, key);
      case 'whole':
        return readWhole(this, value, shape, key);
      case 'truth':
        return readTruth(this, value, shape.nullable === true, key);
      case 'map-of':
        return this.#mapOf(value, shape.of, key);
      case 'list-of':
        return this.#listOf(value, shape.of, key);
      case 'object':
        return this.#object(value, shape, key);
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
  fields(
    map: MapValue,
    { fields, anyCase, open, needed, names }: ObjectShape,
    key: string,
    elsewhere?: KeysElsewhere,
  ): Held {
    const seen = new Map<string, Seen>();
    const unknown: Member[] = [];
    let result: Held = 'value';
    for (const one of this.membersOf(map)) {
      const name = fields.has(one.key) ? one.key : anyCase.get(one.key.toLowerCase());
      const field = name === undefined ? undefined : fields.get(name);
      if (name === undefined || field === undefined) {
        unknown.push(one);
        continue;
      }
      const readAs = field.readAs ?? name;
      const earlier = seen.get(readAs)?.key;
      if (earlier !== undefined || one.key !== readAs) this.#spelling(one, map, { name, readAs, earlier, key });
      if (field.unused) this.#tell('deployment/unknown-key', { of: this.of, key, written: one.key }, map, one);
      const held = this.read(one.value, field.shape, below(key, one.key));
      if (held === 'refused') result = 'refused';
      // A key that is read as another does not satisfy what that one needs.
      const satisfied = name === readAs ? held : (seen.get(readAs)?.held ?? 'null');
      seen.set(readAs, { held: satisfied, key: one.key, value: one.value });
    }
    const missing = this.#missing(map, { needed, seen, unknown, key });
    const around = { of: this.of, key, open, known: names, elsewhere };
    for (const one of unknown.length > most.unknown && !open ? unknown.slice(0, most.unknown) : unknown) {
      if (open) keepAny(this, one.value, below(key, one.key));
      // What is told to be missing is not told to be misspelt as well.
      if (missing.has(one) || (this.template && hasPlaceholder(one.key))) continue;
      this.problems.push(...unknownKey(one, map, around));
    }
    return missing.size > 0 ? 'refused' : result;
  }

  #spelling(one: Member, map: MapValue, { name, readAs, earlier, key }: Spelling): void {
    const details = { of: this.of, key, written: one.key, known: readAs };
    if (earlier !== undefined && earlier !== one.key) {
      this.#tell('deployment/key-twice', { ...details, other: earlier }, map, one);
    } else if (readAs !== name) this.#tell('deployment/other-key', details, map, one);
    else if (one.key !== name) this.#tell('deployment/key-case', details, map, one);
  }

  #tell<Name extends RuleName>(rule: Name, details: DetailsOf[Name], map: MapValue, { keyOffset }: Member): void {
    this.problems.push(problemAtKey(rule, details, map, keyOffset));
  }

  /** Refuses what is needed and not there, and gives the unknown keys that probably mean it; the map itself for the others. */
  #missing(map: MapValue, { needed, seen, unknown, key }: Found): ReadonlySet<Member | MapValue> {
    const missing = new Set<Member | MapValue>();
    // A placeholder may stand for any key.
    if (this.template && map.members.some((one) => hasPlaceholder(one.key))) return missing;
    for (const name of needed) {
      const held = seen.get(name);
      if (held?.held === 'value' || held?.held === 'refused') continue;
      const meant = held === undefined ? unknown.find((one) => nearest(one.key, [name]) !== undefined) : undefined;
      missing.add(meant ?? map);
      const isNull = held !== undefined && held.key.toLowerCase() === name.toLowerCase();
      const fault = {
        kind: 'missing',
        key: below(key, name),
        isNull,
        ...(meant === undefined ? {} : { meant: meant.key }),
      } as const;
      if (meant !== undefined) this.refuse(fault, { keyOf: map, offset: meant.keyOffset });
      else this.refuse(fault, isNull ? held.value : map);
    }
    return missing;
  }

  /** The members as they are read: of equal keys the twin keeps the last one, at the place of the first. */
  membersOf(map: MapValue): readonly Member[] {
    if (!hasRepeats(map.members)) return map.members;
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

interface Seen {
  readonly held: Held;
  readonly key: string;
  readonly value: Value;
}

interface Spelling {
  readonly name: string;
  readonly readAs: string;
  /** How the key was spelt before. */
  readonly earlier: string | undefined;
  readonly key: string;
}

interface Found {
  readonly needed: readonly string[];
  readonly seen: ReadonlyMap<string, Seen>;
  readonly unknown: readonly Member[];
  readonly key: string;
}

/** Most maps are small, and have no key twice. */
function hasRepeats(members: readonly Member[]): boolean {
  if (members.length > 16) return new Set(members.map(({ key }) => key)).size < members.length;
  return members.some(({ key }, index) => {
    for (let other = 0; other < index; other += 1) if (members[other]?.key === key) return true;
    return false;
  });
}

function below(key: string, name: string): string {
  return key === '' ? name : `${key}.${name}`;
}
