import type { Fault } from '../../model/fault.ts';
import { type ContainerProblem, hubFault } from '../faults.ts';

/** A container of a storage account that import jobs use. */
export interface ImportContainer {
  /** Without the signature, so it may be shown. */
  readonly url: string;
  /** The query that signs the URL (SAS). It is a secret. If absent, the run and the hub use their Entra identities. */
  readonly signature?: string;
}

/** The hub reads the devices, and writes and deletes its errors. The run does the same. */
const neededRights = { r: 'read', w: 'write', d: 'delete' } as const;

/**
 * Reads the input `import-container`. `undefined` if it is empty. Checks the rights and times that a signature names.
 * Throws a usage `Fault`, which never quotes the text, since it may hold a signature. `now` in milliseconds since 1970.
 */
export function readImportContainer(text: string | undefined, now: number): ImportContainer | undefined {
  const given = text?.trim() ?? '';
  if (given === '') return undefined;
  if (!URL.canParse(given)) throw unusable('no-url');
  const { protocol, hostname, origin, pathname, search, searchParams, username, password } = new URL(given);
  const local = hostname === 'localhost' || /^127(\.\d+){3}$/.test(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && local)) throw unusable('no-https');
  if (username !== '' || password !== '') throw unusable('password');
  const names = pathname.split('/').filter((name) => name !== '');
  // A local storage service has no name for the account, so the account is the first part of the path.
  const wanted = local ? 2 : 1;
  if (names.length !== wanted) {
    throw unusable(names.length < wanted ? 'no-container' : 'more-than-container');
  }
  const url = `${origin}/${names.join('/')}`;
  if (search === '') return { url };
  judgeSignature(searchParams, now);
  return { url, signature: search.slice(1) };
}

/** A signature by a stored access policy names no rights and times. Only the service knows that policy. */
function judgeSignature(query: URLSearchParams, now: number): void {
  if (!query.get('sig')) throw unusable('no-signature');
  const rights = query.get('sp');
  if (rights !== null) {
    const missing = Object.entries(neededRights).flatMap(([letter, name]) => (rights.includes(letter) ? [] : [name]));
    if (missing.length > 0) throw hubFault('signature-lacks-rights', { rights: missing });
  }
  const [resource, types] = [query.get('sr'), query.get('srt')];
  if ((resource !== null && resource !== 'c') || (types !== null && !types.includes('o'))) {
    throw hubFault('signature-not-for-blobs', {});
  }
  const [start, end] = [Date.parse(query.get('st') ?? ''), Date.parse(query.get('se') ?? '')];
  if (end <= now) throw hubFault('signature-expired', { at: end });
  if (start > now) throw hubFault('signature-not-yet-valid', { at: start });
}

function unusable(problem: ContainerProblem): Fault {
  return hubFault('container-unusable', { problem });
}
