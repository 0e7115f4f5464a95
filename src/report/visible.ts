import { scrubbed } from '../model/secrets.ts';

/**
 * Returns text on one line with nothing hidden in it: control and format characters become `\n` and `\u{202e}`. Names
 * come from manifests that anybody can propose. Unescaped, they could control a terminal, forge a line or reverse a
 * word. Secrets are masked first, because they could not be recognised afterwards.
 */
export function visible(text: string): string {
  return scrubbed(text).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, (character) => {
    return character === '\n' ? '\\n' : `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}
