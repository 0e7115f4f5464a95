/**
 * A value that is not of the type that the runtime expects. `found` names the kind of the value and never the value: it
 * may be a secret.
 */
export interface Misfit {
  readonly path: readonly string[];
  readonly expected: string;
  readonly found: string;
}

/** Checks a value of a parsed configuration. It returns all values in it that do not fit. */
export type Shape = (value: unknown, path: readonly string[]) => readonly Misfit[];

export type Shapes = Readonly<Record<string, Shape>>;

/** A shape that one test decides. `expected` are its words: `text`. */
export function shape(expected: string, fits: (value: unknown) => boolean): Shape {
  return (value, path) => (fits(value) ? [] : [misfit(path, expected, value)]);
}

function misfit(path: readonly string[], expected: string, value: unknown): Misfit {
  return { path, expected, found: kindOf(value) };
}

export const anything: Shape = () => [];
export const text = shape('text', (value) => typeof value === 'string');
export const truth = shape('true or false', (value) => typeof value === 'boolean');

/** A whole number from `least` to `most`. A reader of TOML may give it as a bigint. */
export function whole(least: number, most: number, expected = `a whole number from ${least} to ${most}`): Shape {
  return shape(
    expected,
    (value) =>
      (typeof value === 'bigint' || Number.isInteger(value)) && Number(value) >= least && Number(value) <= most,
  );
}

export function oneOf(...words: readonly string[]): Shape {
  return shape(
    words.map((word) => `"${word}"`).join(' or '),
    (value) => typeof value === 'string' && words.includes(value),
  );
}

/** A value that fits one of two shapes. The misfits are those of the second one. */
export function either(one: Shape, other: Shape): Shape {
  return (value, path) => (one(value, path).length === 0 ? [] : other(value, path));
}

/** A list of values of one shape. */
export function listOf(item: Shape): Shape {
  return (value, path) =>
    Array.isArray(value)
      ? value.flatMap((inner: unknown, index) => item(inner, [...path, String(index)]))
      : [misfit(path, 'a list', value)];
}

/** A map of any names whose values have one shape. */
export function mapOf(item: Shape): Shape {
  return (value, path) =>
    isPlainMap(value)
      ? Object.entries(value).flatMap(([name, inner]) => item(inner, [...path, name]))
      : [misfit(path, 'a map', value)];
}

interface Demands {
  /** Names that must be there. */
  readonly required?: readonly string[];
  /** Names that must not be `null`, where config.yaml writes them. */
  readonly notNull?: readonly string[];
}

/**
 * A map whose names are known. Other names may have any value: no version of the runtime refuses them. A `null` leaves a
 * name out, which config.yaml can say.
 */
export function map(known: Shapes, { required = [], notNull = [] }: Demands = {}): Shape {
  return (value, path) => {
    if (!isPlainMap(value)) return [misfit(path, 'a map', value)];
    const isAbsent = (name: string) => value[name] === undefined || (value[name] === null && !notNull.includes(name));
    const missing = required.filter(isAbsent).map((name) => misfit([...path, name], 'a value', undefined));
    const wrong = Object.entries(known).flatMap(([name, inner]) =>
      isAbsent(name) ? [] : inner(value[name], [...path, name]),
    );
    return [...missing, ...wrong];
  };
}

export function isPlainMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'bigint') return 'a whole number';
  if (typeof value === 'number') return Number.isInteger(value) ? 'a whole number' : 'a number with a fraction';
  if (typeof value === 'boolean') return 'true or false';
  return typeof value === 'string' ? 'text' : 'a map';
}
