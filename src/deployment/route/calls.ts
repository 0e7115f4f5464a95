import type { ConditionType } from './expression.ts';
import { missing, type Outcome, type Value } from './outcome.ts';

type Call = (values: readonly Value[]) => Outcome;

const math =
  (compute: (...numbers: number[]) => number): Call =>
  (values) => {
    const numbers = values.filter((value) => typeof value === 'number');
    const result = numbers.length === values.length ? compute(...numbers) : undefined;
    return [Number.isNaN(result) ? undefined : result];
  };

const texts =
  (compute: (...texts: string[]) => Value): Call =>
  (values) => {
    const strings = values.filter((value) => typeof value === 'string');
    return [strings.length === values.length ? compute(...strings) : undefined];
  };

/** Letters of other scripts change as .NET has it: not known here. */
const lettering =
  (compute: (text: string) => string): Call =>
  ([value]) => {
    if (typeof value !== 'string') return [undefined];
    return /^[\0-\x7f]*$/.test(value) ? [compute(value)] : 'anything';
  };

/** The functions of a condition, by name: the Runtime methods of Routing.Core/query/builtins in Azure/iotedge. */
export const calls: Readonly<Record<string, Call>> = {
  abs: math(Math.abs),
  exp: math(Math.exp),
  power: math((base = 0, exponent = 0) => base ** exponent),
  square: math((number = 0) => number ** 2),
  ceiling: math(Math.ceil),
  floor: math(Math.floor),
  sign: math(Math.sign),
  sqrt: math(Math.sqrt),
  as_number: ([value]) =>
    typeof value === 'string' ? asNumber(value) : [typeof value === 'number' ? value : undefined],
  is_bool: ([value]) => [value === undefined ? undefined : typeof value === 'boolean'],
  is_defined: ([value]) => [value !== undefined],
  /** It says true of each value of the body that is there. */
  is_null: ([value]) => [value === undefined ? undefined : value !== missing],
  is_number: ([value]) => [typeof value === 'number' && Number.isFinite(value)],
  is_string: ([value]) => [typeof value === 'string'],
  concat: texts((...parts) => parts.join('')),
  length: texts((text = '') => text.length),
  lower: lettering((text) => text.toLowerCase()),
  upper: lettering((text) => text.toUpperCase()),
  substring: ([text, start, ...length]) => [typeof text === 'string' ? substring(text, start, length) : undefined],
  index_of: texts((text = '', part = '') => text.indexOf(part)),
  starts_with: texts((text = '', part = '') => text.startsWith(part)),
  ends_with: texts((text = '', part = '') => text.endsWith(part)),
  contains: texts((text = '', part = '') => text.includes(part)),
};

/** What these functions answer without a look at the value, since its type says it. Of values of the body it says nothing. */
export function answeredByType(name: string, type: ConditionType | undefined): boolean | undefined {
  if (type === 'body' || `is_${type}` === name) return name === 'is_null' && type === 'null' ? true : undefined;
  return ['is_bool', 'is_null', 'is_number', 'is_string'].includes(name) ? false : undefined;
}

/** double.TryParse reads more than this: currency signs, thousands, a sign at the end. */
function asNumber(text: string): Outcome {
  if (/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[Ee][+-]?\d+)?\s*$/.test(text)) return [Number(text)];
  return /^[A-Za-z]{0,2}$/.test(text) ? [undefined] : 'anything';
}

/** Without a length the start may be the end of the text, with one it may not. */
function substring(text: string, start: Value, lengths: readonly Value[]): Value {
  if (typeof start !== 'number' || start < 0 || start > text.length) return undefined;
  if (lengths.length === 0) return text.slice(start);
  const [length] = lengths;
  if (typeof length !== 'number' || start === text.length || length < 0 || length > text.length - start)
    return undefined;
  return text.slice(Math.trunc(start), Math.trunc(start) + Math.trunc(length));
}
