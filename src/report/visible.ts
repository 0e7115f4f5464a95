import { scrubbed } from '../model/secrets.ts';

/**
 * Text on one line with nothing hidden in it: control and format characters as `\n` and `\u{202e}`. Names come from manifests
 * that anybody may propose; raw, they could steer a terminal, forge a line or turn a word round. What signs in is taken out
 * first, since nobody would recognise it afterwards.
 */
export function visible(text: string): string {
  return scrubbed(text).replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]/gu, (character) => {
    return character === '\n' ? '\\n' : `\\u{${character.codePointAt(0)?.toString(16)}}`;
  });
}
