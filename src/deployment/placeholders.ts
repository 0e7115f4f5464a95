import type { MapValue, Value } from './json/value.ts';
import { type Problem, problem, problemAtKey } from './problem.ts';
import { hasPlaceholder, leftOver } from './template.ts';

/** Tells whether a key or a text of a deployment has a placeholder, so that the file is a template. */
export function holdsPlaceholder(text: string, value: Value): boolean {
  // Most files have no sign of one at all.
  return hasPlaceholder(text) && holds(value);
}

function holds(value: Value): boolean {
  if (value.kind === 'text') return hasPlaceholder(value.text);
  if (value.kind === 'list') return value.items.some(holds);
  return value.kind === 'map' && value.members.some((one) => hasPlaceholder(one.key) || holds(one.value));
}

/** The placeholders that are left in a file that a hub gets as it is. */
export function leftOverIn(text: string, root: Value): readonly Problem[] {
  if (!hasPlaceholder(text)) return [];
  return [...below(root, '')];
}

function* below(value: Value, key: string): Generator<Problem> {
  if (value.kind === 'text') {
    const placeholder = leftOver(value.text);
    if (placeholder !== undefined) yield problem('deployment/placeholder', { key, placeholder }, value);
  } else if (value.kind === 'list') {
    for (const [index, item] of value.items.entries()) yield* below(item, `${key}[${index}]`);
  } else if (value.kind === 'map') yield* inMap(value, key);
}

function* inMap(map: MapValue, key: string): Generator<Problem> {
  for (const one of map.members) {
    const path = key === '' ? one.key : `${key}.${one.key}`;
    const placeholder = leftOver(one.key);
    if (placeholder !== undefined) {
      yield problemAtKey('deployment/placeholder', { key: path, placeholder }, map, one.keyOffset);
    }
    yield* below(one.value, path);
  }
}
