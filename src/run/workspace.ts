import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { extname, isAbsolute, join, posix, relative, resolve, sep } from 'node:path';
import { Fault, messageOf } from '../model/fault.ts';
import type { ReadResult, Workspace } from '../model/workspace.ts';

export interface WorkspaceOptions {
  /** Tells which of the paths (relative to the root, with `/`) git ignores. Without it none is. */
  readonly checkIgnored?: (root: string, paths: readonly string[]) => Promise<ReadonlySet<string>>;
}

/** The files below one folder. Throws a `Fault` when there is no such folder. */
export function openWorkspace(root: string, options: WorkspaceOptions = {}): Workspace {
  const realRoot = realFolder(root);
  // An absolute path may go by a link that leads to the root.
  const spelled = (pattern: string) => {
    return insideOf(isAbsolute(pattern) && isBelow(root, pattern) ? resolve(root) : realRoot, pattern);
  };
  return {
    root: realRoot,
    read: (path, limit) => read(realRoot, path, limit),
    find: (patterns) => find(realRoot, patterns.map(spelled)),
    spelled,
    filesBelow: (folders, extensions) => filesBelow(realRoot, folders, extensions),
    ignored: async (paths) =>
      options.checkIgnored === undefined || paths.length === 0 ? new Set() : options.checkIgnored(realRoot, paths),
  };
}

function realFolder(root: string): string {
  try {
    const real = realpathSync.native(root);
    if (statSync(real).isDirectory()) return real;
  } catch (cause) {
    throw new Fault(`${root} cannot be opened: ${messageOf(cause)}`, 'Name a folder that exists.', { cause });
  }
  throw new Fault(`${root} is not a folder`, 'Name the folder that holds the manifest.', { kind: 'usage' });
}

function read(root: string, path: string, limit: number): ReadResult {
  const wanted = resolve(root, path);
  const refusal = refusalOf(root, wanted);
  if (refusal !== undefined) return { ok: false, why: 'outside', detail: refusal };
  try {
    const real = realpathSync.native(wanted);
    const behindLink = refusalOf(root, real);
    if (behindLink !== undefined) {
      return { ok: false, why: 'outside', detail: `it is a link, and what it links to is refused: ${behindLink}` };
    }
    const { size, ...file } = kindAndSize(real);
    // Asked before opening: to open a pipe would wait for its other end.
    if (file.what !== 'file') return { ok: false, why: 'unreadable', detail: `it is ${file.what}, not a file` };
    if (size > limit) {
      return { ok: false, why: 'too-large', detail: `it has ${size} bytes, expected at most ${limit}` };
    }
    return { ok: true, bytes: readFileSync(real) };
  } catch (cause) {
    return unread(cause);
  }
}

function kindAndSize(real: string): { what: 'file' | 'a folder' | 'a device or a pipe'; size: number } {
  const stat = statSync(real);
  const what = stat.isFile() ? 'file' : stat.isDirectory() ? 'a folder' : 'a device or a pipe';
  return { what, size: stat.size };
}

function unread(cause: unknown): ReadResult {
  const code = codeOf(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return { ok: false, why: 'missing', detail: 'it does not exist' };
  const detail = code === 'EACCES' || code === 'EPERM' ? 'permission denied' : messageOf(cause);
  return { ok: false, why: 'unreadable', detail };
}

/** Why a path may not be read, or nothing. Upper and lower case of `.git` are one folder on Windows and macOS. */
function refusalOf(root: string, path: string): string | undefined {
  const below = relative(root, path);
  if (below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) return 'it lies outside the workspace';
  return below.split(sep).some((part) => part.toLowerCase() === '.git') ? 'it lies in .git' : undefined;
}

async function find(root: string, patterns: readonly string[]): ReturnType<Workspace['find']> {
  const files = new Set<string>();
  const missing: string[] = [];
  const globs: string[] = [];
  for (const path of patterns) {
    // A name such as `fleet[1].yaml` is first of all a name. What lies outside is refused, with the reason, when it is read.
    if (refusalOf(root, resolve(root, path)) !== undefined && !isGlob(path)) files.add(path);
    else if (existsSync(resolve(root, path))) files.add(path);
    else if (isGlob(path) && !path.startsWith('../../')) globs.push(path);
    else missing.push(path);
  }
  if (globs.length > 0) {
    // Loaded only here: it takes longer than all the rest of a small run.
    const { glob } = await import('tinyglobby');
    const ignore = ['**/.git/**', '**/node_modules/**'];
    // A link is a file like any other here; where it leads is looked at when it is read.
    const found = await glob(globs, { cwd: root, ignore, expandDirectories: false, followSymbolicLinks: true });
    for (const file of found) files.add(file);
  }
  return { files: [...files].sort(), missing };
}

function isGlob(path: string): boolean {
  return /[*?[\]{}]|[!+@]\(|^!/.test(path);
}

function isBelow(root: string, path: string): boolean {
  return !relative(resolve(root), path).startsWith('..');
}

/** The pattern relative to the root, with `/`. */
function insideOf(root: string, pattern: string): string {
  const path = isAbsolute(pattern) ? relative(root, pattern) : pattern;
  return posix.normalize(sep === '\\' ? path.replaceAll('\\', '/') : path);
}

function filesBelow(root: string, folders: readonly string[], extensions: readonly string[]): readonly string[] {
  const files = new Set<string>();
  const seen = new Set<string>();
  const waiting = folders.map((folder) => relative(root, resolve(root, folder))).filter((f) => mayWalk(root, f));
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    for (const entry of entriesOf(join(root, folder))) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && !leftOut.has(entry.name.toLowerCase())) waiting.push(path);
      if (entry.isFile() && extensions.includes(extname(entry.name).toLowerCase())) {
        files.add(sep === '\\' ? path.replaceAll(sep, '/') : path);
      }
    }
  }
  return [...files].sort();
}

const leftOut = new Set(['.git', 'node_modules']);

function mayWalk(root: string, folder: string): boolean {
  try {
    const path = join(root, folder);
    return statSync(path).isDirectory() && refusalOf(root, realpathSync.native(path)) === undefined;
  } catch (cause) {
    if (skippable(cause)) return false;
    throw cause;
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    if (skippable(cause)) return [];
    throw new Fault(`${folder} cannot be listed: ${messageOf(cause)}`, "Check the disk and the folder's permissions.", {
      cause,
    });
  }
}

// What may not be listed was not checked out from a repository either, such as the data of a container.
function skippable(cause: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'].includes(codeOf(cause));
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
