import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { extname, isAbsolute, join, posix, relative, resolve, sep } from 'node:path';
import { messageOf } from '../model/fault.ts';
import type { ReadResult, Workspace } from '../model/workspace.ts';
import { runFault } from './faults.ts';
import { unread } from './unread.ts';

export interface WorkspaceOptions {
  /** Gives the paths that git ignores. Paths are relative to the root, with `/`. If absent, git ignores none. */
  readonly checkIgnored?: (root: string, paths: readonly string[]) => Promise<ReadonlySet<string>>;
}

/** Opens the files below one folder. Throws a `Fault` if the folder cannot be opened. */
export function openWorkspace(root: string, options: WorkspaceOptions = {}): Workspace {
  const realRoot = realFolder(root);
  // An absolute path may reach the root through a link.
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
    if (behindLink !== undefined) {
      return { ok: false, why: 'outside', detail: unread.link(behindLink) };
    }
    const { size, kind } = kindAndSize(real);
    // The kind is known before the file is opened, because opening a pipe waits for its other end.
    if (kind !== 'file') return { ok: false, why: 'unreadable', detail: unread.notAFile(kind) };
    if (size > limit) return { ok: false, why: 'too-large', detail: unread.tooLarge(size, limit) };
    return { ok: true, bytes: readFileSync(real) };
  } catch (cause) {
    return unreadable(cause);
  }
}

function kindAndSize(real: string): { kind: 'file' | 'folder' | 'device'; size: number } {
  const stat = statSync(real);
  const kind = stat.isFile() ? 'file' : stat.isDirectory() ? 'folder' : 'device';
  return { kind, size: stat.size };
}

function unreadable(cause: unknown): ReadResult {
  const code = codeOf(cause);
  if (code === 'ENOENT' || code === 'ENOTDIR') return { ok: false, why: 'missing', detail: unread.missing() };
  const detail = code === 'EACCES' || code === 'EPERM' ? unread.denied() : messageOf(cause);
  return { ok: false, why: 'unreadable', detail };
}

/** Why a path may not be read, or nothing. On Windows and macOS `.GIT` is the folder `.git`. */
function refusalOf(root: string, path: string): string | undefined {
  const below = relative(root, path);
  if (below === '..' || below.startsWith(`..${sep}`) || isAbsolute(below)) return unread.outside();
  return below.split(sep).some((part) => part.toLowerCase() === '.git') ? unread.inGit() : undefined;
}

async function find(root: string, patterns: readonly string[]): ReturnType<Workspace['find']> {
  const files = new Set<string>();
  const missing: string[] = [];
  const globs: string[] = [];
  for (const path of patterns) {
    // If a file `fleet[1].yaml` exists, the pattern is its name and not a glob. A path outside is refused, with the reason,
    // when it is read.
    if (refusalOf(root, resolve(root, path)) !== undefined && !isGlob(path)) files.add(path);
    else if (existsSync(resolve(root, path))) files.add(path);
    else if (!isGlob(path) || path.startsWith('../')) missing.push(path);
    else if (!path.includes('\0') && path.length <= longestGlob) globs.push(path);
  }
  if (globs.length > 0) {
    // Loaded here only, because loading it takes longer than the rest of a small run.
    const { glob } = await import('tinyglobby');
    const ignore = ['**/.git/**', '**/node_modules/**'];
    // A link counts as a file here. Its target is checked when it is read.
    const found = await glob(globs, { cwd: root, ignore, expandDirectories: false, followSymbolicLinks: true });
    for (const file of found) files.add(file);
  }
  return { files: [...files].sort(), missing };
}

/** No path is as long. The library throws at a longer glob and at a NUL, which no path has either. */
const longestGlob = 4096;

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

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
}
