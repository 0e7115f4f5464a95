/** A source of random numbers from 0 to below 1. */
export type Random = () => number;

const longest = 64 * 1024;

/** A changed copy of an input, by one to eight small changes. `others` are inputs to take parts of; `words` mean something there. */
export function mutated(input: Buffer, others: readonly Buffer[], words: readonly string[], random: Random): Buffer {
  let bytes = input;
  for (let left = 1 + Math.floor(random() ** 2 * 8); left > 0; left--) {
    const change = changes[Math.floor(random() * changes.length)] ?? removed;
    bytes = change({ bytes, others, words, random }).subarray(0, longest);
  }
  return bytes;
}

interface Change {
  readonly bytes: Buffer;
  readonly others: readonly Buffer[];
  readonly words: readonly string[];
  readonly random: Random;
}

const changes = [flipped, replaced, removed, repeated, worded, worded, spliced, moved, numbered];

function flipped({ bytes, random }: Change): Buffer {
  const copy = Buffer.from(bytes);
  const at = below(copy.length, random);
  if (copy.length > 0) copy[at] = (copy[at] ?? 0) ^ (1 << below(8, random));
  return copy;
}

function replaced({ bytes, random }: Change): Buffer {
  const copy = Buffer.from(bytes);
  if (copy.length > 0) copy[below(copy.length, random)] = below(256, random);
  return copy;
}

function removed({ bytes, random }: Change): Buffer {
  const { from, to } = part(bytes, random);
  return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
}

/** Now and then so often that depth and length are tried. */
function repeated({ bytes, random }: Change): Buffer {
  const { from, to } = part(bytes, random);
  const times = random() < 0.1 ? 2 ** below(12, random) : 2;
  const piece = bytes.subarray(from, to);
  const pieces = Math.min(times, Math.ceil(longest / Math.max(1, piece.length)));
  return Buffer.concat([bytes.subarray(0, from), ...Array<Buffer>(pieces).fill(piece), bytes.subarray(to)]);
}

function worded({ bytes, words, random }: Change): Buffer {
  const at = below(bytes.length + 1, random);
  const word = Buffer.from(words[below(words.length, random)] ?? '');
  return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(random() < 0.5 ? at : at + word.length)]);
}

function spliced({ bytes, others, random }: Change): Buffer {
  const other = others[below(others.length, random)] ?? bytes;
  const { from, to } = part(other, random);
  const at = below(bytes.length + 1, random);
  return Buffer.concat([bytes.subarray(0, at), other.subarray(from, to), bytes.subarray(at)]);
}

function moved({ bytes, random }: Change): Buffer {
  const { from, to } = part(bytes, random);
  const rest = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  const at = below(rest.length + 1, random);
  return Buffer.concat([rest.subarray(0, at), bytes.subarray(from, to), rest.subarray(at)]);
}

/** Another number in place of one that stands there as digits. */
function numbered({ bytes, random }: Change): Buffer {
  const text = bytes.toString('latin1');
  const numbers = [...text.matchAll(/\d+/g)];
  const found = numbers[below(numbers.length, random)];
  if (found === undefined) return bytes;
  const number = odd[below(odd.length, random)] ?? '0';
  return Buffer.from(text.slice(0, found.index) + number + text.slice(found.index + found[0].length), 'latin1');
}

const odd = [
  '0',
  '-1',
  '1',
  '255',
  '256',
  '65536',
  '2147483648',
  '4294967296',
  '9007199254740993',
  '1e999',
  '0x10',
  '1.5',
  '00',
];

function part(bytes: Buffer, random: Random): { readonly from: number; readonly to: number } {
  const from = below(bytes.length + 1, random);
  return { from, to: from + below(bytes.length - from + 1, random) ** (random() < 0.5 ? 1 : 0.5) };
}

const below = (limit: number, random: Random) => Math.floor(random() * limit);
