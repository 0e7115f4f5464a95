import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Fault, messageOf } from '../model/fault.ts';
import { fileNameOf, isDeviceId, slots } from '../model/fleet.ts';
import { type Authority, issueLeaf, makeAuthority, readAuthority, type Validity } from './authority.ts';

export interface IssueRequest {
  readonly ids: readonly string[];
  /** Where `<id>-primary.pem` and `<id>-secondary.pem` go: leaf and root, to be committed. */
  readonly certificatesDirectory: string;
  /** Where the private keys and the root go; kept out of git. */
  readonly keysDirectory: string;
  /** From now on; 365 by default. */
  readonly days?: number;
  /** RSA-2048 by default; EC is P-256. The root is RSA always. */
  readonly keyType?: 'rsa' | 'ec';
  readonly rootName?: string;
  readonly now: Date;
}

/** What was written, as paths below the directories that were asked for. */
export interface Issued {
  readonly certificates: readonly string[];
  readonly keys: readonly string[];
  readonly root: { readonly certificate: string; readonly key: string; readonly reused: boolean };
}

/**
 * Makes demo certificates: a root, and two leaves for each id. A root that is there already is used again.
 * Throws a `Fault`, before anything is made, when an id is impossible or a file would be overwritten.
 */
export async function issueCertificates(request: IssueRequest): Promise<Issued> {
  const { now, days = 365, keyType = 'rsa' } = request;
  const leaves = leavesOf(request);
  checkRequest(request, days);
  for (const leaf of leaves) for (const path of [leaf.certificate, leaf.key]) refuseToOverwrite(path);
  await makeFolder(request.certificatesDirectory);
  const root = await openRoot(request);
  const validity = validFor(now, days);
  // Keys are made on the threads of node:crypto, several at a time.
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
  if (ids.length === 0) throw usage('no device id is given', 'Name one or more: issue edge-001 edge-002.');
  for (const id of ids) {
    if (!isDeviceId(id) || id.length > longestCommonName) {
      throw usage(
        `${JSON.stringify(id)} cannot be issued to`,
        "Use 1 to 64 of A-Z a-z 0-9 - . _ : % # * ? ! ( ) , + = @ $ ' ; (a certificate's common name ends at 64).",
      );
    }
  }
  if (!Number.isInteger(days) || days < 1 || days > 36500) {
    throw usage(`${days} days cannot be issued for`, 'Give a whole number from 1 to 36500.');
  }
  if (resolve(certificatesDirectory) === resolve(keysDirectory)) {
    throw usage(
      `certificates and keys would both go to ${keysDirectory}`,
      'Name two folders: certificates are committed, keys never.',
    );
  }
}

function usage(message: string, remedy: string): Fault {
  return new Fault(message, remedy, { kind: 'usage' });
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
  const there = [files.certificate, files.key].filter((path) => existsSync(path));
  if (there.length === 2) return { authority: await reopen(files), files: { ...files, reused: true } };
  if (there.length === 1) {
    throw usage(
      `${there[0]} is there without the other half of the root`,
      'Bring the other half back, or move it away.',
    );
  }
  // In two steps, since the mode is given to every folder that is made on the way.
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
  try {
    return readAuthority(await readFile(files.certificate, 'utf8'), await readFile(files.key, 'utf8'));
  } catch (cause) {
    throw new Fault(
      `${files.certificate} and ${files.key} cannot be used to sign: ${messageOf(cause)}`,
      'Move both away, and a new root is made.',
      { cause },
    );
  }
}

/** From five minutes ago, so that a device whose clock is a little slow takes it too. */
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
  return new Fault(`${path} exists already, and nothing is ever overwritten`, 'Move it away, or leave its id out.', {
    kind: 'usage',
    cause,
  });
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
  const remedy = 'Check the folder, its permissions and the disk.';
  return new Fault(`${path} cannot be written: ${messageOf(cause)}`, remedy, { cause });
}
