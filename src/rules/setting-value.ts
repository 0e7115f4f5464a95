/** A value of a device's configuration that its file or the container engine cannot take. */
export type WrongSetting = { readonly key: string } & (
  | { readonly problem: 'half-character' }
  /** `character`: its code point, as `U+0000`. */
  | { readonly problem: 'control-character'; readonly character: string }
  | { readonly problem: 'inexact-number'; readonly number: number }
  /** `found`: the value, if there is one. */
  | { readonly problem: 'no-subnet' | 'no-range' | 'no-address'; readonly found: string | undefined }
  | { readonly problem: 'range-outside' | 'address-outside'; readonly found: string; readonly subnet: string }
);

/** The words of `manifest/type` for it. */
export function settingWords(wrong: WrongSetting): { readonly expected: string; readonly found: string } {
  switch (wrong.problem) {
    case 'half-character':
      return { expected: 'text', found: 'half a character (one of the two parts of a surrogate pair)' };
    case 'control-character':
      return { expected: 'text without control characters', found: wrong.character };
    case 'inexact-number':
      return {
        expected: 'a number that is held exactly, at most 9007199254740991',
        found: String(wrong.number),
      };
    case 'range-outside':
    case 'address-outside':
      return {
        expected: `${kinds[wrong.problem]} inside of the subnet ${wrong.subnet}`,
        found: JSON.stringify(wrong.found),
      };
    default:
      return {
        expected: examples[wrong.problem],
        found: wrong.found === undefined ? 'nothing' : JSON.stringify(wrong.found),
      };
  }
}

const kinds = { 'range-outside': 'a range', 'address-outside': 'an address' } as const;

const examples = {
  'no-subnet': 'a range such as 172.18.0.0/16',
  'no-range': 'a range such as 172.18.1.0/24',
  'no-address': 'an address such as 172.18.0.1',
} as const;
