import { insideOf } from '../json/inside.ts';
import type { MapValue, Member, Source, Value } from '../json/value.ts';
import { textOf } from '../reading/token-text.ts';

/** ChunkedProperty of JsonEx.cs: any key that contains the name counts, whatever stands before and behind it. */
const piece = /createOptions([0-9]*)/i;
/** DockerConfig.cs takes no more (TwinValueMaxChunks), and does not look at the others. */
const mostPieces = 100;

export function isPieceKey(key: string): boolean {
  return piece.test(key);
}

/** A key of createOptions whose number does not fit, or whose name goes on with something else than a number. */
export interface WrongPiece {
  readonly member: Member;
  readonly expected: string;
}

export interface Pieces {
  readonly members: readonly Member[];
  readonly wrong?: WrongPiece;
}

/** The pieces in the order in which they are joined: by their keys, in any letters. */
export function piecesOf(members: readonly Member[]): Pieces {
  const found = members.filter(({ key }) => isPieceKey(key));
  if (found.length > 1) found.sort((one, other) => compareKeys(one.key, other.key));
  for (const [index, member] of found.entries()) {
    const number = piece.exec(member.key)?.[1] ?? '';
    const fits = index === 0 ? number === '' : number !== '' && Number(number) === index && Number(number) < 2 ** 31;
    if (!fits && index < mostPieces) {
      const expected = index === 0 ? 'createOptions' : `createOptions${String(index).padStart(2, '0')}`;
      return { members: found, wrong: { member, expected } };
    }
  }
  return { members: found.slice(0, mostPieces) };
}

/** StringComparer.OrdinalIgnoreCase compares capital letters. */
function compareKeys(one: string, other: string): number {
  const [a, b] = [one.toUpperCase(), other.toUpperCase()];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The text of createOptions with the places of its letters in the file. */
export interface Joined {
  readonly text: string;
  readonly source: Source;
}

export function joined(members: readonly Member[], settings: MapValue): Joined {
  const [only] = members;
  if (members.length === 1 && only?.value.kind === 'text') {
    const { value } = only;
    return { text: value.text, source: insideOf(value) };
  }
  const starts: { readonly start: number; readonly value: Value }[] = [];
  let text = '';
  for (const { value } of members) {
    starts.push({ start: text.length, value });
    text += textOf(value);
  }
  const inFile = (offset: number) => {
    const at = starts.findLast(({ start }) => start <= offset);
    if (at === undefined) return settings.source.inFile(settings.offset);
    return at.value.kind === 'text'
      ? insideOf(at.value).inFile(offset - at.start)
      : at.value.source.inFile(at.value.offset);
  };
  return { text, source: { written: text, inFile } };
}
