import { number } from '../counts.ts';
import { visible } from '../visible.ts';

/** Makes a text fit to be shown: no secret, no hidden character, at most so many characters. */
export type Clean = (text: string, most?: number) => string;

/** In characters. A manifest may have texts of any length, and a page has to stay readable. */
const usual = 400;

/** @param hide masks the secrets of the settings */
export function cleaning(hide: (text: string) => string): Clean {
  return (text, most = usual) => {
    // Almost all texts are names and dates, and have nothing to hide.
    const shown = /^[\w. :@/-]{0,60}$/.test(text) ? hide(text) : visible(hide(text));
    return shown.length <= most ? shown : cut(shown, most);
  };
}

function cut(text: string, most: number): string {
  // A character may have two parts, and half of one is not shown.
  const kept = text.slice(0, most).replace(/[\uD800-\uDBFF]$/, '');
  return `${kept}… (${number(text.length)} characters)`;
}
