/** A JSON value with its place, as it is written: members in their order with all repeats, numbers with their spelling. */
export type Value = TextValue | NumberValue | TruthValue | NullValue | ListValue | MapValue;

interface Written {
  /** The text that the value was read from. */
  readonly source: Source;
  /** In UTF-16 code units of the source's text. */
  readonly offset: number;
  readonly length: number;
}

export interface TextValue extends Written {
  readonly kind: 'text';
  readonly text: string;
  /** A placeholder that stands there without quotes. */
  readonly bare?: true;
}

export interface NumberValue extends Written {
  readonly kind: 'number';
  /** `1.10` is not 1.1. */
  readonly written: string;
}

export interface TruthValue extends Written {
  readonly kind: 'truth';
  readonly value: boolean;
}

export interface NullValue extends Written {
  readonly kind: 'null';
  /** The word `undefined`, or nothing between two commas, which only the runtime's reader takes. */
  readonly undefined?: true;
}

export interface ListValue extends Written {
  readonly kind: 'list';
  readonly items: readonly Value[];
}

export interface MapValue extends Written {
  readonly kind: 'map';
  readonly members: readonly Member[];
}

export interface Member {
  readonly key: string;
  /** In the source of the map. */
  readonly keyOffset: number;
  readonly value: Value;
}

/** A text that values are read from: a file, or a text in it that holds JSON itself. */
export interface Source {
  /** The text itself. */
  readonly written: string;
  /** The offset in the file of an offset in this text. */
  inFile(offset: number): number;
}

/** The offset of a value in its file. */
export function offsetOf({ source, offset }: Value): number {
  return source.inFile(offset);
}

/** The last member with exactly this key, as JSON readers take it. */
export function member(map: Value | undefined, key: string): Member | undefined {
  return map?.kind === 'map' ? map.members.findLast((one) => one.key === key) : undefined;
}

/** The value of the last member with exactly this key. */
export function valueAt(map: Value | undefined, ...path: readonly string[]): Value | undefined {
  return path.reduce<Value | undefined>((here, key) => member(here, key)?.value, map);
}
