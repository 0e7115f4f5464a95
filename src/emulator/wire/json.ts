/** A JSON object whose values have not been checked. */
export type JsonObject = { readonly [key: string]: unknown };

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * The value of a property. Names are compared without case, as the service does: the swagger writes `eTag` and
 * `importMode: updateIfMatchETag`, the stock SDK `etag` and `UpdateIfMatchETag`.
 */
export function property(object: JsonObject, name: string): unknown {
  if (Object.hasOwn(object, name)) return object[name];
  const lower = name.toLowerCase();
  const key = Object.keys(object).find((candidate) => candidate.toLowerCase() === lower);
  return key === undefined ? undefined : object[key];
}
