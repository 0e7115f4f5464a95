import type { EdgeModule, Stage, ValueFault } from '../../rules/deployment-words.ts';
import type { MapValue, Member, Value } from '../json/value.ts';
import type { Problem } from '../problem.ts';
import type { Runtime } from '../runtime.ts';
import type { TextReads } from '../text-reads.ts';
import type { KeysElsewhere } from './known-keys.ts';
import type { WholeType } from './number.ts';
import type { Word } from './word.ts';

/** What a reader of the runtime expects of a value. */
export type Shape =
  | { readonly kind: 'text' }
  | { readonly kind: 'word'; readonly words: Words }
  | { readonly kind: 'whole'; readonly type: WholeType; readonly nullable?: true }
  | { readonly kind: 'truth'; readonly nullable?: true }
  | { readonly kind: 'map-of'; readonly of: Shape }
  | { readonly kind: 'list-of'; readonly of: Shape }
  | ObjectShape
  /** Kept as it is. */
  | { readonly kind: 'any' }
  /** Read by code of its own. It says what it refuses, and whether anything is held. */
  | { readonly kind: 'own'; readonly read: (reading: Reading, value: Value, key: string) => Held };

/** Reads values as the runtime does, and keeps what it finds: the class `Reading`. */
export interface Reading {
  readonly of: EdgeModule;
  readonly runtime: Runtime;
  readonly template: boolean;
  /** Whether the values come from the twin, and not from the text of createOptions. */
  readonly twin: boolean;
  readonly texts: TextReads;
  readonly problems: Problem[];
  isOpen(value: Value): boolean;
  refuse(
    fault: ValueFault,
    at: Value | { readonly keyOf: MapValue; readonly offset: number },
    stage?: Stage,
  ): 'refused';
  read(value: Value, shape: Shape, key: string): Held;
  fields(map: MapValue, shape: ObjectShape, key: string, elsewhere?: KeysElsewhere): Held;
  membersOf(map: MapValue): readonly Member[];
  inText(): Reading;
}

/** Whether a value was refused, is held as null, or is held. */
export type Held = 'refused' | 'null' | 'value';

export interface ObjectShape {
  readonly kind: 'object';
  /** By their names in JSON. */
  readonly fields: ReadonlyMap<string, Field>;
  /** The names of those that are needed. */
  readonly needed: readonly string[];
  /** The names that people mean. */
  readonly names: readonly string[];
  /** The same by their names in small letters. */
  readonly anyCase: ReadonlyMap<string, string>;
  /** Unknown keys are kept (JsonExtensionData). */
  readonly open: boolean;
  /** A value type: an empty text is not taken for null. */
  readonly struct: boolean;
}

export interface Field {
  readonly shape: Shape;
  /** `value`: it must be there, and not null. */
  readonly needs?: 'value';
  /** The field that it is read as: a parameter of the constructor that has another name in JSON. */
  readonly readAs?: string;
  /** A key that the reader has for other purposes: nobody means it. */
  readonly hidden?: true;
  /** It is read, and nobody uses it: to people it is an unknown key. */
  readonly unused?: true;
}

export interface Words {
  readonly words: readonly Word[];
  /** Which converter reads it: StringEnumConverter, or the plain one of enumerations. */
  readonly converter: 'string' | 'plain';
  /** Whether a number that stands for none of the words is refused (CheckIsDefined). */
  readonly defined: boolean;
  /** Whether it is held as a number, which Docker does not know. */
  readonly heldAsNumber?: true;
  /** What is held counts for nothing, so that a changed value is not told. */
  readonly unused?: true;
}

export const text: Shape = { kind: 'text' };
export const truth: Shape = { kind: 'truth' };
export const anything: Shape = { kind: 'any' };

export function whole(type: WholeType): Shape {
  return { kind: 'whole', type };
}

export function listOf(of: Shape): Shape {
  return { kind: 'list-of', of };
}

export function mapOf(of: Shape): Shape {
  return { kind: 'map-of', of };
}

export function object(
  fields: Readonly<Record<string, Shape | Field>>,
  { open = false, struct = false }: { readonly open?: boolean; readonly struct?: boolean } = {},
): ObjectShape {
  const entries = Object.entries(fields).map(([key, one]): [string, Field] => [
    key,
    'kind' in one ? { shape: one } : one,
  ]);
  return {
    kind: 'object',
    fields: new Map(entries),
    needed: entries.flatMap(([key, { needs }]) => (needs === undefined ? [] : [key])),
    names: entries.flatMap(([key, { hidden }]) => (hidden ? [] : [key])),
    anyCase: new Map(entries.map(([key]) => [key.toLowerCase(), key])),
    open,
    struct,
  };
}

export function needed(shape: Shape): Field {
  return { shape, needs: 'value' };
}
