/** One version of a file: the path it had, and the name of its contents in git. */
export interface FileVersion {
  readonly path: string;
  readonly blob: string;
  /** The states of the branch in which the file was so, counted from its first commit: from this one on, up to that one, not included. */
  readonly from: number;
  readonly until: number;
}

/** The past of the default branch, each state that it once had. */
export interface History {
  /**
   * Every version of the files at these paths and globs (relative to the workspace), each once, that of the head included;
   * where a file was renamed, also of what it was called before; for a link, of what it leads to. Throws a `Fault` where the past is cut off.
   */
  versionsOf(patterns: readonly string[]): Promise<readonly FileVersion[]>;
  /** What stands in them, in the same order. */
  read(versions: readonly FileVersion[]): Promise<readonly Buffer[]>;
}
