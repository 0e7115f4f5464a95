/**
 * What a condition can come to, as edgeHub computes it (Routing.Core/query/Bool.cs, Undefined.cs, Null.cs, ComparisonOperators.cs,
 * types/QueryValue.cs, builtins/ in Azure/iotedge). `undefined` is neither true nor false: the message is not taken.
 */
export type Outcome = readonly Value[] | 'anything';

export type Value = boolean | number | string | null | undefined | typeof missing;

/** A field that the body lacks: edgeHub's QueryValue.Null, which compares like null, but for which is_null answers false. */
export const missing: unique symbol = Symbol('missing');
