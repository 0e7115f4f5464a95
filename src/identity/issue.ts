import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Fault, messageOf } from '../model/fault.ts';
import { fileNameOf, isDeviceId, slots } from '../model/fleet.ts';
import { type Authority, issueLeaf, makeAuthority, readAuthority, type Validity } from './authority.ts';
import { identityFault, type RootProblem } from './faults.ts';

export interface IssueRequest {
  readonly ids: readonly string[];
  /** The folder for `<id>-primary.pem` and `<id>-secondary.pem`, each with leaf and root. Its files are committed. */
  readonly certificatesDirectory: string;
  /** The folder for the private keys and the root. It is kept out of git. */
  readonly keysDirectory: string;
  /** Days of validity from now; 365 by default. */
  readonly days?: number;
  /** RSA-2048 by default; EC is P-256. The root is always RSA. */
  readonly keyType?: 'rsa' | 'ec';
  readonly rootName?: string;
  readonly now: Date;
}

/** The paths of the files that were written, below the directories of the request. */
export interface Issued {
  readonly certificates: readonly string[];
  readonly keys: readonly string[];
  readonly root: { readonly certificate: string; readonly key: string; readonly reused: boolean };
}

/**
 * Makes demo certificates: a root, and two leaves for each id. An existing root is used again.
 * Throws a `Fault` before it makes anything, if an id is impossible or a file would be overwritten.
 */
export async function issueCertificates(request: IssueRequest): Promise<Issued> {
  const { now, days = 365, keyType = 'rsa' } = request;
  const leaves = leavesOf(request);
  checkRequest(request, days);
  for (const leaf of leaves) for (const path of [leaf.certificate, leaf.key]) refuseToOverwrite(path);
  await makeFolder(request.certificatesDirectory);
  const root = await openRoot(request);
  const validity = validFor(now, days);
  // node:crypto makes the keys on its threads, several at a time.
  await Promise.all(
    leaves.map(async ({ id, certificate, key }) => {
      const privateKey = await makeKey(keyType);
      const pem = await issueLeaf(root.authority, id, createPublicKey(privateKey), validity);
      await writeNew(key, keyPem(privateKey), secret);
      await writeNew(certificate, pem + root.authority.pem);
    }),
  );
  return {
    certificates: leaves.map((leaf) => leaf.certificate),
    keys: leaves.map((leaf) => leaf.key),
    root: root.files,
  };
}

const secret = 0o600;
const longestCommonName = 64; // RFC 5280, appendix A.1: ub-common-name

function checkRequest({ ids, certificatesDirectory, keysDirectory }: IssueRequest, days: number): void {
  if (ids.length === 0) throw identityFault('no-ids', {});
  for (const id of ids) {
    if (!isDeviceId(id) || id.length > longestCommonName) throw identityFault('impossible-id', { id });
  }
  if (!Number.isInteger(days) || days < 1 || days > 36500) throw identityFault('impossible-days', { days });
  if (resolve(certificatesDirectory) === resolve(keysDirectory)) {
    throw identityFault('one-folder', { folder: keysDirectory });
  }
}

interface Leaf {
  readonly id: string;
  readonly certificate: string;
  readonly key: string;
}

function leavesOf({ ids, certificatesDirectory, keysDirectory }: IssueRequest): readonly Leaf[] {
  return [...new Set(ids)].flatMap((id) =>
    slots.map((slot) => {
      const name = `${fileNameOf(id)}-${slot}`;
      return {
        id,
        certificate: join(certificatesDirectory, `${name}.pem`),
        key: join(keysDirectory, `${name}.key.pem`),
      };
    }),
  );
}

async function openRoot(request: IssueRequest): Promise<{ authority: Authority; files: Issued['root'] }> {
  const { keysDirectory, rootName = 'Demo root, not for production', now, days = 365 } = request;
  const files = { certificate: join(keysDirectory, 'root.pem'), key: join(keysDirectory, 'root.key.pem') };
  const [half, other] = [files.certificate, files.key].filter((path) => existsSync(path));
  if (other !== undefined) return { authority: await reopen(files), files: { ...files, reused: true } };
  if (half !== undefined) throw identityFault('half-a-root', { path: half });
  // In two steps, because a recursive mkdir gives the mode to every folder that it makes.
  await makeFolder(dirname(resolve(keysDirectory)));
  await makeFolder(keysDirectory, 0o700);
  const ignore = join(keysDirectory, '.gitignore');
  if (!existsSync(ignore)) await writeNew(ignore, '*\n');
  const key = await makeKey('rsa');
  const authority = await makeAuthority(rootName, key, validFor(now, Math.max(tenYears, days)));
  await writeNew(files.key, keyPem(key), secret);
  await writeNew(files.certificate, authority.pem);
  return { authority, files: { ...files, reused: false } };
}

const tenYears = 3650;

async function reopen(files: { certificate: string; key: string }): Promise<Authority> {
  let read: Authority | RootProblem;
  try {
    read = readAuthority(await readFile(files.certificate, 'utf8'), await readFile(files.key, 'utf8'));
  } catch (cause) {
    throw identityFault('unusable-root', { ...files, problem: { message: messageOf(cause) } }, { cause });
  }
  if (typeof read === 'string' || 'message' in read) throw identityFault('unusable-root', { ...files, problem: read });
  return read;
}

/** Begins five minutes ago, so that a device with a slightly slow clock accepts the certificate too. */
function validFor(now: Date, days: number): Validity {
  const start = now.getTime() - (now.getTime() % 1000);
  return { notBefore: new Date(start - 5 * 60_000), notAfter: new Date(start + days * 86_400_000) };
}

async function makeKey(type: 'rsa' | 'ec'): Promise<KeyObject> {
  const make = promisify(generateKeyPair);
  const pair =
    type === 'rsa' ? await make('rsa', { modulusLength: 2048 }) : await make('ec', { namedCurve: 'prime256v1' });
  return pair.privateKey;
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

function refuseToOverwrite(path: string): void {
  if (existsSync(path)) throw overwriting(path);
}

function overwriting(path: string, cause?: unknown): Fault {
  return identityFault('exists', { path }, { cause });
}

async function makeFolder(path: string, mode = 0o755): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode });
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

async function writeNew(path: string, text: string, mode = 0o644): Promise<void> {
  try {
    await writeFile(path, text, { flag: 'wx', mode });
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') throw overwriting(path, cause);
    throw unwritable(path, cause);
  }
}

function unwritable(path: string, cause: unknown): Fault {
  return identityFault('unwritable', { path, message: messageOf(cause) }, { cause });
}
