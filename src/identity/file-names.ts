import { fileNameOf } from '../model/fleet.ts';

/** Removes the id, so that a device `primary-pump` does not count as primary. File names have some characters of an id percent-encoded. */
export function withoutId(name: string, id: string): string {
  const at = [fileNameOf(id), id].flatMap((text) => {
    const start = name.toLowerCase().indexOf(text.toLowerCase());
    const around = name.charAt(start - 1) + name.charAt(start + text.length);
    return start === -1 || /[A-Za-z0-9]/.test(around) ? [] : [{ start, end: start + text.length }];
  });
  const [found] = at;
  return found === undefined ? name : `${name.slice(0, found.start)}-${name.slice(found.end)}`;
}

/** `Edge7Secondary_new` → edge, secondary, new. */
export function wordsOf(name: string): readonly string[] {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}]+/u);
}
