/** What reading a file of the workspace gives. `outside` and `too-large` are refusals of ours, the others of the file system. */
export type ReadResult =
  | { readonly ok: true; readonly bytes: Buffer }
  | { readonly ok: false; readonly why: 'missing' | 'outside' | 'too-large' | 'unreadable'; readonly detail: string };

/**
 * The only files a manifest may name: inside one root, links resolved, never in `.git`.
 * All paths are relative to the root, with `/`.
 */
export interface Workspace {
  /** Absolute path of the root. */
  readonly root: string;
  /** Reads a file of at most `limit` bytes. */
  read(path: string, limit: number): ReadResult;
  /** The files that match globs, sorted; a pattern without magic characters that matches nothing is given back in `missing`. */
  find(
    patterns: readonly string[],
  ): Promise<{ readonly files: readonly string[]; readonly missing: readonly string[] }>;
  /** A path or glob in the one spelling that git and `find` have: relative to the root, with nothing in it that leads nowhere. */
  spelled(pattern: string): string;
  /** Files below the folders with one of the extensions (with dot, lower case), sorted; `.git` and `node_modules` left out. */
  filesBelow(folders: readonly string[], extensions: readonly string[]): readonly string[];
  /** Those of the paths that git ignores; none where there is no git. */
  ignored(paths: readonly string[]): Promise<ReadonlySet<string>>;
}
