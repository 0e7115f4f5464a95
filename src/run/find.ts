import { isGitFolder } from '../model/git-folder.ts';
import type { Found } from '../model/workspace.ts';

/** One entry of a folder. */
export type Entry =
  | { readonly name: string; readonly kind: 'file' | 'link-out' }
  /** `real`: where a link leads to, relative to the root. Absent if it is the folder itself. */
  | { readonly name: string; readonly kind: 'folder'; readonly real?: string };

/** The files in which patterns are looked for. Paths are relative to the root, with `/`; the root is the empty path. */
export interface Searchable {
  /** Tells whether a path may not be read. */
  isRefused(path: string): boolean;
  /** Tells whether there is a file or a folder at this path. */
  exists(path: string): boolean;
  /** Lists a folder. The path holds no link. */
  entries(folder: string): readonly Entry[];
}

/** How much one search looks at, so that no repository can make it run for ever. */
export interface Bounds {
  readonly folders: number;
  readonly files: number;
  readonly seconds: number;
}

export const usualBounds: Bounds = { folders: 200_000, files: 2_000_000, seconds: 60 };

/**
 * Finds the files that match the patterns. Links to folders are followed inside the root alone.
 * @param patterns relative to the root and normalised
 */
export async function findIn(
  searched: Searchable,
  patterns: readonly string[],
  bounds: Bounds = usualBounds,
): Promise<Found> {
  const files = new Set<string>();
  const missing: string[] = [];
  const globs: string[] = [];
  for (const path of patterns) {
    // If a file `fleet[1].yaml` exists, the pattern is its name and not a glob. A path outside is refused, with the reason,
    // when it is read.
    // Nothing outside is touched before: for a path of Windows such as `//host/share/*.pem`, the system would sign in to that host.
    const isRefused = searched.isRefused(path);
    if (isRefused && !isGlob(path)) files.add(path);
    else if (!isRefused && searched.exists(path)) files.add(path);
    else if (!isGlob(path) || path.startsWith('../')) missing.push(path);
    else if (!path.includes('\0') && path.length <= longestGlob) globs.push(path);
  }
  if (globs.length === 0) return { files: [...files].sort(), missing };
  if (globs.some(takesTooLong)) return { files: [...files].sort(), missing, bound: { most: mostStars, of: 'stars' } };
  const walked = walk(searched, await readGlobs(globs), bounds);
  for (const file of walked.files) files.add(file);
  const { linksOut, bound } = walked;
  return {
    files: [...files].sort(),
    missing,
    ...(linksOut.length === 0 ? {} : { linksOut }),
    ...(bound === undefined ? {} : { bound }),
  };
}

/** No path is as long, and no path has a NUL. The library throws at a longer glob. */
const longestGlob = 4096;

/** A library makes a regular expression of a glob. With four stars it may take ten seconds for one long name. */
const mostStars = 3;

/** Tells whether a part of a path has many stars, the path has many `**`, or a part that repeats has a star: `*(a*)`. */
function takesTooLong(glob: string): boolean {
  const parts = glob.split('/');
  const stars = parts.map((part) => (part === '**' ? 0 : part.split('*').length - 1));
  const deep = parts.filter((part) => part === '**').length;
  return Math.max(deep, ...stars) > mostStars || /[*+]\([^)]*[*+]/.test(glob);
}

function isGlob(path: string): boolean {
  return /[*?[\]{}]|[!+@]\(|^!/.test(path);
}

interface Globs {
  readonly matches: (path: string) => boolean;
  /** Tells whether a folder may hold matches, itself or below. */
  readonly reaches: (folder: string) => boolean;
}

async function readGlobs(globs: readonly string[]): Promise<Globs> {
  // Loaded here only, because few runs have globs.
  const { default: picomatch } = await import('picomatch');
  const isException = (glob: string) => glob.startsWith('!') && glob[1] !== '(';
  const wanted = globs.filter((glob) => !isException(glob));
  const matchesAny = picomatch(wanted, { posix: true });
  const excepted = picomatch(
    globs.filter(isException).map((glob) => glob.slice(1)),
    { posix: true },
  );
  const ways = wanted.map((glob) => ({
    start: picomatch
      .scan(glob)
      .base.split('/')
      .filter((segment) => segment !== ''),
    depth: glob.includes('**') ? Number.POSITIVE_INFINITY : glob.split('/').length - 1,
    hidden: /(^|[^\w*?)\]}.-])\.|!\(/.test(glob),
  }));
  return {
    matches: (path) => matchesAny(path) && !excepted(path),
    reaches: (folder) => {
      const segments = folder.split('/');
      const isExcepted = excepted(folder);
      return ways.some(({ start, depth, hidden }) => {
        if (segments.length > depth || (!hidden && segments.some((segment) => segment.startsWith('.')))) return false;
        // An exception for a folder leaves out what is in it, but not a folder that the glob itself names.
        if (isExcepted && segments.length > start.length) return false;
        return start.every((name, index) => index >= segments.length || segments[index] === name);
      });
    },
  };
}

const isLeftOut = (name: string) => isGitFolder(name) || name.toLowerCase() === 'node_modules';

/** A folder as the walk came to it. `above` are the folders on the way, so that a circle of links ends. */
interface Folder {
  readonly path: string;
  readonly real: string;
  readonly above: Folder | undefined;
}

function walk(searched: Searchable, { matches, reaches }: Globs, bounds: Bounds) {
  const files: string[] = [];
  const linksOut: string[] = [];
  const deadline = process.uptime() + bounds.seconds;
  let folders = 0;
  let seen = 0;
  const ended = (of: keyof Bounds) => ({ files, linksOut: linksOut.sort(), bound: { most: bounds[of], of } });
  const waiting: Folder[] = [{ path: '', real: '', above: undefined }];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    folders += 1;
    if (folders > bounds.folders) return ended('folders');
    if (process.uptime() > deadline) return ended('seconds');
    for (const entry of searched.entries(folder.real)) {
      seen += 1;
      if (seen > bounds.files) return ended('files');
      if (process.uptime() > deadline) return ended('seconds');
      const path = below(folder.path, entry.name);
      if (entry.kind === 'file') {
        if (matches(path)) files.push(path);
        continue;
      }
      if (isLeftOut(entry.name) || !reaches(path)) continue;
      if (entry.kind === 'link-out') linksOut.push(path);
      if (entry.kind === 'folder') {
        const real = entry.real ?? below(folder.real, entry.name);
        if (!isOnTheWay(real, folder)) waiting.push({ path, real, above: folder });
      }
    }
  }
  return { files, linksOut: linksOut.sort(), bound: undefined };
}

function isOnTheWay(real: string, folder: Folder): boolean {
  for (let one: Folder | undefined = folder; one !== undefined; one = one.above) if (one.real === real) return true;
  return false;
}

function below(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}
