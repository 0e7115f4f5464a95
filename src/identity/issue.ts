import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../model/fault.ts';
import { fileNameOf, isDeviceId, slots } from '../model/fleet.ts';
import type { Stop } from '../model/stop.ts';
import { type Authority, issueLeaf, makeAuthority, readAuthority, type Validity } from './authority.ts';
import { identityFault, type RootProblem } from './faults.ts';
import { makeFolder, type NewFile, refuseToOverwrite, writeAll } from './new-files.ts';

export interface IssueRequest {
  readonly ids: readonly string[];
  /** The folder for `<id>-primary.pem` and `<id>-secondary.pem`, each with leaf and root. Its files are committed. */
  readonly certificatesDirectory: string;
  /** The folder for the private keys and the root. It is kept out of git. */
  readonly keysDirectory: string;
  /** Days of validity from now; 365 by default. */
  readonly days?: number;
  /** RSA-2048 by default; EC is P-256. The root is always RSA. */
  readonly keyType?: (typeof keyTypes)[number];
  readonly rootName?: string;
  readonly now: Date;
  /** Before the files are written. A run that is stopped writes none. */
  readonly stop?: Stop;
  /** Called after each certificate. */
  readonly made?: (done: number, total: number) => void;
}

/** The key types by the words of people. */
export const keyTypes = ['rsa', 'ec'] as const;

/** The paths of the files that were written, below the directories of the request. */
export interface Issued {
  readonly certificates: readonly string[];
  readonly keys: readonly string[];
  readonly root: { readonly certificate: string; readonly key: string; readonly reused: boolean };
}

/**
 * Makes demo certificates: a root, and two leaves for each id. An existing root is used again. All files are written at the end, and
 * all of them or none: a run that is stopped, or that fails, leaves nothing behind except folders.
 * Throws a `Fault` before it makes anything, if an id is impossible or a file would be overwritten.
 */
export async function issueCertificates(request: IssueRequest): Promise<Issued> {
  const { now, days = 365 } = request;
  const leaves = leavesOf(request);
  checkRequest(request, days);
  for (const leaf of leaves) for (const path of [leaf.certificate, leaf.key]) refuseToOverwrite(path);
  await makeFolder(request.certificatesDirectory);
  const root = await openRoot(request);
  const issued = await issueAll(leaves, request, root.authority, validFor(now, days));
  writeAll([...root.toWrite, ...issued]);
  return {
    certificates: leaves.map((leaf) => leaf.certificate),
    keys: leaves.map((leaf) => leaf.key),
    root: root.files,
  };
}

/**
 * The number of leaves under way. node:crypto makes keys on the 4 threads of libuv: twice as many keep them busy while this thread
 * signs. Keys that wait for a thread cannot be called off, so a stopped run must not have thousands.
 */
const underWay = 8;

async function issueAll(
  leaves: readonly Leaf[],
  { keyType = 'rsa', stop, made }: IssueRequest,
  authority: Authority,
  validity: Validity,
): Promise<readonly NewFile[]> {
  const files: NewFile[] = [];
  const waiting = leaves.values();
  const issueSome = async () => {
    // All of them take from one iterator.
    for (const { id, certificate, key } of waiting) {
      if (stop?.asked.aborted) throw identityFault('issuing-stopped', {}, { cause: stop.fault() });
      const privateKey = await makeKey(keyType);
      const pem = await issueLeaf(authority, id, createPublicKey(privateKey), validity);
      files.push({ path: key, text: keyPem(privateKey), mode: secret });
      files.push({ path: certificate, text: pem + authority.pem });
      made?.(files.length / 2, leaves.length);
    }
  };
  await Promise.all(Array.from({ length: underWay }, issueSome));
  return files;
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

interface Root {
  readonly authority: Authority;
  readonly files: Issued['root'];
  readonly toWrite: readonly NewFile[];
}

async function openRoot(request: IssueRequest): Promise<Root> {
  const { keysDirectory, rootName = 'Demo root, not for production', now, days = 365 } = request;
  const files = { certificate: join(keysDirectory, 'root.pem'), key: join(keysDirectory, 'root.key.pem') };
  const [half, other] = [files.certificate, files.key].filter((path) => existsSync(path));
  if (other !== undefined) return { authority: await reopen(files), files: { ...files, reused: true }, toWrite: [] };
  if (half !== undefined) throw identityFault('half-a-root', { path: half });
  // In two steps, because a recursive mkdir gives the mode to every folder that it makes.
  await makeFolder(dirname(resolve(keysDirectory)));
  await makeFolder(keysDirectory, 0o700);
  const ignore = join(keysDirectory, '.gitignore');
  const key = await makeKey('rsa');
  const authority = await makeAuthority(rootName, key, validFor(now, Math.max(tenYears, days)));
  const toWrite = [
    ...(existsSync(ignore) ? [] : [{ path: ignore, text: '*\n' }]),
    { path: files.key, text: keyPem(key), mode: secret },
    { path: files.certificate, text: authority.pem },
  ];
  return { authority, files: { ...files, reused: false }, toWrite };
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

async function makeKey(type: (typeof keyTypes)[number]): Promise<KeyObject> {
  const make = promisify(generateKeyPair);
  const pair =
    type === 'rsa' ? await make('rsa', { modulusLength: 2048 }) : await make('ec', { namedCurve: 'prime256v1' });
  return pair.privateKey;
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}
