import { isJsonObject } from '../wire/json.ts';
import { notUnderstood } from './not-understood.ts';

/**
 * The functions of conditions. IS_DEFINED and those of types are documented; Microsoft's own clients send STARTSWITH (a
 * sample for C#) and ARRAY_CONTAINS (the Azure CLI). ENDSWITH and CONTAINS are assumed, by the same names as in the
 * store behind the service. A value of the wrong type makes the result undefined.
 */
const functions = {
  IS_DEFINED: (value: unknown) => value !== undefined,
  IS_NULL: (value: unknown) => value === null,
  IS_BOOL: (value: unknown) => typeof value === 'boolean',
  IS_NUMBER: (value: unknown) => typeof value === 'number',
  IS_STRING: (value: unknown) => typeof value === 'string',
  IS_ARRAY: (value: unknown) => Array.isArray(value),
  IS_OBJECT: (value: unknown) => isJsonObject(value),
  IS_PRIMITIVE: (value: unknown) => value !== undefined && (typeof value !== 'object' || value === null),
  STARTSWITH: ofTexts((text, start) => text.startsWith(start)),
  ENDSWITH: ofTexts((text, end) => text.endsWith(end)),
  CONTAINS: ofTexts((text, part) => text.includes(part)),
  ARRAY_CONTAINS: (list: unknown, item: unknown) => (Array.isArray(list) ? list.includes(item) : undefined),
} as const satisfies Readonly<Record<string, Pure>>;

export type FunctionName = keyof typeof functions;
type Pure = (first: unknown, second: unknown) => boolean | undefined;

/** Documented for conditions of message routing alone, with the names to use instead. */
const ofRouting: ReadonlyMap<string, string> = new Map([
  ['STARTS_WITH', 'STARTSWITH'],
  ['ENDS_WITH', 'ENDSWITH'],
]);

/** The function of this name, in any case of letters. Throws `Refused` for one that there is not. */
export function functionNamed(text: string): { readonly name: FunctionName; readonly takes: number } {
  const upper = text.toUpperCase();
  if (isFunction(upper)) return { name: upper, takes: functions[upper].length };
  const instead = ofRouting.get(upper);
  const hint = instead === undefined ? `there are ${Object.keys(functions).join(', ')}` : `use ${instead} here`;
  throw notUnderstood(`the function ${text} is not supported, ${hint}`);
}

export function functionOf(name: FunctionName): Pure {
  return functions[name];
}

function isFunction(name: string): name is FunctionName {
  return Object.hasOwn(functions, name);
}

function ofTexts(holds: (text: string, other: string) => boolean) {
  return (text: unknown, other: unknown) =>
    typeof text === 'string' && typeof other === 'string' ? holds(text, other) : undefined;
}
