import type { ConditionType } from './expression.ts';

/**
 * The functions of a condition: Routing.Core/query/builtins in Azure/iotedge. `twin_change_includes` stands there too, but wants the
 * source TwinChangeEventMessageSource, and a route's source is always a CustomMessageSource (RouteFactory): so edgeHub never knows it.
 */
interface Signature {
  /** What it takes: one list of types for each way to call it. `any`: one value of each type. */
  readonly takes: readonly (readonly ('any' | ConditionType)[])[];
  /** The last type may come again. */
  readonly more?: true;
  readonly gives: ConditionType;
}

const math: Signature = { takes: [['number']], gives: 'number' };
const question: Signature = { takes: [['any']], gives: 'bool' };
const comparison: Signature = { takes: [['string', 'string']], gives: 'bool' };
const lettering: Signature = { takes: [['string']], gives: 'string' };

const functions: ReadonlyMap<string, Signature> = new Map([
  ['abs', math],
  ['exp', math],
  ['power', { takes: [['number', 'number']], gives: 'number' }],
  ['square', math],
  ['ceiling', math],
  ['floor', math],
  ['sign', math],
  ['sqrt', math],
  ['as_number', { takes: [['string'], ['number']], gives: 'number' }],
  ['is_bool', question],
  ['is_defined', question],
  ['is_null', question],
  ['is_number', question],
  ['is_string', question],
  ['concat', { takes: [['string', 'string']], more: true, gives: 'string' }],
  ['length', { takes: [['string']], gives: 'number' }],
  ['lower', lettering],
  ['upper', lettering],
  [
    'substring',
    {
      takes: [
        ['string', 'number'],
        ['string', 'number', 'number'],
      ],
      gives: 'string',
    },
  ],
  ['index_of', { takes: [['string', 'string']], gives: 'number' }],
  ['starts_with', comparison],
  ['ends_with', comparison],
  ['contains', comparison],
]);

export const functionNames: readonly string[] = [...functions.keys()];

/** The type of a call; `unknown` if there is no such function, `misfit` if it does not take these types. */
export function callType(name: string, given: readonly ConditionType[]): ConditionType | 'unknown' | 'misfit' {
  const signature = functions.get(name.toLowerCase());
  if (signature === undefined) return 'unknown';
  return signature.takes.some((types) => fits(types, signature.more ?? false, given)) ? signature.gives : 'misfit';
}

/** A value of the body stands for each type but `undefined` (Args.Match, QueryValue.IsSupportedType). */
function fits(types: readonly ('any' | ConditionType)[], more: boolean, given: readonly ConditionType[]): boolean {
  if (more ? given.length < types.length : given.length !== types.length) return false;
  return given.every((type, index) => {
    const wanted = types[index] ?? types.at(-1);
    return wanted === 'any' || type === wanted || type === 'body';
  });
}
