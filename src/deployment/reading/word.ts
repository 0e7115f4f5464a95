/** A value of an enumeration of the runtime, with the names by which texts may call it. */
export interface Word {
  readonly number: number;
  /** As JSON has it (EnumMember), and as C# has it. */
  readonly names: readonly [written: string, source: string];
}

/** What became of a text or number; `plain` if it says the word itself, in any letters. */
export type ReadWord =
  | { readonly kind: 'held'; readonly number: number; readonly plain: boolean }
  | { readonly kind: 'refused'; readonly why: 'empty' | 'unknown' };

/** ParseEnum of EnumUtils.cs, Newtonsoft.Json: names in any letters, several with commas, or a number. */
export function wordOfText(text: string, words: readonly Word[]): ReadWord {
  const whole = words.find(({ names: [written] }) => written === text);
  if (whole !== undefined) return { kind: 'held', number: whole.number, plain: true };
  if (text.trim() === '') return { kind: 'refused', why: 'empty' };
  // All names together are shorter.
  if (text.length > 1_000) return { kind: 'refused', why: 'unknown' };
  if (/^\s*[-+\d]/.test(text)) {
    const match = /^([-+]?)(\d+)$/.exec(text.trim());
    if (match !== null) {
      const number = Number(text.trim());
      return Math.abs(number) > 2 ** 31 - 1
        ? { kind: 'refused', why: 'unknown' }
        : { kind: 'held', number, plain: false };
    }
  }
  const parts = text.split(',').map((part) => part.trim());
  const found = parts.map((part) => named(part, words));
  if (found.some((word) => word === undefined)) return { kind: 'refused', why: 'unknown' };
  const number = found.reduce((sum, word) => sum | (word?.number ?? 0), 0);
  return { kind: 'held', number, plain: parts.length === 1 };
}

/** Enum.ToObject cuts a number to 32 bits. A number with a fraction is none. */
export function wordOfNumber(written: string): ReadWord {
  if (!/^-?\d+$/.test(written)) return { kind: 'refused', why: 'unknown' };
  const value = BigInt(written);
  if (value < -(2n ** 63n) || value >= 2n ** 63n) return { kind: 'refused', why: 'unknown' };
  return { kind: 'held', number: Number(BigInt.asIntN(32, value)), plain: false };
}

function named(part: string, words: readonly Word[]): Word | undefined {
  const lower = part.toLowerCase();
  return (
    words.find(({ names }) => names.includes(part)) ??
    words.find(({ names }) => names.some((name) => name.toLowerCase() === lower))
  );
}
