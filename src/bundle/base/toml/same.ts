/** Whether two values are the same as a reader of TOML has them. */
export function same(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => same(item, other[index]));
  if (one instanceof Date || other instanceof Date) return sameDate(one, other);
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null)
    return one === other || (Number.isNaN(one) && Number.isNaN(other));
  if (Array.isArray(one) !== Array.isArray(other)) return false;
  const entries = Object.entries(one);
  const others = new Map(Object.entries(other));
  return (
    entries.length === others.size &&
    entries.every(([name, value]) => others.has(name) && same(value, others.get(name)))
  );
}

/** Each reader has a class of its own for dates. Dates of two readers are not compared: no setting is a date. */
function sameDate(one: unknown, other: unknown): boolean {
  if (!(one instanceof Date && other instanceof Date)) return false;
  return one.constructor !== other.constructor || String(one) === String(other);
}
