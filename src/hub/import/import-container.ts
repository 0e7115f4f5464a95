import { Fault } from '../../model/fault.ts';

/** A container of a storage account, through which import jobs go. */
export interface ImportContainer {
  /** Without a signature: it may be shown. */
  readonly url: string;
  /** The query that signs it (SAS), a secret. Absent: the run and the hub use their Entra identities. */
  readonly signature?: string;
}

/** What a job needs: the hub reads the devices and writes and deletes its errors, the run does both. */
const neededRights = { r: 'read', w: 'write', d: 'delete' } as const;

export const newSignature =
  'Make another one: az storage container generate-sas --account-name ACCOUNT --name CONTAINER --permissions rwd --https-only --expiry "$(date -u -d tomorrow +%Y-%m-%dT%H:%MZ)" --output tsv; the URL of the container, "?" and that are the input import-container, kept in a secret.';

/**
 * Reads the input `import-container`; nothing where it is empty. What a signature tells of itself is judged at once. Throws a usage
 * `Fault`, which never quotes the text: it may hold a signature. `now` in milliseconds since 1970.
 */
export function readImportContainer(text: string | undefined, now: number): ImportContainer | undefined {
  const given = text?.trim() ?? '';
  if (given === '') return undefined;
  if (!URL.canParse(given)) throw noContainer('is no URL');
  const { protocol, hostname, origin, pathname, search, searchParams, username, password } = new URL(given);
  const local = hostname === 'localhost' || /^127(\.\d+){3}$/.test(hostname);
  if (protocol !== 'https:' && !(protocol === 'http:' && local)) throw noContainer('does not begin with https://');
  if (username !== '' || password !== '') throw noContainer('has a user name or a password');
  const names = pathname.split('/').filter((name) => name !== '');
  // The account is a part of the path where no name can hold it.
  const wanted = local ? 2 : 1;
  if (names.length !== wanted) {
    throw noContainer(names.length < wanted ? 'names no container' : 'names more than a container');
  }
  const url = `${origin}/${names.join('/')}`;
  if (search === '') return { url };
  judgeSignature(searchParams, now);
  return { url, signature: search.slice(1) };
}

/** Of a signature by a stored access policy the policy has the rights and times, and only the service knows it. */
function judgeSignature(query: URLSearchParams, now: number): void {
  if (!query.get('sig')) throw noContainer('has a query that is no signature (SAS)');
  const rights = query.get('sp');
  if (rights !== null) {
    const missing = Object.entries(neededRights).flatMap(([letter, name]) => (rights.includes(letter) ? [] : [name]));
    if (missing.length > 0) throw wrongSignature(`lacks the right to ${missing.join(' and ')}`);
  }
  const [resource, types] = [query.get('sr'), query.get('srt')];
  if ((resource !== null && resource !== 'c') || (types !== null && !types.includes('o'))) {
    throw wrongSignature('is not one for the blobs of a container');
  }
  const [start, end] = [Date.parse(query.get('st') ?? ''), Date.parse(query.get('se') ?? '')];
  if (end <= now) throw wrongSignature(`expired on ${new Date(end).toISOString()}`);
  if (start > now) throw wrongSignature(`does not hold before ${new Date(start).toISOString()}`);
}

function wrongSignature(what: string): Fault {
  return new Fault(`import-container: the signature (SAS) ${what}`, newSignature, { kind: 'usage' });
}

function noContainer(what: string): Fault {
  const remedy =
    'Give the URL of a container, https://ACCOUNT.blob.core.windows.net/CONTAINER, with a signature (?sv=…&sig=…), or without one where the run signs in by Entra.';
  return new Fault(`import-container ${what}`, remedy, { kind: 'usage' });
}
