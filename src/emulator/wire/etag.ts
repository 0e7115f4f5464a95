import { Refused } from './errors.ts';

/** What `If-Match`, or the etag of a bulk's entry, asks for. */
export interface Match {
  /** False where it is left out, or empty, as some clients send it. */
  readonly given: boolean;
  /** Just this version, bare; undefined for `*`, which is any, and where nothing is given. */
  readonly etag: string | undefined;
}

export function matchIn(value: unknown): Match {
  const etag = typeof value === 'string' ? unquoted(value) : '';
  return { given: etag !== '', etag: etag === '' || etag === '*' ? undefined : etag };
}

/** The same where it must be given. Throws `Refused` PreconditionFailed. */
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
