import { type Dirent, existsSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { extname, join, relative, resolve } from 'node:path';
import { messageOf } from '../model/fault.ts';
import { isGitFolder } from '../model/git-folder.ts';
import type { Found, ReadResult, Workspace } from '../model/workspace.ts';
import { runFault } from './faults.ts';
import { type Bounds, type Entry, findIn, type Searchable, usualBounds } from './find.ts';
import { codeOf, readRegular, unreadable } from './open-file.ts';
import { refusedPlace, relativeWithSlashes, spelledIn, withSlashes } from './paths.ts';
import { unread } from './unread.ts';

export interface WorkspaceOptions {
  /** Gives the paths that git ignores. Paths are relative to the root, with `/`. If absent, git ignores none. */
  readonly checkIgnored?: (root: string, paths: readonly string[]) => Promise<ReadonlySet<string>>;
  /** How much one search looks at. */
  readonly bounds?: Bounds;
}

/** Opens the files below one folder. Throws a `Fault` if the folder cannot be opened. */
export function openWorkspace(root: string, options: WorkspaceOptions = {}): Workspace {
  const realRoot = realFolder(root);
  const { bounds = usualBounds } = options;
  const spelled = (pattern: string) => spelledIn({ real: realRoot, named: root }, pattern);
  return {
    root: realRoot,
    read: (path, limit) => read(realRoot, path, limit),
    find: (patterns) => findIn(searchable(realRoot), patterns.map(spelled), bounds),
    spelled,
    filesBelow: (folders, wanted) => filesBelow(realRoot, { folders, wanted }, bounds),
    ignored: async (paths) =>
      options.checkIgnored === undefined || paths.length === 0 ? new Set() : options.checkIgnored(realRoot, paths),
  };
}

function realFolder(root: string): string {
  try {
    const real = realpathSync.native(root);
    if (statSync(real).isDirectory()) return real;
  } catch (cause) {
    throw runFault('root-unreadable', { root, why: messageOf(cause) }, { cause });
  }
  throw runFault('root-not-a-folder', { root });
}

function read(root: string, path: string, limit: number): ReadResult {
  const wanted = resolve(root, path);
  const refusal = refusalOf(root, wanted);
  if (refusal !== undefined) return { ok: false, why: 'outside', detail: refusal };
  try {
    const real = realpathSync.native(wanted);
    const behindLink = refusalOf(root, real);
    if (behindLink !== undefined) return { ok: false, why: 'outside', detail: unread.link(behindLink) };
    return readRegular(real, limit);
  } catch (cause) {
    return unreadable(cause);
  }
}

/** Why a path may not be read, or nothing. */
export function refusalOf(root: string, path: string): string | undefined {
  const refused = refusedPlace(root, path);
  if (refused === undefined) return undefined;
  return refused === 'outside' ? unread.outside() : unread.inGit();
}

function searchable(root: string): Searchable {
  return {
    isRefused: (path) => refusalOf(root, resolve(root, path)) !== undefined,
    exists: (path) => existsSync(resolve(root, path)),
    entries: (folder) => entriesOf(join(root, folder)).map((entry) => entryOf(root, folder, entry)),
  };
}

/** A link counts as a file if it leads to no folder. Its target is checked when it is read. */
function entryOf(root: string, folder: string, entry: Dirent): Entry {
  const { name } = entry;
  if (entry.isDirectory()) return { name, kind: 'folder' };
  if (!entry.isSymbolicLink()) return { name, kind: 'file' };
  try {
    const real = realpathSync.native(join(root, folder, name));
    if (!statSync(real).isDirectory()) return { name, kind: 'file' };
    if (refusalOf(root, real) !== undefined) return { name, kind: 'link-out' };
    return { name, kind: 'folder', real: relativeWithSlashes(root, real) };
  } catch {
    return { name, kind: 'file' };
  }
}

/** What is looked for, and where. */
interface Wanted {
  readonly folders: readonly string[];
  readonly wanted: Parameters<Workspace['filesBelow']>[1];
}

function filesBelow(root: string, { folders, wanted }: Wanted, bounds: Bounds): Pick<Found, 'files' | 'bound'> {
  const isWanted =
    typeof wanted === 'function' ? wanted : (name: string) => wanted.includes(extname(name).toLowerCase());
  const files = new Set<string>();
  const ended = (of: keyof Bounds) => ({ files: [...files].sort(), bound: { most: bounds[of], of } });
  const deadline = process.uptime() + bounds.seconds;
  const walked = new Set<string>();
  let seen = 0;
  const waiting = folders.map((folder) => relative(root, resolve(root, folder))).filter((f) => mayWalk(root, f));
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (walked.has(folder)) continue;
    walked.add(folder);
    if (walked.size > bounds.folders) return ended('folders');
    if (process.uptime() > deadline) return ended('seconds');
    for (const entry of entriesOf(join(root, folder))) {
      seen += 1;
      if (seen > bounds.files) return ended('files');
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !isLeftOut(entry.name)) waiting.push(path);
      if (entry.isFile() && isWanted(entry.name)) files.add(withSlashes(path));
    }
  }
  return { files: [...files].sort() };
}

const isLeftOut = (name: string) => isGitFolder(name) || name.toLowerCase() === 'node_modules';

function mayWalk(root: string, folder: string): boolean {
  try {
    const path = join(root, folder);
    return statSync(path).isDirectory() && refusalOf(root, realpathSync.native(path)) === undefined;
  } catch (cause) {
    if (skippable(cause)) return false;
    throw runFault('folder-unlistable', { folder, why: messageOf(cause) }, { cause });
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    if (skippable(cause)) return [];
    throw runFault('folder-unlistable', { folder, why: messageOf(cause) }, { cause });
  }
}

function skippable(cause: unknown): boolean {
  return skipped.has(codeOf(cause));
}

const skipped: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ENOTDIR'],
  // A folder that may not be listed does not come from the repository. It may hold the data of a container.
  ...['EACCES', 'EPERM'],
  // No folder has such a name: the path is too long, or its links are a loop, or a NUL is in it. Windows says EINVAL or ENAMETOOLONG.
  ...['ENAMETOOLONG', 'ELOOP', 'ERR_INVALID_ARG_VALUE', 'EINVAL'],
]);
