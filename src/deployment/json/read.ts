import { most } from '../limits.ts';
import { type Problem, problem } from '../problem.ts';
import { withQuotes } from '../template.ts';
import { readLenient } from './lenient.ts';
import { type Lenience, parseFile, type Unparsable } from './parse.ts';
import type { Value } from './value.ts';

/** The value of a deployment file, with what other tools would say of its form. */
export type ReadText =
  | { readonly kind: 'value'; readonly value: Value; readonly bare: boolean; readonly problems: readonly Problem[] }
  | { readonly kind: 'refused'; readonly why: Unparsable; readonly offset: number };

/** Reads the text of a file. Never throws. */
export function readText(text: string): ReadText {
  const strict = readStrict(text);
  if (strict !== undefined) return { kind: 'value', value: strict, bare: false, problems: [] };
  const plain = parseFile(text);
  if (plain.kind === 'value') {
    return { kind: 'value', value: plain.value, bare: false, problems: strictness(plain.lenient, plain.value) };
  }
  if (plain.why.kind !== 'json') return plain;
  // Only a file that is no JSON can have a placeholder without quotes.
  const filled = withQuotes(text);
  if (filled.bare.size > 0) {
    const parsed = parseFile(filled.text, filled.bare);
    if (parsed.kind === 'value') return { kind: 'value', value: parsed.value, bare: true, problems: [] };
    return parsed;
  }
  const lenient = readLenient(text, { written: text, inFile: (offset) => offset }, deepest);
  if (lenient.kind !== 'value') return plain;
  const problems = [problem('deployment/lenient-json', { said: plain.why.code }, plain.offset)];
  return { kind: 'value', value: lenient.value, bare: false, problems };
}

const deepest = 100;

/** Reads JSON that every tool takes, which is quick. Undefined for any other text, and for one that could go over a limit. */
function readStrict(text: string): Value | undefined {
  // A value has one sign at least, and one between it and the next.
  if (text.length / 2 > most.parts) return undefined;
  const read = readLenient(text, { written: text, inFile: (offset) => offset }, most.levels);
  return read.kind === 'value' && read.strict ? read.value : undefined;
}

/**
 * Where the Azure CLI refuses the file. It reads JSON, or else the literal of a Python value (shell_safe_json_parse of azure-cli), which
 * may have a comma at the end, but neither comments of this form nor true, false and null.
 */
function strictness(lenient: readonly Lenience[], value: Value): readonly Problem[] {
  const kinds = ['comment', 'trailing-comma'] as const;
  return kinds.flatMap((what) => {
    const places = lenient.filter(({ kind }) => kind === what);
    const [first] = places;
    if (first === undefined || (what === 'trailing-comma' && !hasWords(value))) return [];
    return [problem('deployment/not-strict-json', { what, count: places.length }, first.offset)];
  });
}

function hasWords(value: Value): boolean {
  if (value.kind === 'list') return value.items.some(hasWords);
  if (value.kind === 'map') return value.members.some((one) => hasWords(one.value));
  return value.kind === 'truth' || value.kind === 'null';
}
