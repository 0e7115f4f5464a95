import { Refused } from './errors.ts';

/** The condition in `If-Match` or in the etag of a bulk's entry. */
export interface Match {
  /** False if it is left out or empty, as some clients send it. */
  readonly given: boolean;
  /** The etag without quotes. Undefined for `*`, which fits any, and if nothing is given. */
  readonly etag: string | undefined;
}

export function matchIn(value: unknown): Match {
  const etag = typeof value === 'string' ? unquoted(value) : '';
  return { given: etag !== '', etag: etag === '' || etag === '*' ? undefined : etag };
}

/**
 * The condition for a configuration, of which only an etag in quotes counts, or `*`. One without quotes is as if nothing
 * were given, so that a PUT with it answers the misleading 409 (reported from a live hub).
 */
export function quotedMatchIn(value: string | undefined): Match {
  const text = value?.trim() ?? '';
  return text === '*' || /^(?:W\/)?"/.test(text) ? matchIn(text) : matchIn(undefined);
}

/** The etag of a condition that must be given; undefined for `*`. Throws `Refused` PreconditionFailed. */
export function requiredEtag(value: unknown): string | undefined {
  const { given, etag } = matchIn(value);
  if (!given) throw new Refused('PreconditionFailed', 'Etag missing');
  return etag;
}

function unquoted(etag: string): string {
  return etag
    .trim()
    .replace(/^W\//, '')
    .replace(/^"(.*)"$/, '$1');
}
