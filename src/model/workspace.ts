/** The result of reading a file. This product refuses `outside` and `too-large`; the file system gives the others. */
export type ReadResult =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly why: Unread; readonly detail: string };

export type Unread = 'missing' | 'outside' | 'too-large' | 'unreadable';

/** The bound that ended a search before it had seen everything. `stars`: a pattern has more wildcards than this and is not looked for. */
export interface SearchBound {
  readonly most: number;
  readonly of: 'files' | 'folders' | 'seconds' | 'stars';
}

/** What a search has found. Paths are relative to the root, with `/`. */
export interface Found {
  /** Sorted. */
  readonly files: readonly string[];
  /** The plain paths (without glob characters) that do not exist. */
  readonly missing: readonly string[];
  /** Folders that a pattern reaches and that are not searched: links that lead out of the root or into `.git`. */
  readonly linksOut?: readonly string[];
  /** If present, there may be more files. */
  readonly bound?: SearchBound;
}

/**
 * The files that a manifest may name: inside one root after resolving links, and never in `.git`.
 * All paths are relative to the root, with `/`.
 */
export interface Workspace {
  /** Absolute path of the root. */
  readonly root: string;
  /** Reads a file of at most `limit` bytes. */
  read(path: string, limit: number): ReadResult;
  /** Finds the files that match the patterns. */
  find(patterns: readonly string[]): Promise<Found>;
  /** Normalises a path or glob to the form that git and `find` use: relative to the root, without `.` or superfluous `..` parts. */
  spelled(pattern: string): string;
  /**
   * Lists the files below the folders that have one of the extensions (with dot, lower case) or whose name is wanted, sorted,
   * without `.git` and `node_modules`. Links are not followed.
   */
  filesBelow(
    folders: readonly string[],
    wanted: readonly string[] | ((name: string) => boolean),
  ): Pick<Found, 'files' | 'bound'>;
  /** Returns the paths that git ignores; none if there is no git. */
  ignored(paths: readonly string[]): Promise<ReadonlySet<string>>;
}
