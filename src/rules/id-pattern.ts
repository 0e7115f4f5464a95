/** Puts `{id}` where a text has the id as a word of its own. */
export function withoutId(text: string, id: string): string {
  if (id === '') return text;
  return text.replaceAll(id, (found, at: number) => (isWord(text, at, found.length) ? '{id}' : found));
}

/** Tells whether a text has this id as a word of its own. */
export function names(text: string, id: string): boolean {
  return withoutId(text, id) !== text;
}

/** A text about one device. */
interface Said {
  readonly text: string;
  readonly id: string;
}

/**
 * Returns what two texts say in common, with `{id}` where each has its own id. Returns undefined if they differ by more. An id may be
 * a word of both texts too: `a.pem holds a key` and `b.pem holds a key` have `{id}.pem holds a key` in common.
 */
export function patternOf(one: Said, other: Said): string | undefined {
  const parts = withoutId(one.text, one.id).split('{id}');
  let [pattern = ''] = parts;
  let at = pattern.length;
  if (!other.text.startsWith(pattern)) return undefined;
  for (const part of parts.slice(1)) {
    const own = other.text.startsWith(other.id + part, at);
    const word = own ? other.id : one.id;
    if (!own && !other.text.startsWith(word + part, at)) return undefined;
    pattern += (own ? '{id}' : word) + part;
    at += word.length + part.length;
  }
  return at === other.text.length ? pattern : undefined;
}

function isWord(text: string, start: number, length: number): boolean {
  return !/[\p{L}\p{N}]/u.test(text.charAt(start - 1) + text.charAt(start + length));
}
