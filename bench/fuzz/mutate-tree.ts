import type { Random } from './mutate.ts';

/** How values are read from an input and written back. Both may throw. */
export interface Notation {
  read(input: Buffer): unknown;
  write(value: unknown): Buffer | string;
}

/** A copy of the input with one to four of its values changed, so that it can still be read. Undefined if it holds no values. */
export function withOtherValues(
  input: Buffer,
  notation: Notation,
  words: readonly string[],
  random: Random,
): Buffer | undefined {
  try {
    const root = { value: notation.read(input) };
    for (let left = 1 + below(4, random); left > 0; left--) changeOne(root, words, random);
    return Buffer.from(notation.write(root.value));
  } catch {
    return undefined;
  }
}

/** Where a value stands. */
interface Spot {
  readonly parent: object;
  readonly key: string;
}

function changeOne(root: object, words: readonly string[], random: Random): void {
  const spots = spotsIn(root);
  const { parent, key } = chosen(spots, random);
  const value: unknown = Reflect.get(parent, key);
  const other = chosen(spots, random);
  const choice = below(9, random);
  if (choice === 0 && parent !== root) Reflect.deleteProperty(parent, key);
  else if (choice === 1) set(parent, key, structuredClone(Reflect.get(other.parent, other.key)));
  else if (choice === 2) set(parent, key, random() < 0.5 ? [value] : { [chosen(words, random)]: value });
  else if (choice === 3 && typeof value === 'object' && value !== null)
    set(value, Array.isArray(value) ? String(value.length) : chosen(words, random), chosen(odd, random));
  else if (choice <= 6 && typeof value === 'string') set(parent, key, changedText(value, words, random));
  else set(parent, key, structuredClone(chosen(odd, random)));
}

/** Own, also `__proto__`. */
function set(parent: object, key: string, value: unknown): void {
  Object.defineProperty(parent, key, { value, configurable: true, enumerable: true, writable: true });
}

function changedText(text: string, words: readonly string[], random: Random): string {
  const at = below(text.length + 1, random);
  const added = random() < 0.5 ? chosen(words, random) : chosen(texts, random);
  return text.slice(0, at) + added + text.slice(random() < 0.5 ? at : at + 1 + below(4, random));
}

/** Of a large input only the first ones. */
const most = 2_000;

function spotsIn(root: object): readonly Spot[] {
  const spots: Spot[] = [];
  const open: object[] = [root];
  for (const parent of open)
    for (const key of Object.keys(parent)) {
      if (spots.length === most) return spots;
      spots.push({ parent, key });
      const value: unknown = Reflect.get(parent, key);
      if (typeof value === 'object' && value !== null && !open.includes(value)) open.push(value);
    }
  return spots;
}

const odd: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 1.5, 2 ** 31, 2 ** 53 + 2, 1e300, '', ' ', '0', 'null', [], {}, [[]], [{}], [null]],
  ...[
    { '': '' },
    { toString: 1, valueOf: 1 },
    'a'.repeat(129),
    '\u0000',
    '{id}',
    '../..',
    '-----BEGIN PRIVATE KEY-----',
    '1.1',
    '1.6',
    'a\nb',
  ],
];
const texts = [
  '"',
  "'",
  '\\',
  '$(a)',
  '`a`',
  '\n',
  '\r\n',
  '\u0000',
  '\u2028',
  '\u202e',
  '{id}',
  '/',
  '..',
  '#',
  '=',
  '%',
  ' ',
];

const below = (limit: number, random: Random) => Math.floor(random() * limit);

function chosen<Each>(list: readonly Each[], random: Random): Each {
  const one = list[below(list.length, random)];
  if (one === undefined) throw new RangeError('nothing to choose from');
  return one;
}
